import { openBackends as connect } from '../../app/backends.ts';
import { readingReplicators } from '../../app/replicators.ts';
import type { Config } from '../../config/schema.ts';
import { volumeParameters } from '../../csi/parameters.ts';
import { askedOnce, sentenceOf } from '../../failures/message.ts';
import { createLogger } from '../../observability/log.ts';
import { parseSnapshotName } from '../../rds/index.ts';
import type { RetryPolicy } from '../../routeros/index.ts';
import { type Call, callWithin } from '../../storage/call.ts';
import { StorageError } from '../../storage/errors.ts';
import { type Identity, identity, nodeIdOf } from '../../storage/ids.ts';
import { scarcity } from '../../storage/pool-reading.ts';
import { StorageService } from '../../storage/service.ts';
import type { BackendStatus, Device, DeviceView, PoolStatus } from '../cluster-state.ts';
import type { BackendReader } from '../gather.ts';

/** The backends of a configuration, which are only read. */
export interface OpenedBackends extends BackendReader {
  close(): Promise<void>;
}

/** One repeat: someone waits for the answer, and an RDS that cannot be reached is an answer, too. */
function patienceOf(limitMs: number): RetryPolicy {
  return {
    rules: [{ kinds: ['unreachable', 'unknown'], retries: 1, firstPauseMs: 500, maxPauseMs: 500 }],
    budgetMs: limitMs,
  };
}

/** @param limitMs how long each question to an RDS may take, in ms. */
export function openBackends(config: Config, limitMs: number): OpenedBackends {
  const ours = identity(config.driverName, config.clusterId, config.adoptedClusterIds);
  const logger = createLogger('fatal');
  const backends = connect(config.backends, {
    owners: ours.owners,
    logger,
    patience: { retryPolicy: patienceOf(limitMs) },
  });
  const storage = new StorageService({
    backends,
    identity: ours,
    replicators: readingReplicators(config.backends, backends),
  });
  const names = backends.map(({ name }) => name);
  const ask = new Questions(storage, config, ours, limitMs);
  // Its fitness first: an RDS that does not answer is not asked again.
  const seen = async (backend: string, id: string, pool: string | undefined, look: () => Promise<Device>) => {
    const status = await ask.status(backend, pool);
    const device = 'because' in status ? { is: 'unseen' as const, id, ...status } : await ask.attempt(id, look);
    return { backends: names, device, status: 'because' in status ? undefined : status };
  };
  const view = async (id: string, look: (id: string) => Promise<Device>): Promise<DeviceView> => {
    const backend = id.slice(0, Math.max(0, id.indexOf(':')));
    const found: DeviceView = names.includes(backend)
      ? await seen(backend, id, undefined, () => look(id))
      : { backends: names, device: { is: 'unconfigured', id, backend }, status: undefined };
    if (found.device.is !== 'absent' && found.device.is !== 'unconfigured') return found;
    const others = backend === '' ? [] : names.filter((name) => name !== backend);
    const ids = others.map((name) => `${name}${id.slice(backend.length)}`);
    return { ...found, device: { ...found.device, elsewhere: await ask.which(ids, look) } };
  };
  return {
    backends: names,
    volume: (handle, nodeNames) => view(handle, (id) => ask.volume(id, nodeNames)),
    snapshot: (handle) => view(handle, (id) => ask.snapshot(id)),
    async forNew(parameters) {
      const { backend: wanted, pool } = parameters;
      const refusal = refusalOf(parameters, config);
      if (refusal !== undefined) {
        return { backends: names, device: { is: 'none' }, status: undefined, refusal };
      }
      const [name, second] = wanted === undefined ? names : names.filter((one) => one === wanted);
      if (name === undefined || second !== undefined) {
        return { backends: names, device: { is: 'none' }, status: undefined };
      }
      return await seen(name, name, pool, async () => ({ is: 'none' }));
    },
    close: () => storage.close(),
  };
}

