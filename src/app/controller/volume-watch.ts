import type { Logger } from 'pino';
import { type Condition, type ConditionCode, codesOf } from '../../failures/conditions.ts';
import type { Cluster } from '../../kubernetes/cluster.ts';
import type { Volume } from '../../kubernetes/kinds.ts';
import { parseQuantity } from '../../kubernetes/quantity.ts';
import type { Metrics } from '../../observability/metrics.ts';
import type { Backend } from '../../storage/backend.ts';
import { type Call, callWithin } from '../../storage/call.ts';
import { StorageError } from '../../storage/errors.ts';
import { parseHandle } from '../../storage/ids.ts';
import type { StorageService } from '../../storage/service.ts';
import { smaller } from '../../storage/volume-conditions.ts';
import type { HeldVolume } from '../../storage/volume-health.ts';
import type { BackendListener } from './backend-poller.ts';

const CODES = codesOf({ about: 'volume', seenBy: 'controller' });
/** Those that the list of PersistentVolumes shows, the second one beside what the RDS says itself. */
const BY_COMPARISON: readonly ConditionCode[] = ['VolumeMissing', 'ImageSmaller'];
/** Volumes that only Kubernetes knows of are looked for one by one, so many with each reading. */
const MAX_LOOKS = 20;
/** How long that may take in all, in ms. */
const LIMIT_MS = 60_000;

/** What Kubernetes knows of volumes, and where they are reported to it. */
export interface VolumeReports {
  readonly cluster: Pick<Cluster, 'persistentVolumes'>;
  /** Name of the CSI driver. */
  readonly driver: string;
  /** Reports to the claim of a volume. Returns at once and never throws. */
  report(volumeId: string, condition: Condition): void;
}

export interface VolumeWatchOptions {
  readonly storage: Pick<StorageService, 'inspectVolume'>;
  readonly metrics: Metrics;
  /** Undefined outside of a cluster, and without Events. */
  readonly reports: VolumeReports | undefined;
  readonly logger: Logger;
  readonly signal: AbortSignal;
}

/** Reports volumes that are not well: by metrics, and where there is Kubernetes, by Events, also of those that are gone. */
export function watchVolumes(backend: Backend, options: VolumeWatchOptions): BackendListener {
  const watch = new VolumeWatch(backend.name, options);
  return { read: (reading) => watch.read(reading?.volumes), doubtsVolumes: () => watch.doubts };
}

interface Found {
  readonly id: string;
  readonly condition: Condition;
}

/** A volume that a claim has. */
interface Claimed {
  readonly id: string;
  /** Bytes that it should have. */
  readonly wanted: bigint;
}

interface Looked extends Pick<Claimed, 'wanted'> {
  /** Undefined when it could not be seen. */
  readonly conditions: readonly Condition[] | undefined;
}

/** What is known of some volumes. */
interface Verdict {
  readonly found: readonly Found[];
  /** Of which conditions none was found, and one may be so all the same. */
  readonly unknown: ReadonlySet<ConditionCode>;
}

class VolumeWatch {
  readonly #backend: string;
  readonly #options: VolumeWatchOptions;
  /** What was found of those that were looked for one by one, the longest ago first. */
  readonly #looked = new Map<string, Looked>();
  #last: readonly HeldVolume[] | undefined;
  /** The volumes that were compared last. */
  #compared: readonly HeldVolume[] | undefined;
  /** Ids of what claims had when that could last be read. */
  #claimed: ReadonlySet<string> = new Set();
  /** Ids of those that were reported when volumes were compared last. */
  #told: ReadonlySet<string> = new Set();
  #isAsking = false;
  /** Whether what the RDS says of a volume that counts is not well, or not certain. */
  doubts = false;

  constructor(backend: string, options: VolumeWatchOptions) {
    this.#backend = backend;
    this.#options = options;
  }

