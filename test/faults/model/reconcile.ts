import type { RdsView, Seen } from './rds.ts';
import { Unexplained } from './unexplained.ts';
import { printContent, printWorld, type Snapshot, type Volume, type World, withSnapshot, withVolume } from './world.ts';

/** `snap-<uuid>-<owner>-<source uuid>-<seconds>-<bytes>` (docs/decisions/0002-names-and-ids.md). */
const SNAPSHOT_NAME = /-([0-9]{10})-([0-9]+)$/;

const MiB = 1024 ** 2;

/**
 * Picks the world that the RDS shows, and fills in what only the RDS knows. Whatever is whole on the RDS is whole; of
 * several worlds it is the one in which the least is left over, and the least partial.
 *
 * @param objects Those to compare; the others stay as they are.
 * @throws Unexplained when the RDS shows none of them.
 */
export function reconcile(worlds: readonly World[], view: RdsView, objects: readonly string[]): World {
  const problems: string[] = [];
  const fitting: World[] = [];
  for (const world of worlds) {
    const wrong = objects.flatMap((object) => problemOf(world, view, object) ?? []);
    if (wrong.length === 0) fitting.push(objects.reduce((filled, object) => fill(filled, view, object), world));
    else problems.push(`${wrong.join('; ')} in\n${printWorld(world)}`);
  }
  const [best] = fitting.toSorted((one, other) => leftoversIn(one) - leftoversIn(other) || openIn(one) - openIn(other));
  if (best === undefined) throw new Unexplained(`the RDS shows something else: ${problems.slice(0, 3).join('\nor ')}`);
  return best;
}

/** All objects that the world or the RDS knows. */
export function objectsIn({ volumes, snapshots }: World, { objects }: RdsView): string[] {
  const known = [
    ...[...volumes.keys()].map((number) => `v${number}`),
    ...[...snapshots.keys()].map((number) => `s${number}`),
  ];
  return [...new Set([...known, ...objects.keys()])];
}

function leftoversIn({ marks }: World): number {
  return marks.leftovers.size;
}

function openIn({ volumes }: World): number {
  return [...volumes.values()].filter(({ open }) => open).length;
}

function problemOf(world: World, view: RdsView, object: string): string | undefined {
  const number = Number(object.slice(1));
  const seen = view.objects.get(object);
  if (object.startsWith('s')) return snapshotProblem(object, world.snapshots.get(number), seen);
  return volumeProblem(object, world.volumes.get(number), seen);
}

function snapshotProblem(object: string, snapshot: Snapshot | undefined, seen: Seen | undefined): string | undefined {
  if (snapshot === undefined || seen === undefined) {
    return snapshot === seen ? undefined : `${object} is ${seen === undefined ? 'gone' : 'there'}`;
  }
  const { mib, seconds } = told(seen);
  const { image, takenFrom } = seen;
  if (takenFrom !== snapshot.source) return `${object} was taken from ${takenFrom}`;
  if (image === undefined) return `${object} has no image`;
  if (mib > image.mib || differs(snapshot.mib, mib) || differs(snapshot.imageMib, image.mib)) {
    return `${object} tells ${mib} MiB and has ${image.mib}`;
  }
  if (differs(snapshot.seconds, seconds)) return `${object} is of ${seconds}`;
  return contentProblem(object, snapshot, seen);
}

function volumeProblem(object: string, volume: Volume | undefined, seen: Seen | undefined): string | undefined {
  if (volume === undefined || seen === undefined) {
    return volume === seen ? undefined : `${object} is ${seen === undefined ? 'gone' : 'there'}`;
  }
  const { disk, image, rows, asked } = seen;
  if (asked !== undefined && (asked.mib !== volume.requested || asked.source !== volume.source)) {
    return `${object} was made for ${asked.mib} MiB from ${asked.source}`;
  }
  if (volume.open) return image === undefined ? undefined : contentProblem(object, volume, seen);
  if (disk === undefined || image === undefined || rows.length === 0) {
    return `${object} has ${rows.length} subvolumes, ${disk ? 'a' : 'no'} disk item, ${image ? 'an' : 'no'} image`;
  }
  if (disk.mib !== image.mib || differs(volume.mib, disk.mib)) return `${object} has ${disk.mib} MiB`;
  const expected = volume.node === undefined ? [] : [volume.node];
  if (disk.nodes.join() !== expected.join() || disk.exported !== volume.exported) {
    return `${object} is ${disk.exported ? 'exported' : 'not exported'}, recorded for nodes [${disk.nodes}]`;
  }
  return contentProblem(object, volume, seen);
}

function contentProblem(object: string, { content }: Volume | Snapshot, { image }: Seen): string | undefined {
  const found = printContent(image?.content ?? new Map());
  return found === printContent(content) ? undefined : `${object} holds ${found}`;
}

function differs<T>(expected: T | undefined, found: T): boolean {
  return expected !== undefined && expected !== found;
}

function fill(world: World, view: RdsView, object: string): World {
  const number = Number(object.slice(1));
  const seen = view.objects.get(object);
  const snapshot = object.startsWith('s') ? world.snapshots.get(number) : undefined;
  const volume = object.startsWith('v') ? world.volumes.get(number) : undefined;
  if (snapshot !== undefined && seen !== undefined) {
    return withSnapshot(world, number, { ...snapshot, ...told(seen), imageMib: seen.image?.mib });
  }
  if (volume !== undefined && seen !== undefined) {
    const [node] = seen.disk?.nodes ?? [];
    const { mib, exported = false } = seen.disk ?? {};
    const filled = { ...volume, mib, exported, node: node === -1 ? undefined : node };
    return withVolume(world, number, { ...filled, open: volume.open && !isWhole(volume, seen) });
  }
  return world;
}

function isWhole({ requested }: Volume, { rows, disk, image }: Seen): boolean {
  return rows.length > 0 && disk !== undefined && disk.mib === image?.mib && disk.mib >= requested;
}

/** What the name of a snapshot tells. */
function told({ rows: [name = ''] }: Seen): { readonly mib: number; readonly seconds: bigint } {
  const [, seconds = '0', bytes = '0'] = SNAPSHOT_NAME.exec(name) ?? [];
  return { mib: Number(bytes) / MiB, seconds: BigInt(seconds) };
}
