import {
  type JsonRow,
  type RouterOs,
  RouterOsError,
  type RouterOsState,
  type Script,
  text,
} from '../routeros/index.ts';
import { RdsError, type RdsErrorCode, REFUSALS } from './errors.ts';
import { type ExpectedPool, judge, type ProbeReport } from './probe.ts';
import type { Publication } from './publication.ts';
import type { SnapshotRef, VolumeRef } from './refs.ts';
import {
  decodeLostItems,
  decodeObject,
  decodePage,
  decodeSpace,
  type ListedPage,
  type LostItems,
  type ObjectState,
  type PoolSpace,
} from './rows.ts';
import { poolSpace, probeBox } from './scripts/box.ts';
import { type CreateVolume, createVolume } from './scripts/create-volume.ts';
import { discardEmptySubvolume, discardLostItem } from './scripts/half-made.ts';
import { listSnapshots, listVolumes, snapshotNames, volumeNames } from './scripts/lists.ts';
import { listLostItems } from './scripts/lost-items.ts';
import { publishVolume, unpublishVolume } from './scripts/publication.ts';
import { createSnapshot, deleteSnapshot, discardTwin, readSnapshot } from './scripts/snapshots.ts';
import { deleteVolume, discardVolume, expandVolume, type Incomplete, readVolume } from './scripts/volume.ts';

/** The caller's patience: see RunOptions of the conversation. */
export interface RdsCall {
  readonly signal: AbortSignal;
  readonly deadline?: number;
}

export interface RdsSettings {
  readonly pools: readonly ExpectedPool[];
  readonly owners: readonly string[];
  /** Bytes that must stay free in each pool. */
  readonly reserveBytes: bigint;
  /** What a pool may promise, in percent of its size; undefined for no limit. */
  readonly ratioPercent?: bigint | undefined;
  /** TCP port of the NVMe target. */
  readonly port: number;
}

export interface PageOf {
  readonly pool: ExpectedPool;
  readonly after: bigint;
  readonly limit: number;
}

/**
 * One box in RouterOS words. Each method is one script in one exec on the happy path, may be repeated at any time, and
 * reports the state that it read back; deciding what the state means is the caller's. Throws nothing but RdsError.
 */
export class Rds {
  readonly settings: RdsSettings;
  readonly #routerOs: RouterOs;

  constructor(routerOs: RouterOs, settings: RdsSettings) {
    this.#routerOs = routerOs;
    this.settings = settings;
  }

  /** From memory; never touches the network. */
  state(): RouterOsState {
    return this.#routerOs.state();
  }

  async close(): Promise<void> {
    await this.#routerOs.close();
  }

