import type { Listed } from '../kubernetes/cluster.ts';
import type { KubernetesView } from './references.ts';

/**
 * Remembers how new the answers of Kubernetes were. A state older than one that was seen before comes from a replica that
 * lags, or from a restored backup: in both, objects are missing that are there.
 */
export class Freshness {
  readonly #newest = new Map<string, bigint>();

  /** @returns what is older than before, in words; undefined when nothing is. */
  staleness({ volumes, contents, attachments, claims, snapshots }: KubernetesView): string | undefined {
    const lists: readonly [string, Listed<unknown> | undefined][] = [
      ['PersistentVolumes', volumes],
      ['VolumeSnapshotContents', contents],
      ['VolumeAttachments', attachments],
      ['PersistentVolumeClaims', claims],
      ['VolumeSnapshots', snapshots],
    ];
    for (const [what, list] of lists) {
      const version = numberOf(list?.resourceVersion);
      const newest = this.#newest.get(what);
      if (version === undefined) continue;
      if (newest !== undefined && version < newest) {
        return `the list of ${what} is of resource version ${version}, and ${newest} was seen before`;
      }
      this.#newest.set(what, version);
    }
    return undefined;
  }
}

/** Resource versions grow as decimal numbers; one that is none cannot be compared. */
function numberOf(resourceVersion = ''): bigint | undefined {
  return /^[0-9]+$/.test(resourceVersion) ? BigInt(resourceVersion) : undefined;
}
