import {
  ere,
  type JsonRow,
  put,
  type RouterOsConsole,
  RouterOsError,
  ros,
  type Script,
  text,
} from '../routeros/index.ts';
import { runOf, type ScratchObject, type ScratchRegistry } from './scratch.ts';

/** How often what is left is removed again before it is given up. */
const REMOVALS = 6;
/** Milliseconds in between, at first; doubled each time, up to the last. */
const FIRST_PAUSE_MS = 100;
const LAST_PAUSE_MS = 3_000;

/** One object of a doctor's run that the RDS has. */
export interface Remnant {
  readonly kind: ScratchObject['kind'];
  /** As the RDS shows it. */
  readonly name: string;
  readonly label: string;
  /** Of a disk item whose slot is not a doctor's: the name in its path by which it is one's all the same. */
  readonly inPath?: string;
  /** The run that made it. */
  readonly run: string;
  readonly begunMs: number;
}

/** Disk items are known by their file, too, should the device have changed the slot. Both end in an exec of their own. */
const DISKS: Script = ros`:foreach xI in=[/disk find where slot~${ere`^[Rr][Oo][Ss][Ee].[Dd]`} or file-path~${ere`(^|/)rose.doctor.`}] do={
  ${put(ros`{"slot"=[/disk get $xI slot];"path"=[/disk get $xI file-path]}`)}}`;
const SUBVOLUMES: Script = ros`:foreach xI in=[/disk/btrfs/subvolume find where !dead and name~${ere`(^|/)rose.doctor.`}] do={
  ${put(ros`{"name"=[/disk/btrfs/subvolume get $xI name];"fs"=[/disk/btrfs/subvolume get $xI fs]}`)}}`;

const TRANSFERS: Script = ros`:foreach xI in=[/disk/btrfs/transfer find where type=send] do={
  :local xN [:tostr [/disk/btrfs/transfer get $xI send-subvolumes]];
  :if ($xN~${ere`^rose.doctor.`}) do={${put(ros`{"name"=$xN;"fs"=[/disk/btrfs/transfer get $xI fs]}`)}}}`;

/**
 * Everything on the RDS that a doctor made and did not remove, in the order in which it is to be removed: transfers, disk
 * items, then subvolumes, the youngest first.
 *
 * @throws RouterOsError when the RDS cannot be asked.
 */
export async function remnants(console: RouterOsConsole): Promise<readonly Remnant[]> {
  const disks = (await console.run(DISKS)).flatMap((found) => {
    const path = text(found, 'path');
    const slot = text(found, 'slot');
    const inPath = path.split('/').find((part) => runOf(part) !== undefined);
    return remnant('disk', slot, inPath ?? slot, '').map((disk) => ({
      ...disk,
      ...(inPath !== undefined && runOf(slot) === undefined && { inPath }),
    }));
  });
  const subvolumes = (await console.run(SUBVOLUMES)).flatMap((found) => {
    const leaf = text(found, 'name').split('/').at(-1) ?? '';
    return remnant('subvolume', text(found, 'name'), leaf, text(found, 'fs'));
  });
  const transfers = (await transferRows(console)).flatMap((found) =>
    remnant('transfer', text(found, 'name'), text(found, 'name'), text(found, 'fs')),
  );
  return [...transfers, ...disks, ...subvolumes.toReversed()];
}

/** None on an RDS that does not know the menu. */
async function transferRows(console: RouterOsConsole): Promise<readonly JsonRow[]> {
  try {
    return await console.run(TRANSFERS);
  } catch (error) {
    if (error instanceof RouterOsError && error.kind === 'rejected') return [];
    throw error;
  }
}

function remnant(kind: Remnant['kind'], name: string, marked: string, label: string): Remnant[] {
  const owner = runOf(marked);
  return owner === undefined ? [] : [{ kind, name, label, ...owner }];
}

/** What a clean-up came to. */
export interface Swept {
  readonly removed: number;
  /** Whether the RDS could be asked what is left. */
  readonly asked: boolean;
  /** What is still there, or may be, in the words for someone who removes it by hand. */
  readonly left: readonly string[];
}

/**
 * Removes what a run made, last first, and looks again until nothing is left. The connection may have been lost and the
 * RDS may be away for a moment; a script of this run may still be at work (U22).
 */
export async function sweep(console: RouterOsConsole, registry: ScratchRegistry, attempts: number): Promise<Swept> {
  await pause(registry.stillAppearingMs);
  const swept = await removeAll(console, attempts, ({ run }) => run === registry.run);
  return swept.asked ? swept : { ...swept, left: registry.objects.map(byHand) };
}

/**
 * Removes all remnants that are meant.
 *
 * @param attempts to ask an RDS that does not answer
 */
export async function removeAll(
  console: RouterOsConsole,
  attempts: number,
  isMeant: (remnant: Remnant) => boolean,
): Promise<Swept> {
  const seen = new Set<string>();
  let left: readonly Remnant[] | undefined;
  let removals = 0;
  let silences = 0;
  for (;;) {
    left = await conversation(async () => (await remnants(console)).filter(isMeant));
    if (left === undefined) silences += 1;
    else if (left.length === 0 || removals === REMOVALS) break;
    else removals += 1;
    if (silences === attempts) return { removed: 0, asked: false, left: [] };
    for (const object of left ?? []) {
      seen.add(byHand(object));
      await conversation(() => console.run(removal(object)));
    }
    const before = removals + silences - 1;
    if (left === undefined || before > 0) await pause(Math.min(LAST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (before - 1)));
  }
  return { removed: seen.size - left.length, asked: true, left: left.map(byHand) };
}

/** By name, never by an id that was read before: it may mean another object by now (U25). */
function removal(object: Remnant): Script {
  if (object.kind !== 'disk') return removeByName(object);
  const exported = ros`[/disk find where ${ofDisk(object)} and nvme-tcp-export]`;
  return ros`:if ([:len ${exported}]>0) do={/disk set ${exported} nvme-tcp-export=no}; ${removeByName(object)}`;
}

/** The condition for a disk item. A slot that the device chose may be another disk's by the time that someone types this. */
function ofDisk({ name, inPath }: Pick<Remnant, 'name' | 'inPath'>): Script {
  return inPath === undefined ? ros`slot=${name}` : ros`slot=${name} and file-path~${ere`(^|/)${inPath}(/|$)`}`;
}

type Removable = Pick<Remnant, 'kind' | 'label' | 'name' | 'inPath'>;

function removeByName(object: Removable): Script {
  const { kind, label, name } = object;
  if (kind === 'transfer') {
    const names = ros`[:tostr [/disk/btrfs/transfer get $xI send-subvolumes]]`;
    return ros`:foreach xI in=[/disk/btrfs/transfer find where type=send and fs=${label}] do={:if (${names}=${name}) do={/disk/btrfs/transfer remove $xI}}`;
  }
  return kind === 'disk'
    ? ros`/disk remove [find where ${ofDisk(object)}]`
    : ros`/disk/btrfs/subvolume remove [find where fs=${label} and name=${name}]`;
}

/** The command that removes an object. */
export function byHand(object: Removable): string {
  return removeByName(object).text;
}

/** Undefined when the RDS refused or could not be asked: what is there is looked at again in any case. */
async function conversation<T>(work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof RouterOsError) return undefined;
    throw error;
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