  /** Reads what the start-up judges: version, package, pools. */
  async probe(call: RdsCall): Promise<ProbeReport> {
    return judge(await this.#run('read', probeBox(this.settings.pools), call), this.settings.pools);
  }

  /**
   * Space of the mounted pools, by label.
   *
   * @param withPromises Also what they have promised, which takes a look at every volume; by default where it is limited.
   */
  async space(
    pools: readonly ExpectedPool[],
    call: RdsCall,
    withPromises: boolean = this.settings.ratioPercent !== undefined,
  ): Promise<ReadonlyMap<string, PoolSpace>> {
    const rows = await this.#run('read', poolSpace(pools, withPromises), call);
    return new Map(rows.map((row) => [text(row, 'fs-label'), decodeSpace(row)]));
  }

  async createVolume(
    request: Omit<CreateVolume, 'reserveBytes' | 'ratioPercent' | 'pools'>,
    call: RdsCall,
  ): Promise<ObjectState> {
    return decodeObject(await this.#run('write', createVolume({ ...this.settings, ...request }), call));
  }

  async readVolume(volume: VolumeRef, call: RdsCall): Promise<ObjectState> {
    return decodeObject(await this.#run('read', readVolume({ pools: this.settings.pools, volume }), call));
  }

  async expandVolume(volume: VolumeRef, size: bigint, call: RdsCall): Promise<ObjectState> {
    const script = expandVolume({ ...this.settings, volume }, size, this.settings);
    return decodeObject(await this.#run('write', script, call));
  }

  /** @param allowHost Host NQN for the export's allow-list; undefined leaves it alone. */
  async publishVolume(
    volume: VolumeRef,
    publication: Publication,
    allowHost: string | undefined,
    call: RdsCall,
  ): Promise<ObjectState> {
    const { port } = this.settings;
    const options = { publication, port, ...(allowHost === undefined ? {} : { allowHost }) };
    return decodeObject(await this.#run('write', publishVolume({ ...this.settings, volume }, options), call));
  }

  /** @param hostId The node's host id; undefined unpublishes from every node. */
  async unpublishVolume(volume: VolumeRef, hostId: string | undefined, call: RdsCall): Promise<ObjectState> {
    return decodeObject(await this.#run('write', unpublishVolume({ ...this.settings, volume }, hostId), call));
  }

  async deleteVolume(volume: VolumeRef, call: RdsCall): Promise<ObjectState> {
    return decodeObject(await this.#run('write', deleteVolume({ ...this.settings, volume }), call));
  }

  /**
   * Takes a volume back that could not be completed: the subvolume of that very name, and its disk item when the image
   * is smaller than `bytes`. One that is complete, published or under another name is left alone.
   */
  async discardVolume(volume: VolumeRef, name: string, limits: Incomplete, call: RdsCall): Promise<ObjectState> {
    const script = discardVolume({ pools: this.settings.pools, volume }, name, limits);
    return decodeObject(await this.#run('write', script, call));
  }

  /** Removes what an interrupted call left of a volume; one that holds or could hold data is left alone. */
  async discardHalfMade(volume: VolumeRef, call: RdsCall): Promise<ObjectState> {
    const target = { ...this.settings, volume };
    const left = decodeObject(await this.#run('write', discardEmptySubvolume(target), call));
    if (left.disk === undefined || left.subvolumes.length > 0) return left;
    return decodeObject(await this.#run('write', discardLostItem(target), call));
  }

  /** @param maxSnapshots Snapshots that the source may have; undefined for no limit. */
  async createSnapshot(
    snapshot: SnapshotRef,
    source: VolumeRef,
    namePrefix: string,
    maxSnapshots: number | undefined,
    call: RdsCall,
  ): Promise<ObjectState> {
    const script = createSnapshot({ ...this.settings, snapshot, source, namePrefix, maxSnapshots });
    return decodeObject(await this.#run('write', script, call));
  }

  async readSnapshot(snapshot: SnapshotRef, call: RdsCall): Promise<ObjectState> {
    return decodeObject(await this.#run('read', readSnapshot(this.settings.pools, snapshot), call));
  }

  async deleteSnapshot(snapshot: SnapshotRef, call: RdsCall): Promise<ObjectState> {
    const { pools, owners } = this.settings;
    return decodeObject(await this.#run('write', deleteSnapshot(pools, owners, snapshot), call));
  }

  /** Removes the subvolume of that very name if it is not the object that its id stands for. */
  async discardTwin(ref: VolumeRef | SnapshotRef, name: string, call: RdsCall): Promise<void> {
    await this.#run('write', discardTwin(this.settings.pools, ref.prefix, name), call);
  }

  async listVolumes(page: PageOf, call: RdsCall): Promise<ListedPage> {
    const script = listVolumes({ ...page, names: volumeNames(this.settings.owners) });
    return decodePage(await this.#run('read', script, call));
  }

  async listSnapshots(page: PageOf, sourceUuid: string | undefined, call: RdsCall): Promise<ListedPage> {
    const script = listSnapshots({ ...page, names: snapshotNames(this.settings.owners, sourceUuid) });
    return decodePage(await this.#run('read', script, call));
  }

  /**
   * Disk items of our volumes whose subvolume is gone.
   *
   * @param digits Only slots that begin with these hex digits behind `pvc-`.
   */
  async lostItems(digits: string, limit: number, call: RdsCall): Promise<LostItems> {
    const { pools, owners } = this.settings;
    return decodeLostItems(await this.#run('read', listLostItems({ pools, owners, digits, limit }), call));
  }

  async #run(kind: 'read' | 'write', script: Script, call: RdsCall): Promise<readonly JsonRow[]> {
    try {
      return await this.#routerOs.run(script, { kind, ...call });
    } catch (error) {
      throw translate(error);
    }
  }
}

const KIND_CODES: Readonly<Record<Exclude<RouterOsError['kind'], 'refused'>, RdsErrorCode>> = {
  failed: 'failed',
  rejected: 'unsupported',
  unreachable: 'unreachable',
  unknown: 'unknown',
  cancelled: 'cancelled',
};

/** The trace that `:error` adds to its text, once for every time that a script passed the error on. */
const TRACE = / ?\(:error; line \d+\)/g;

function translate(error: unknown): unknown {
  if (!(error instanceof RouterOsError)) {
    return error;
  }
  const { mayStillRun } = error;
  if (error.kind !== 'refused') {
    return new RdsError(KIND_CODES[error.kind], error.detail, { cause: error, mayStillRun });
  }
  const words = `${error.code} ${error.detail}`.replaceAll(TRACE, '').trim().split(' ');
  const made = words[0] === 'RC-MADE';
  const [code = '', ...detail] = made ? words.slice(1) : words;
  return isRefusal(code)
    ? new RdsError(code, detail.join(' '), { cause: error, made, mayStillRun })
    : new RdsError('failed', [code, ...detail].join(' '), { cause: error, made, mayStillRun });
}

function isRefusal(code: string): code is keyof typeof REFUSALS {
  return Object.hasOwn(REFUSALS, code);
}
