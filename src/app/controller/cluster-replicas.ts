import { hostname } from 'node:os';
import type { Logger } from 'pino';
import { printAge } from '../../cli/print-age.ts';
import type { FailureCode } from '../../failures/catalogue.ts';
import { FAILURES } from '../../failures/catalogue.ts';
import { messageOf } from '../../failures/message.ts';
import type { Cluster, ObjectReference } from '../../kubernetes/cluster.ts';
import type { EventRecorder } from '../../kubernetes/event-recorder.ts';
import type { VolumeSnapshotContent } from '../../kubernetes/kinds.ts';
import { Leadership } from '../../kubernetes/leadership.ts';
import { type CopyPlace, missingCopyAnnotations } from '../../orphans/annotations.ts';
import { handlesOf, objectOf, snapshotHandleOf } from '../../orphans/references.ts';
import { idIn } from '../../rds/index.ts';
import { printHandle } from '../../storage/ids.ts';
import type { Received } from '../../storage/replication/decision.ts';
import { LATE_SECONDS, type ReplicaPair } from '../../storage/replication/pair.ts';
import type { ClusterReplicas } from './replication.ts';

export interface ClusterReplicasOptions {
  readonly cluster: Pick<
    Cluster,
    'snapshotContents' | 'persistentVolumes' | 'annotateContent' | 'readLease' | 'writeLease'
  >;
  /** Name of the CSI driver. */
  readonly driver: string;
  /** Undefined without Events. */
  readonly recorder: EventRecorder | undefined;
  readonly logger: Logger;
}

/** Snapshots without a copy that one pass reports. */
const MAX_LATE = 10;
/** How long the Lease stands, and for how long this process believes that it holds it, in seconds. */
const LEASE_SECONDS = 180;
const HELD_MS = 30_000;
/** VolumeSnapshotContents are listed once in this time at most, in ms. */
const LISTING_MS = 60_000;
/** How long giving the Lease back may take, in ms. */
const RELEASE_MS = 2000;

/**
 * What a cluster adds to copies on other backends: one process that makes them, Events and annotations of the
 * VolumeSnapshotContents. Copies never wait for any of it.
 */
export function clusterReplicas(options: ClusterReplicasOptions): ClusterReplicas & { stop(): Promise<void> } {
  const { cluster, driver, recorder, logger } = options;
  const holder = `${hostname()}_${crypto.randomUUID()}`;
  const leadership = new Leadership({ cluster, name: `${driver}-replicas`, holder, seconds: LEASE_SECONDS });
  const contents = new Contents(cluster, driver);
  const stopping = new AbortController();
  const writing = new Set<Promise<void>>();
  let held: { readonly answer: Promise<boolean>; readonly at: number } | undefined;

  const tell = (pair: ReplicaPair, uuid: string, code: FailureCode, detail: string): void => {
    const id = printHandle({ kind: 'snap', backend: pair.from.name, uuid });
    const reason = FAILURES[code].event;
    if (reason === undefined) return;
    const find = async (signal: AbortSignal) => referenceTo(await contents.of(id, signal));
    recorder?.record({ key: `snapshot ${id}`, find }, { reason, message: messageOf(code, id, detail) });
  };
  const annotate = async (pair: ReplicaPair, copy: Received): Promise<void> => {
    const id = printHandle({ kind: 'snap', backend: pair.from.name, uuid: copy.parsed.uuid });
    try {
      const content = await contents.of(id, stopping.signal);
      const missing = content && missingCopyAnnotations(placeOf(pair, copy), content.metadata.annotations);
      if (content !== undefined && missing !== undefined)
        await cluster.annotateContent(content.metadata.name, missing, stopping.signal);
    } catch (error) {
      if (!stopping.signal.aborted) logger.warn({ id, err: error }, 'where its copy is was not written to a snapshot');
    }
  };
  return {
    copied(pair, _original, copy) {
      const written = annotate(pair, copy).finally(() => writing.delete(written));
      writing.add(written);
    },
    failed(pair, name, why) {
      const { uuid } = idIn(name) ?? {};
      if (uuid !== undefined) tell(pair, uuid, 'DRV-TRANSFER', why);
    },
    taken(pair, { parsed, name }) {
      tell(pair, parsed.uuid, 'DRV-TAKEN', `${name} on ${pair.to.name}/${pair.replica.label}`);
    },
    looked(pair, { missing }) {
      const now = Date.now() / 1000;
      const late = missing.filter(({ parsed }) => now - Number(parsed.createdAtSeconds) > LATE_SECONDS);
      for (const { parsed } of late.slice(0, MAX_LATE)) {
        tell(pair, parsed.uuid, 'DRV-LAG', printAge((now - Number(parsed.createdAtSeconds)) * 1000));
      }
    },
    async references(signal) {
      // What was listed before may lack one that was adopted since.
      const listed = await cluster.snapshotContents(signal);
      // Without the kind nothing is known of who needs what.
      if (listed === undefined) throw new Error('the cluster has no VolumeSnapshotContents');
      const volumes = await cluster.persistentVolumes(signal);
      const handles = volumes.items.flatMap(({ spec }) => spec.csi?.volumeHandle ?? []);
      return new Set([...listed.items.flatMap(handlesOf), ...handles].flatMap((handle) => objectOf(handle) ?? []));
    },
    async leads(signal) {
      // Several pools ask at once, and of two writes at once one is refused.
      if (held === undefined || performance.now() - held.at > HELD_MS) {
        held = { answer: leadership.hold(signal), at: performance.now() };
      }
      return await held.answer;
    },
    async stop() {
      stopping.abort();
      await Promise.all(writing);
      await leadership.release(AbortSignal.timeout(RELEASE_MS)).catch((error: unknown) => {
        logger.debug({ err: error }, 'the Lease was not given back');
      });
    },
  };
}

