import type { NodeNumber } from './commands.ts';

/** What was written where: a seed for each place of an image; the rest reads as zeros. */
export type Content = ReadonlyMap<number, number>;

/** A volume as it must be. Sizes in MiB; what is undefined is read from the RDS after the batch. */
export interface Volume {
  /** What its creation asked for: the same request again is a repeat, another one is refused. */
  readonly requested: number;
  readonly source: string | undefined;
  readonly mib: number | undefined;
  /** The node that it is recorded for. */
  readonly node: NodeNumber | undefined;
  /** Whether that node can reach it: it is recorded before the export is turned on, and until it was turned off. */
  readonly exported: boolean;
  readonly content: Content;
  /** Its creation or removal got no final answer, and it is partial or half removed, or may be. */
  readonly open: boolean;
}

/** A snapshot as it must be. */
export interface Snapshot {
  readonly source: string;
  /** The size that it tells: a floor. A growth meanwhile may make the image larger. */
  readonly mib: number | undefined;
  readonly imageMib: number | undefined;
  /** Unix seconds. */
  readonly seconds: bigint | undefined;
  readonly content: Content;
}

/** A deletion that was answered with OK. */
export interface Deletion {
  readonly object: string;
  readonly process: number;
  /** Whether the process had done nothing to the object before, in other batches. */
  readonly isFirst: boolean;
}

/** What has been done to objects in a time, for judging what a script may do that read them before. */
export interface Marks {
  /** Objects that were made, and volumes whose record was written. */
  readonly renewed: ReadonlySet<string>;
  readonly deletions: readonly Deletion[];
  /** Objects that came into being after an answer said that they are deleted. */
  readonly leftovers: ReadonlySet<string>;
}

export const NO_MARKS: Marks = { renewed: new Set(), deletions: [], leftovers: new Set() };

/** Everything that ought to be on the RDS, by the numbers that scripts use. Never changed, only replaced. */
export interface World {
  readonly volumes: ReadonlyMap<number, Volume>;
  readonly snapshots: ReadonlyMap<number, Snapshot>;
  /** Of the batch that is being explained. */
  readonly marks: Marks;
}

/** The empty RDS. */
export const NOTHING: World = { volumes: new Map(), snapshots: new Map(), marks: NO_MARKS };

/** The world with another volume under this number; undefined takes it away. */
export function withVolume(world: World, number: number, volume: Volume | undefined): World {
  return { ...world, volumes: replaced(world.volumes, number, volume) };
}

/** The world with another snapshot under this number; undefined takes it away. */
export function withSnapshot(world: World, number: number, snapshot: Snapshot | undefined): World {
  return { ...world, snapshots: replaced(world.snapshots, number, snapshot) };
}

/** The world in which this object was made, or its record written. */
export function withRenewed(world: World, object: string): World {
  return { ...world, marks: { ...world.marks, renewed: new Set([...world.marks.renewed, object]) } };
}

/** The world in which this deletion was acknowledged. */
export function withDeletion(world: World, deletion: Deletion): World {
  return { ...world, marks: { ...world.marks, deletions: [...world.marks.deletions, deletion] } };
}

/** The world in which this object came into being after its deletion. */
export function withLeftover(world: World, object: string): World {
  return { ...world, marks: { ...world.marks, leftovers: new Set([...world.marks.leftovers, object]) } };
}

/** Both, one after the other. */
export function joined(one: Marks, other: Marks): Marks {
  return {
    renewed: new Set([...one.renewed, ...other.renewed]),
    deletions: [...one.deletions, ...other.deletions],
    leftovers: new Set([...one.leftovers, ...other.leftovers]),
  };
}

function replaced<T>(map: ReadonlyMap<number, T>, key: number, value: T | undefined): ReadonlyMap<number, T> {
  const copy = new Map(map);
  if (value === undefined) copy.delete(key);
  else copy.set(key, value);
  return copy;
}

/** Equal for worlds that are equal, their marks included. */
export function keyOf(world: World): string {
  const { renewed, deletions, leftovers } = world.marks;
  const marks = [renewed, deletions.map(({ object, process }) => `${object}@${process}`), leftovers];
  return [printWorld(world), ...marks.map((one) => [...one].toSorted().join())].join('\n');
}

/** A world as text. */
export function printWorld({ volumes, snapshots }: World): string {
  const lines = [
    ...sorted(volumes).map(([number, volume]) => `v${number}: ${printVolume(volume)}`),
    ...sorted(snapshots).map(([number, snapshot]) => `s${number}: ${printSnapshot(snapshot)}`),
  ];
  return lines.join('\n');
}

function printVolume({ requested, source, mib, node, exported, content, open }: Volume): string {
  const from = source === undefined ? '' : ` from ${source}`;
  const where = node === undefined ? '' : `, ${exported ? 'at' : 'recorded for'} node ${node}`;
  return `${mib ?? '?'} MiB (asked ${requested}${from})${where}${open ? ', open' : ''}, ${printContent(content)}`;
}

function printSnapshot({ source, mib, imageMib, seconds, content }: Snapshot): string {
  return `${mib ?? '?'} MiB (image ${imageMib ?? '?'}) of ${source} at ${seconds ?? '?'}, ${printContent(content)}`;
}

/** The places that hold something, e.g. `{0:17 3:9}`. */
export function printContent(content: Content): string {
  return `{${sorted(content)
    .map(([place, seed]) => `${place}:${seed}`)
    .join(' ')}}`;
}

function sorted<T>(map: ReadonlyMap<number, T>): [number, T][] {
  return [...map].toSorted(([one], [other]) => one - other);
}