/** What CreateVolume says of the parameters of a class, before it looks for an RDS. */
function refusalOf(parameters: Readonly<Record<string, string>>, { backends }: Config): string | undefined {
  try {
    const { backend, pool } = volumeParameters(parameters);
    const fitting = backend === undefined ? backends : backends.filter(({ name }) => name === backend);
    if (fitting.length === 0)
      return unconfigured(
        'backend',
        backend,
        backends.map(({ name }) => name),
      );
    const pools = fitting.flatMap((one) => one.pools.map(({ label }) => label));
    return pool === undefined || pools.includes(pool) ? undefined : unconfigured('pool', pool, pools);
  } catch (error) {
    return messageOf(error);
  }
}

function unconfigured(what: string, name: string | undefined, known: readonly string[]): string {
  const detail = `parameters.${what} of the StorageClass is ${name}, which is not configured; configured: ${known.join(', ')}`;
  return new StorageError('DRV-INVALID', '', detail).message;
}

/** What is asked of one RDS; nothing but reading. */
class Questions {
  readonly #storage: StorageService;
  readonly #config: Config;
  readonly #ours: Identity;
  readonly #limitMs: number;

  constructor(storage: StorageService, config: Config, ours: Identity, limitMs: number) {
    this.#storage = storage;
    this.#config = config;
    this.#ours = ours;
    this.#limitMs = limitMs;
  }

  /** Absence is what an intact answer said; everything else that goes wrong is that the RDS was not seen. */
  async attempt(id: string, look: () => Promise<Device>): Promise<Device> {
    try {
      return await look();
    } catch (error) {
      if (error instanceof StorageError && error.kind === 'notFound') return { is: 'absent', id };
      return { is: 'unseen', id, because: messageOf(error) };
    }
  }

  /** Those of the ids that were seen on their backends. */
  async which(ids: readonly string[], look: (id: string) => Promise<Device>): Promise<string[]> {
    const devices = await Promise.all(ids.map((id) => this.attempt(id, () => look(id))));
    return devices.flatMap((device) => (device.is === 'volume' || device.is === 'snapshot' ? [device.id] : []));
  }

  async volume(id: string, nodeNames: readonly string[]): Promise<Device> {
    const { recordedNodeIds, ...volume } = await this.#storage.inspectVolume(id, this.#call());
    const names = new Map(nodeNames.map((name) => [nodeIdOf(this.#config.clusterId, name), name]));
    const nodes = recordedNodeIds.map((nodeId) => names.get(nodeId) ?? nodeId);
    return { is: 'volume', id, ...volume, ownedBy: this.#ownerOf(volume.owner), nodes };
  }

  async snapshot(id: string): Promise<Device> {
    const { place, sizeBytes, sourceVolumeId, createdAtSeconds } = await this.#storage.snapshots.get(id, this.#call());
    const owner = parseSnapshotName(place.subvolume)?.owner ?? '';
    return {
      is: 'snapshot',
      id,
      pool: place.pool,
      owner,
      ownedBy: this.#ownerOf(owner),
      bytes: sizeBytes,
      source: sourceVolumeId,
      takenAt: Number(createdAtSeconds) * 1000,
    };
  }

  /** Why not, when the RDS does not answer. */
  async status(backend: string, pool?: string): Promise<BackendStatus | { readonly because: string }> {
    try {
      const { problems } = await this.#storage.prove(backend, this.#call());
      const where = { backend, ...(pool !== undefined && { pool }) };
      // A pool that is not there has no free space to ask for.
      const freeBytes = problems.length > 0 ? 0n : await this.#storage.capacity(where, this.#call());
      const pools = problems.length > 0 ? [] : await this.#storage.pools(backend, this.#call());
      const said = problems.map(({ code, found }) => `${sentenceOf(code, found)} [${code}]`);
      const states = pools.map((reading): [string, PoolStatus] => [
        reading.pool,
        { conditions: reading.health.conditions, freeBytes: reading.free, scarcity: scarcity(backend, reading) },
      ]);
      return { backend, problems: said, freeBytes, pools: new Map(states) };
    } catch (error) {
      return { because: messageOf(error) };
    }
  }

  #ownerOf(owner: string): string | undefined {
    if (owner === this.#ours.owner) return 'this cluster';
    return this.#ours.owners.includes(owner) ? 'an adopted cluster' : undefined;
  }

  #call(): Call {
    return callWithin(this.#limitMs);
  }
}

function messageOf(error: unknown): string {
  return askedOnce(error instanceof Error ? error.message : String(error));
}