function placeOf({ to, replica }: ReplicaPair, { parsed, receivedAt }: Received): CopyPlace {
  return { id: printHandle({ kind: 'snap', backend: to.name, uuid: parsed.uuid }), pool: replica.label, receivedAt };
}

function referenceTo(content: VolumeSnapshotContent | undefined): ObjectReference | undefined {
  if (content === undefined) return undefined;
  const { name, uid } = content.metadata;
  return { apiVersion: 'snapshot.storage.k8s.io/v1', kind: 'VolumeSnapshotContent', name, ...(uid && { uid }) };
}

/** Finds VolumeSnapshotContents by the handle of their snapshot. */
class Contents {
  readonly #cluster: Pick<Cluster, 'snapshotContents'>;
  readonly #driver: string;
  #listing: Promise<ReadonlyMap<string, VolumeSnapshotContent>> | undefined;
  #listedAt = Number.NEGATIVE_INFINITY;

  constructor(cluster: Pick<Cluster, 'snapshotContents'>, driver: string) {
    this.#cluster = cluster;
    this.#driver = driver;
  }

  async of(handle: string, signal: AbortSignal): Promise<VolumeSnapshotContent | undefined> {
    const known = (await this.#all(signal)).get(handle);
    if (known !== undefined || performance.now() - this.#listedAt < LISTING_MS) return known;
    this.#listing = undefined;
    return (await this.#all(signal)).get(handle);
  }

  async #all(signal: AbortSignal): Promise<ReadonlyMap<string, VolumeSnapshotContent>> {
    if (this.#listing === undefined) {
      this.#listedAt = performance.now();
      const listing = this.#list(signal);
      this.#listing = listing;
      // One that failed must not fail the next attempt, too.
      listing.catch(() => {
        if (this.#listing === listing) this.#listing = undefined;
      });
    }
    return await this.#listing;
  }

  async #list(signal: AbortSignal): Promise<ReadonlyMap<string, VolumeSnapshotContent>> {
    const contents = await this.#cluster.snapshotContents(signal);
    const ours = (contents?.items ?? []).filter(({ spec }) => spec.driver === this.#driver);
    return new Map(
      ours.flatMap((content) => {
        const handle = snapshotHandleOf(content);
        return handle === undefined ? [] : [[handle, content]];
      }),
    );
  }
}
