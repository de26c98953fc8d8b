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
  return { read: (reading) => watch.read(reading?.volumes) };
}

interface Found {
  readonly id: string;
  readonly condition: Condition;
}

/** A volume that Kubernetes has otherwise than the list of its RDS. */
interface Suspect {
  readonly id: string;
  /** Bytes that it should have. */
  readonly wanted: bigint;
}

interface Looked extends Pick<Suspect, 'wanted'> {
  /** Undefined when it could not be seen. */
  readonly conditions: readonly Condition[] | undefined;
}

class VolumeWatch {
  readonly #backend: string;
  readonly #options: VolumeWatchOptions;
  /** What was found of those that were looked for one by one, the longest ago first. */
  readonly #looked = new Map<string, Looked>();
  #last: readonly HeldVolume[] | undefined;
  #isAsking = false;

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
    const found = volumes.flatMap(({ id, conditions }) => conditions.map((condition) => ({ id, condition })));
    const { reports, logger, signal } = this.#options;
    if (reports === undefined) {
      this.#tell(found, false);
      return;
    }
    if (this.#isAsking) return;
    this.#isAsking = true;
    this.#compare(volumes, found, reports)
      .catch((error: unknown) => {
        // What Kubernetes knows is unknown then; what the RDS says is not.
        if (!signal.aborted)
          logger.warn({ backend: this.#backend, err: error }, 'volumes were not compared with Kubernetes');
        this.#tell(found, false);
      })
      .finally(() => {
        this.#isAsking = false;
      });
  }

  /** What no claim has, such as the rest of a call that was given up, is left to the orphan report. */
  async #compare(volumes: readonly HeldVolume[], found: readonly Found[], reports: VolumeReports): Promise<void> {
    const call = callWithin(LIMIT_MS, this.#options.signal);
    const held = new Map(volumes.map((volume) => [volume.id, volume]));
    const { items } = await reports.cluster.persistentVolumes(call.signal);
    const claimed = items
      .filter((volume) => this.#isOurs(volume, reports.driver))
      .map(({ spec: { csi, capacity } }) => ({
        id: csi?.volumeHandle ?? '',
        wanted: parseQuantity(capacity?.storage) ?? 0n,
      }));
    const suspects = claimed.filter(({ id, wanted }) => {
      const volume = held.get(id);
      const isSuspect = volume === undefined || smaller(volume.bytes, wanted).length > 0;
      const looked = this.#looked.get(id);
      return isSuspect && !(looked?.conditions?.length === 0 && looked.wanted >= wanted);
    });
    await this.#lookAt(suspects, call);
    const more = suspects.flatMap(({ id }) =>
      (this.#looked.get(id)?.conditions ?? []).map((condition) => ({ id, condition })),
    );
    const ids = new Set(claimed.map(({ id }) => id));
    const seen = found.filter(({ id }) => ids.has(id));
    const isNew = ({ id, condition }: Found) =>
      !seen.some((one) => one.id === id && one.condition.code === condition.code);
    this.#tell(
      [...seen, ...more.filter(isNew)],
      suspects.every(({ id }) => this.#looked.get(id)?.conditions !== undefined),
    );
  }

  /** Those first that were looked at longest ago, or never, so that each has its turn. What cannot be seen stops no other. */
  async #lookAt(suspects: readonly Suspect[], call: Call): Promise<void> {
    const suspected = new Set(suspects.map(({ id }) => id));
    for (const [id, { conditions }] of this.#looked) {
      if (conditions?.length !== 0 && !suspected.has(id)) this.#looked.delete(id);
    }
    const turns = new Map([...this.#looked.keys()].map((id, turn) => [id, turn]));
    const turnOf = ({ id }: Suspect) => turns.get(id) ?? -1;
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

  /** @param isCompared whether every volume that Kubernetes knows was looked for */
  #tell(found: readonly Found[], isCompared: boolean): void {
    const { metrics, reports } = this.#options;
    for (const condition of CODES) {
      const count = found.filter((one) => one.condition.code === condition).length;
      const isKnown = condition !== 'VolumeMissing' || isCompared || count > 0;
      if (isKnown) metrics.set('volumeConditions', this.#labels(condition), count);
      else metrics.forget('volumeConditions', this.#labels(condition));
    }
    for (const { id, condition } of found) reports?.report(id, condition);
  }

  #labels(condition: ConditionCode) {
    return { backend: this.#backend, condition };
  }
}
