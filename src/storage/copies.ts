import {
  type ChosenSubvolume,
  choose,
  type ListedObject,
  parseSnapshotName,
  parseVolumeName,
  type SnapshotName,
  type VolumeName,
} from '../rds/index.ts';
import type { Backend } from './backend.ts';
import type { Call } from './call.ts';
import { printHandle, snapshotRef, volumeRef } from './ids.ts';

/**
 * A subvolume that has the name of a volume or snapshot of our owners, and that no call ever touches.
 *
 * - `copy`: came whole by `/disk/btrfs/transfer`, which keeps names.
 * - `half-received`: can be written to, and is not the object: a snapshot, or a volume whose disk item is in another pool. A
 *   transfer that was cut off leaves it, or has not ended; what someone made writable looks the same (docs/routeros.md, 6.1).
 * - `nested`: lies in another subvolume, where someone has put it.
 * - `undecided`: several pools have one, and nothing says which is the object, so calls for it are refused. All of them are reported.
 */
export interface InventoryCopy {
  readonly kind: 'copy' | 'half-received' | 'nested' | 'undecided';
  /** Id of what it is named like, on its own backend unless only another one has that; it need not be there any more. */
  readonly of: string;
  /** Id of what that was made from; undefined for a volume that began empty. */
  readonly source: string | undefined;
  /** Unix seconds at which that was taken, for a snapshot. */
  readonly createdAtSeconds: bigint | undefined;
  readonly backend: string;
  readonly pool: string;
  readonly subvolume: string;
  /** Its own on the RDS, which no other subvolume has; empty where the RDS shows none. */
  readonly uuid: string;
}

/** The id by which a whole copy of a snapshot is named where it is a replica; undefined for anything else. */
export function handleOfCopy({
  kind,
  backend,
  of,
}: Pick<InventoryCopy, 'kind' | 'backend' | 'of'>): string | undefined {
  const object = of.slice(of.indexOf(':') + 1);
  return kind === 'copy' && object.startsWith('snap-') ? `${backend}:${object}` : undefined;
}

/** A row with its name read. */
interface Named {
  readonly row: ListedObject;
  readonly name: VolumeName | SnapshotName;
}

type Found = Omit<InventoryCopy, 'of' | 'source'> & { readonly name: Named['name'] };

/** An object. */
export interface SortedObject {
  readonly row: ListedObject;
  /** Names of what is beside it in its pool: what lost a race, most often. */
  readonly duplicates: readonly string[];
}

/** The rows of one backend that are objects, and what else has such names. */
export interface Sorted {
  readonly objects: readonly SortedObject[];
  readonly copies: readonly Found[];
}

/**
 * Sorts rows of volumes, or rows of snapshots, of all pools of a backend. Where there are several of an id that could be the
 * object, the RDS is asked which it is, as every call asks it.
 *
 * @throws RdsError when it cannot be asked.
 */
export async function classifyCopies(backend: Backend, rows: readonly ListedObject[], call: Call): Promise<Sorted> {
  const named = rows.flatMap((row): Named[] => {
    const name = parseVolumeName(row.subvolume.name) ?? parseSnapshotName(row.subvolume.name);
    return name === undefined ? [] : [{ row, name }];
  });
  const marked = named.flatMap(({ row, name }) => {
    const { kind } = row.subvolume;
    return kind === 'own' ? [] : [copyOf(backend, kind, { row, name })];
  });
  const unmarked = Map.groupBy(
    named.filter(({ row }) => row.subvolume.kind === 'own'),
    ({ name }) => name.uuid,
  );
  const objects: SortedObject[] = [];
  const copies = [...marked];
  for (const some of unmarked.values()) {
    const [first] = some;
    if (first === undefined) continue;
    const chosen = await chosenOf(backend, some, call);
    if (chosen === undefined) {
      objects.push({ row: first.row, duplicates: [] });
      copies.push(...some.map((one) => copyOf(backend, 'undecided', one)));
      continue;
    }
    const others = some.filter((one) => one !== chosen);
    const beside = others.filter((one) => poolOf(one) === poolOf(chosen));
    objects.push({ row: chosen.row, duplicates: beside.map(({ row }) => row.subvolume.name) });
    const elsewhere = others.filter((one) => poolOf(one) !== poolOf(chosen));
    copies.push(...elsewhere.map((one) => copyOf(backend, 'half-received', one)));
  }
  return { objects, copies };
}

/** The one that is the object; undefined where nothing tells. */
async function chosenOf({ rds }: Backend, some: readonly Named[], call: Call): Promise<Named | undefined> {
  const [first] = some;
  if (first === undefined || some.length === 1) return first;
  const { name } = first;
  const object = 'origin' in name ? volumeRef(name) : snapshotRef(name);
  const chosen = await rds.run((settings) => choose(settings, object), call);
  return some.find(({ row: { subvolume } }) => isChosen(subvolume, chosen));
}

/** Whether a subvolume is the one that was chosen of several. */
export function isChosen(
  { fs, subvolumeId }: ListedObject['subvolume'],
  chosen: Pick<ChosenSubvolume, 'label' | 'subvolumeId'> | undefined,
): boolean {
  return fs === chosen?.label && subvolumeId === chosen.subvolumeId;
}

function poolOf({ row }: Named): string {
  return row.subvolume.fs;
}

function copyOf({ name: backend }: Backend, kind: Found['kind'], { row, name }: Named): Found {
  const { name: subvolume, fs: pool, uuid } = row.subvolume;
  const createdAtSeconds = 'origin' in name ? undefined : name.createdAtSeconds;
  return { kind, name, createdAtSeconds, backend, pool, subvolume, uuid };
}

/** Says what each is a copy of: of several backends, the one that has the object, since transfers go from RDS to RDS. */
export function attribute(
  found: readonly Found[],
  backends: readonly Pick<Backend, 'name'>[],
  ids: ReadonlySet<string>,
): InventoryCopy[] {
  return found.map(({ name, ...copy }) => {
    const kind = 'origin' in name ? 'pvc' : 'snap';
    const idOn = (backend: string) => printHandle({ kind, backend, uuid: name.uuid });
    const homes = [copy.backend, ...backends.map((backend) => backend.name)];
    const home = homes.find((backend) => ids.has(idOn(backend))) ?? copy.backend;
    return { ...copy, of: idOn(home), source: sourceOf(home, name) };
  });
}

function sourceOf(backend: string, name: VolumeName | SnapshotName): string | undefined {
  if (!('origin' in name)) return printHandle({ kind: 'pvc', backend, uuid: name.sourceUuid });
  if (name.origin.kind === 'new') return undefined;
  return printHandle({ kind: name.origin.kind === 'snapshot' ? 'snap' : 'pvc', backend, uuid: name.origin.uuid });
}
