import type { Cluster, ObjectReference } from '../../kubernetes/cluster.ts';
import type { Unresolved } from '../../kubernetes/event-recorder.ts';

/** PersistentVolumes are listed once in this time at most, in ms. */
const LISTING_MS = 60_000;

/** Finds the claim of a volume by the list of PersistentVolumes. */
export class Claims {
  readonly #cluster: Pick<Cluster, 'persistentVolumes'>;
  readonly #driver: string;
  readonly #now: () => number;
  #listing: Promise<ReadonlyMap<string, ObjectReference>> | undefined;
  #listedAt = Number.NEGATIVE_INFINITY;

  /**
   * @param driver name of the CSI driver that the volumes are of
   * @param now milliseconds that only go forward; replaced in tests
   */
  constructor(
    cluster: Pick<Cluster, 'persistentVolumes'>,
    driver: string,
    now: () => number = () => performance.now(),
  ) {
    this.#cluster = cluster;
    this.#driver = driver;
    this.#now = now;
  }

  /** The claim that the PersistentVolume with this handle is bound to, to be looked up when there is time for it. */
  of(volumeId: string): Unresolved {
    return { key: `volume ${volumeId}`, find: async (signal) => (await this.#claims(signal)).get(volumeId) };
  }

  async #claims(signal: AbortSignal): Promise<ReadonlyMap<string, ObjectReference>> {
    if (this.#listing === undefined || this.#now() - this.#listedAt >= LISTING_MS) {
      this.#listedAt = this.#now();
      this.#listing = claimsByHandle(this.#cluster, this.#driver, signal);
      // One that failed must not fail the next attempt, too.
      this.#listing.catch(() => {
        this.#listing = undefined;
      });
    }
    return await this.#listing;
  }
}

async function claimsByHandle(
  cluster: Pick<Cluster, 'persistentVolumes'>,
  driver: string,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, ObjectReference>> {
  const { items } = await cluster.persistentVolumes(signal);
  return new Map(
    items.flatMap(({ spec: { csi, claimRef } }) => {
      if (csi?.driver !== driver || claimRef === undefined) return [];
      return [[csi.volumeHandle, claimReference(claimRef.namespace, claimRef.name, claimRef.uid)] as const];
    }),
  );
}

/** A PersistentVolumeClaim as an Event refers to it. */
export function claimReference(namespace: string, name: string, uid: string | undefined): ObjectReference {
  return { apiVersion: 'v1', kind: 'PersistentVolumeClaim', namespace, name, ...(uid !== undefined && { uid }) };
}
