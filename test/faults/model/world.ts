import type { NodeNumber } from './commands.ts';

/** What was written where: a seed for each place of an image; the rest reads as zeros. */
export type Content = ReadonlyMap<number, number>;

/** A volume as it must be. Sizes in MiB; what is undefined is read from the box after the batch. */
export interface Volume {
  /** What its creation asked for: the same request again is a repeat, another one is refused. */
  readonly requested: number;
  readonly source: string | undefined;
  readonly mib: number | undefined;
  readonly node: NodeNumber | undefined;
  readonly content: Content;
  /** Its creation or removal got no final answer, and it is half made or half removed, or may be. */
  readonly open: boolean;
}

/** A snapshot as it must be. */
export interface Snapshot {
  readonly source: string;
  /** The size that it tells: a floor. A growth during the cut may make the image larger. */
  readonly mib: number | undefined;
  readonly imageMib: number | undefined;
  /** Unix seconds. */
  readonly seconds: bigint | undefined;
  readonly content: Content;
}

/** Everything that ought to be on the box, by the numbers that scripts use. Never changed, only replaced. */
export interface World {
  readonly volumes: ReadonlyMap<number, Volume>;
  readonly snapshots: ReadonlyMap<number, Snapshot>;
}

/** The empty box. */
export const NOTHING: World = { volumes: new Map(), snapshots: new Map() };

/** The world with another volume under this number; undefined takes it away. */
export function withVolume(world: World, number: number, volume: Volume | undefined): World {
  return { ...world, volumes: replaced(world.volumes, number, volume) };
}

/** The world with another snapshot under this number; undefined takes it away. */
export function withSnapshot(world: World, number: number, snapshot: Snapshot | undefined): World {
  return { ...world, snapshots: replaced(world.snapshots, number, snapshot) };
}

function replaced<T>(map: ReadonlyMap<number, T>, key: number, value: T | undefined): ReadonlyMap<number, T> {
  const copy = new Map(map);
  if (value === undefined) copy.delete(key);
  else copy.set(key, value);
  return copy;
}

/** A world for people, and equal for equal worlds. */
export function printWorld({ volumes, snapshots }: World): string {
  const lines = [
    ...sorted(volumes).map(([number, volume]) => `v${number}: ${printVolume(volume)}`),
    ...sorted(snapshots).map(([number, snapshot]) => `s${number}: ${printSnapshot(snapshot)}`),
  ];
  return lines.join('\n');
}

function printVolume({ requested, source, mib, node, content, open }: Volume): string {
  const from = source === undefined ? '' : ` from ${source}`;
  const where = node === undefined ? '' : `, at node ${node}`;
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