  read(volumes: readonly HeldVolume[] | undefined): void {
    if (volumes !== this.#last) {
      for (const [id, { conditions }] of this.#looked) if (conditions?.length === 0) this.#looked.delete(id);
    }
    this.#last = volumes;
    if (volumes === undefined) {
      for (const condition of CODES) this.#options.metrics.forget('volumeConditions', this.#labels(condition));
      return;
    }
    const { reports, logger } = this.#options;
    if (reports === undefined) {
      this.doubts = volumes.some(isDoubtful);
      const inDoubt = volumes.flatMap((volume) => volume.inDoubt);
      this.#tell({ found: foundOf(volumes), unknown: new Set<ConditionCode>(['VolumeMissing', ...inDoubt]) });
      return;
    }
    if (this.#isAsking) return;
    this.#isAsking = true;
    this.#compare(volumes, reports)
      .then((verdict) => {
        // The RDS may not have answered meanwhile.
        if (this.#last !== undefined && !this.#options.signal.aborted) this.#tell(verdict);
      })
      .catch((error: unknown) => logger.error({ backend: this.#backend, err: error }, 'volumes were not compared'))
      .finally(() => {
        this.#isAsking = false;
      });
  }

  /** What no claim has, such as the rest of a call that was given up, is left to the orphan report. */
  async #compare(volumes: readonly HeldVolume[], reports: VolumeReports): Promise<Verdict> {
    const call = callWithin(LIMIT_MS, this.#options.signal);
    const claims = await this.#claims(reports, call);
    if (claims !== undefined) this.#claimed = new Set(claims.map(({ id }) => id));
    const ofClaims = volumes.filter(({ id }) => this.#claimed.has(id));
    // What has been claimed since the RDS was looked at may have been in the making then.
    const isBelieved = ({ id }: HeldVolume) => volumes !== this.#compared || this.#told.has(id);
    const seen = foundOf(ofClaims.filter(isBelieved));
    this.#compared = volumes;
    this.#told = new Set(seen.map(({ id }) => id));
    this.doubts = ofClaims.some(isDoubtful);
    const missed = claims === undefined ? undefined : await this.#missed(claims, volumes, call);
    const isNew = ({ id, condition }: Found) =>
      !seen.some((one) => one.id === id && one.condition.code === condition.code);
    // Without the list of claims, any other volume may have one, too.
    const uncertain = claims === undefined ? volumes : ofClaims;
    return {
      found: [...seen, ...(missed?.found ?? []).filter(isNew)],
      unknown: new Set([
        ...uncertain.flatMap(({ conditions, inDoubt }) => [...conditions.map(({ code }) => code), ...inDoubt]),
        ...(missed?.isWhole === true ? [] : BY_COMPARISON),
      ]),
    };
  }

  /** What claims have on this RDS; undefined when that cannot be read. */
  async #claims({ cluster, driver }: VolumeReports, call: Call): Promise<readonly Claimed[] | undefined> {
    try {
      const { items } = await cluster.persistentVolumes(call.signal);
      return items
        .filter((volume) => this.#isOurs(volume, driver))
        .map(({ spec: { csi, capacity } }) => ({
          id: csi?.volumeHandle ?? '',
          wanted: parseQuantity(capacity?.storage) ?? 0n,
        }));
    } catch (error) {
      const { logger, signal } = this.#options;
      if (!signal.aborted)
        logger.warn({ backend: this.#backend, err: error }, 'volumes were not compared with Kubernetes');
      return undefined;
    }
  }

  /** Looks for what Kubernetes has otherwise than the list of its RDS, and says whether all of it was seen. */
  async #missed(claims: readonly Claimed[], volumes: readonly HeldVolume[], call: Call) {
    const held = new Map(volumes.map((volume) => [volume.id, volume]));
    const suspects = claims.filter(({ id, wanted }) => {
      const volume = held.get(id);
      const isSuspect = volume === undefined || smaller(volume.bytes, wanted).length > 0;
      const looked = this.#looked.get(id);
      return isSuspect && !(looked?.conditions?.length === 0 && looked.wanted >= wanted);
    });
    await this.#lookAt(suspects, call);
    const looked = suspects.map(({ id }) => ({ id, conditions: this.#looked.get(id)?.conditions }));
    return {
      found: foundOf(looked.map(({ id, conditions }) => ({ id, conditions: conditions ?? [] }))),
      isWhole: looked.every(({ conditions }) => conditions !== undefined),
    };
  }

  /** Those first that were looked at longest ago, or never, so that each has its turn. What cannot be seen stops no other. */
  async #lookAt(suspects: readonly Claimed[], call: Call): Promise<void> {
    const suspected = new Set(suspects.map(({ id }) => id));
    for (const [id, { conditions }] of this.#looked) {
      if (conditions?.length !== 0 && !suspected.has(id)) this.#looked.delete(id);
    }
    const turns = new Map([...this.#looked.keys()].map((id, turn) => [id, turn]));
    const turnOf = ({ id }: Claimed) => turns.get(id) ?? -1;
    const inTurn = suspects.toSorted((one, other) => turnOf(one) - turnOf(other));
    for (const { id, wanted } of inTurn.slice(0, MAX_LOOKS)) {
      const conditions = await this.#look(id, wanted, call);
      this.#looked.delete(id);
      this.#looked.set(id, { wanted, conditions });
    }
  }

  /** Bound and to stay: of what is being made or deleted a part may be missing. */
  #isOurs({ metadata, spec: { csi }, status }: Volume, driver: string): boolean {
    if (csi?.driver !== driver || status?.phase !== 'Bound' || metadata.deletionTimestamp !== undefined) return false;
    return parseHandle('pvc', csi.volumeHandle)?.backend === this.#backend;
  }

  /** What an intact answer says of a volume now, whoever owns it; undefined where there is none. */
  async #look(id: string, wanted: bigint, call: Call): Promise<Condition[] | undefined> {
    try {
      return smaller((await this.#options.storage.inspectVolume(id, call)).bytes, wanted);
    } catch (error) {
      if (error instanceof StorageError && error.code === 'RC-NOVOL') return [{ code: 'VolumeMissing', detail: '' }];
      const { logger, signal } = this.#options;
      if (!signal.aborted) logger.warn({ backend: this.#backend, volumeId: id, err: error }, 'a volume was not seen');
      return undefined;
    }
  }

  #tell({ found, unknown }: Verdict): void {
    const { metrics, reports } = this.#options;
    for (const condition of CODES) {
      const count = found.filter((one) => one.condition.code === condition).length;
      if (count > 0 || !unknown.has(condition)) metrics.set('volumeConditions', this.#labels(condition), count);
      else metrics.forget('volumeConditions', this.#labels(condition));
    }
    for (const { id, condition } of found) reports?.report(id, condition);
  }

  #labels(condition: ConditionCode) {
    return { backend: this.#backend, condition };
  }
}

function foundOf(volumes: readonly Pick<HeldVolume, 'id' | 'conditions'>[]): Found[] {
  return volumes.flatMap(({ id, conditions }) => conditions.map((condition) => ({ id, condition })));
}

function isDoubtful({ conditions, inDoubt }: HeldVolume): boolean {
  return conditions.length > 0 || inDoubt.length > 0;
}
