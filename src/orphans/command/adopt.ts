import { inItsPlace } from '../../app/copies.ts';
import { idMeant } from '../../app/named.ts';
import { AbsentError } from '../../cli/absent-error.ts';
import { volumeContext } from '../../csi/contexts.ts';
import type { Inventory } from '../../storage/inventory.ts';
import { type Manifest, snapshotManifest, volumeManifest } from '../adoption.ts';
import { doubtAbout } from '../doubt.ts';
import { backendObjects, standInOf } from '../find.ts';
import { type KubernetesView, objectOf, referencesOf } from '../references.ts';

export interface AdoptOptions {
  /** Name of the CSI driver. */
  readonly driver: string;
  readonly fsType: string | undefined;
  readonly storageClass: string;
  /** Of claims that are to be made, and of VolumeSnapshots. */
  readonly namespace: string;
}

/** What was found on the backends, and what Kubernetes knows; undefined when it was not asked. */
export interface Found {
  readonly inventory: Inventory;
  readonly view: KubernetesView | undefined;
}

/**
 * What brings an object back into Kubernetes.
 *
 * @throws Error when it is there already or no one knows which bytes it means, AbsentError when no backend has it.
 */
export function manifestFor(id: string, { inventory, view }: Found, options: AdoptOptions): Manifest {
  const { volumes, snapshots, copies } = inventory;
  const known = view && standInOf(id, view);
  if (known !== undefined) {
    throw new Error(`${id} is in Kubernetes already${known.as ? `, as ${known.as}` : ''}: ${known.by}`);
  }
  const places = copies.filter(({ kind, of }) => kind === 'undecided' && of === id);
  if (places.length > 0) {
    const where = places.map(({ backend, pool }) => `${backend}/${pool}`).join(' and ');
    throw new Error(
      `${id}: ${where} have a subvolume of this id, and nothing says which is the object; decide first: docs/guides/troubleshooting.md`,
    );
  }
  const { driver, fsType, storageClass, namespace } = options;
  const volume = volumes.find((found) => found.id === id);
  if (volume !== undefined) {
    const name = objectOf(id) ?? '';
    const claim = (view && referencesOf(view).needed.get(name)?.claim) ?? { namespace, name };
    const volumeAttributes = volumeContext(fsType === 'ext4' || fsType === 'xfs' ? { fsType } : {}, false);
    return volumeManifest(volume, { driver, fsType, storageClass, claim, volumeAttributes });
  }
  const snapshot = snapshots.find((found) => found.id === id);
  if (snapshot === undefined) {
    throw new AbsentError(`${id} is not on the backends under the owners of this cluster${inItsPlace(id, copies)}`);
  }
  return snapshotManifest(snapshot, { driver, namespace });
}

/** The ids that are meant, whole. */
export function idsMeant(typed: readonly string[], { inventory: { volumes, snapshots } }: Found): string[] {
  const known = [...volumes, ...snapshots].map(({ id }) => id);
  return typed.map((one) => idMeant(one, known));
}

/** Why another cluster may use what is adopted; undefined for no reason. */
export function doubtAboutAdopting(
  ids: readonly string[],
  { inventory, view }: Found,
  driver: string,
): string | undefined {
  const all = backendObjects(inventory);
  const owners = new Set(all.filter(({ id }) => ids.includes(id)).map(({ owner }) => owner));
  return (
    view &&
    doubtAbout(
      all.filter(({ owner }) => owners.has(owner)),
      view,
      driver,
    )
  );
}
