import { bytes, put, ros, type Script, text } from '../routeros/index.ts';
import type { PoolContext } from './check.ts';
import { awaited, type Outcome, row, tried } from './script.ts';

/** Size of a scratch image, in bytes. */
export const IMAGE_BYTES = 64n << 20n;

/** A test that cannot go on, in words of the device; reported as untested. */
export class Obstacle extends Error {
  override readonly name = 'Obstacle';
}

/** Makes something that a test needs before it can begin. @throws Obstacle when the device refuses. */
export async function need({ console, scratch }: PoolContext, what: string, script: Script): Promise<void> {
  const made = await tried(console, script);
  if (!made.ok) throw new Obstacle(`${what} failed: ${scratch.plain(made.words)}`);
}

/** Adds a subvolume, with `parent` as a snapshot or clone of that one. */
export function addSubvolume({ label }: PoolContext, name: string, parent?: string, readOnly = false): Script {
  const from = parent === undefined ? ros`` : ros`parent=${parent}`;
  return ros`/disk/btrfs/subvolume add fs=${label} ${from} name=${name} ${readOnly ? ros`read-only=yes` : ros``}`;
}

/** A new, empty subvolume. @throws Obstacle */
export async function newSubvolume(context: PoolContext): Promise<string> {
  const name = context.scratch.subvolume();
  await need(context, 'adding a subvolume', addSubvolume(context, name));
  return name;
}

export interface Item {
  readonly subvolume: string;
  readonly slot: string;
  /** Bytes; without them the file is attached as it is. */
  readonly size?: bigint;
  /** Leaf name of the file; `volume.img` unless set otherwise. */
  readonly file?: string;
  /** Further properties. */
  readonly more?: Script;
}

/** Adds a disk item, as the driver does. */
export function addItem(
  context: PoolContext,
  { subvolume, slot, size, file = 'volume.img', more = ros`` }: Item,
): Script {
  const path = pathOf(context, subvolume, file);
  return ros`/disk add type=file slot=${slot} file-path=${path} ${size === undefined ? ros`` : ros`file-size=${size}`} mount-filesystem=no ${more}`;
}

export interface Image {
  readonly subvolume: string;
  readonly slot: string;
}

/** A new subvolume with an image of {@link IMAGE_BYTES} in it and its disk item, with its size readable. @throws Obstacle */
export async function newImage(context: PoolContext, size = IMAGE_BYTES): Promise<Image> {
  const subvolume = await newSubvolume(context);
  const slot = context.scratch.slot();
  await need(context, 'adding a disk item', addItem(context, { subvolume, slot, size }));
  await proveSlot(context, { subvolume, slot });
  if ((await readableSize(context, slot)) === undefined) {
    throw new Obstacle('the size of an image did not become readable');
  }
  return { subvolume, slot };
}

/** @throws Obstacle when the item in a subvolume has another slot than the one that was sent. */
export async function proveSlot(context: PoolContext, { subvolume, slot }: Image): Promise<void> {
  const slots = await slotsOf(context, subvolume);
  if (!slots.includes(slot)) throw new Obstacle(`the slot became "${slots.join()}"`);
}

/** Slots of the disk items with a file in a subvolume. */
export async function slotsOf({ console }: PoolContext, subvolume: string): Promise<readonly string[]> {
  const rows = await console.run(
    ros`:foreach xI in=[/disk find where file-path~${`/${subvolume}/`}] do={${put(ros`{"slot"=[/disk get $xI slot]}`)}}`,
  );
  return rows.map((found) => text(found, 'slot'));
}

/** Prints slot and size of a disk item. */
export function printSize(slot: string): Script {
  return put(ros`[/disk print detail as-value proplist=slot,size where slot=${slot}]`);
}

/** Bytes of an image; undefined while the device shows none. */
export async function sizeOf({ console }: PoolContext, slot: string): Promise<bigint | undefined> {
  const size = bytes(await row(console, printSize(slot)), 'size');
  return size === 0n ? undefined : size;
}

/** As {@link sizeOf}, waiting for it. */
export async function readableSize(context: PoolContext, slot: string): Promise<bigint | undefined> {
  return (await awaited(context.timing.patienceMs, () => sizeOf(context, slot)))?.value;
}

export function setItem(slot: string, properties: Script): Script {
  return ros`/disk set [find where slot=${slot}] ${properties}`;
}

export function removeItem(slot: string): Script {
  return ros`/disk remove [find where slot=${slot}]`;
}

export function removeSubvolume({ label }: PoolContext, name: string): Script {
  return ros`/disk/btrfs/subvolume remove [find where fs=${label} and name=${name}]`;
}

/** One property of a disk item, as text. */
export async function propertyOf({ console }: PoolContext, slot: string, property: string): Promise<string> {
  const proplist = ros`slot,comment,nvme-tcp-server-nqn,nvme-tcp-server-port,nvme-tcp-server-allow-host-name`;
  const found = await row(console, put(ros`[/disk print detail as-value proplist=${proplist} where slot=${slot}]`));
  return text(found, property);
}

/** Path of a file in a subvolume, as `/file` and `file-path` have it. */
export function pathOf({ mountPoint }: PoolContext, subvolume: string, file: string): string {
  return `${mountPoint}/${subvolume}/${file}`;
}

/** Tries one change and says how it went in one or two words: accepted, or the device's own. */
export async function attempt(
  { console, scratch }: PoolContext,
  script: Script,
): Promise<{ readonly accepted: boolean; readonly words: string }> {
  const outcome: Outcome = await tried(console, script);
  return outcome.ok
    ? { accepted: true, words: 'accepted' }
    : { accepted: false, words: `refused, "${scratch.plain(outcome.words)}"` };
}

/** Free bytes of the pool; undefined when the RDS does not say. */
export async function freeOf({ console, label }: PoolContext): Promise<bigint | undefined> {
  const found = await row(
    console,
    put(ros`[/disk print detail as-value proplist=slot,free where mounted and fs-label=${label}]`),
  );
  return bytes(found, 'free');
}
