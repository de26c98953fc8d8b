import { bytes, put, ros, text } from '../../routeros/index.ts';
import type { PoolCheck, PoolContext } from '../check.ts';
import { differs, type Finding, fits, untested, unusable } from '../finding.ts';
import {
  addItem,
  attempt,
  freeOf,
  IMAGE_BYTES,
  need,
  newImage,
  newSubvolume,
  pathOf,
  printSize,
  proveSlot,
  readableSize,
  removeItem,
  setItem,
  sizeOf,
} from '../objects.ts';
import { awaited, row, tried } from '../script.ts';

const MIB = 1n << 20n;
const GIB = 1n << 30n;
/** Of the file that stands in for an image: its text fits into a command. */
const TEXT_BYTES = 1024;

/** What a script of the driver waits for a size, in milliseconds (docs/routeros.md, U24). */
const DRIVER_PATIENCE_MS = 2_000;

/** Sizes of images: when they can be read, how they grow, what they take. */
export const SIZE_CHECKS: readonly PoolCheck[] = [
  { id: 'size-readable', title: 'size of a new image', unknown: 'U24', needs: 'write', run: readable },
  { id: 'growth', title: 'growing an image', unknown: 'U3', needs: 'write', run: growth },
  { id: 'existing-file', title: 'add with file-size over a file', unknown: 'U4', needs: 'write', run: existingFile },
  { id: 'allocation', title: 'space that an empty image takes', unknown: 'U5', needs: 'write', run: allocation },
];

async function readable(context: PoolContext): Promise<Finding> {
  const subvolume = await newSubvolume(context);
  const slot = context.scratch.slot();
  // In one exec with the look at it, as in the driver's scripts: a second exec would come later.
  const asked = await row(
    context.console,
    ros`${addItem(context, { subvolume, slot, size: IMAGE_BYTES })};
      ${printSize(slot)}`,
  );
  const first = bytes(asked, 'size');
  if (first === IMAGE_BYTES) return fits('readable at once, as sent', 'waits up to 2 s for it', { 'at-once': true });
  await proveSlot(context, { subvolume, slot });
  const later = await awaited(context.timing.patienceMs, () => sizeOf(context, slot));
  if (later === undefined) return unusable('not readable at all', 'answers ABORTED without end. Please report this');
  const details = { 'at-once': false, 'after-ms': Math.round(later.ms), size: String(later.value) };
  if (later.value !== IMAGE_BYTES) {
    return unusable(`of ${IMAGE_BYTES} bytes it shows ${later.value}`, 'compares sizes. Please report this', details);
  }
  return later.ms < DRIVER_PATIENCE_MS
    ? differs('readable within 2 s, not at once', 'waits up to 2 s for it', details)
    : differs(
        'readable after more than 2 s',
        'answers ABORTED, and the sidecar asks again: volumes take longer',
        details,
      );
}

async function growth(context: PoolContext): Promise<Finding> {
  const { slot } = await newImage(context);
  const idle = await grow(context, slot, 2n * IMAGE_BYTES);
  const exports = await attempt(context, setItem(slot, ros`nvme-tcp-export=yes`));
  const exported = exports.accepted ? await grow(context, slot, 4n * IMAGE_BYTES) : `the export was ${exports.words}`;
  await attempt(context, setItem(slot, ros`nvme-tcp-export=no`));
  const smaller = await attempt(context, setItem(slot, ros`file-size=${MIB}`));
  const size = await readableSize(context, slot);
  const shrunk = size !== undefined && size < IMAGE_BYTES;
  const shrink = shrunk ? 'cuts it off' : smaller.accepted ? 'is accepted, without effect' : smaller.words;
  const details = { idle, exported, shrink };
  const said = `idle: ${idle}; exported: ${exported}; a smaller size ${shrink}`;
  const grows = (how: string) => how === 'at once' || how === 'shown late';
  if (!grows(idle)) {
    return differs(said, 'refuses to grow volumes: OUT_OF_RANGE. A restore is of the size of its snapshot', details);
  }
  if (!grows(exported)) {
    return differs(
      said,
      'grows volumes that are not in use. For others: OUT_OF_RANGE, scale the workload down first',
      details,
    );
  }
  if (shrunk) return differs(said, 'grows, and never sends a smaller size', details);
  return idle === 'at once' && exported === 'at once'
    ? fits(said, 'grows volumes also while in use, and never sends a smaller size', details)
    : differs(said, 'waits up to 2 s for the new size, then answers ABORTED and is asked again', details);
}

/** How growing went: `at once`, `shown late`, or what else. */
async function grow(context: PoolContext, slot: string, size: bigint): Promise<string> {
  // In one exec with the look at it, as in the driver's scripts.
  const set = await tried(context.console, ros`${setItem(slot, ros`file-size=${size}`)}; ${printSize(slot)}`);
  if (!set.ok) return `refused, "${context.scratch.plain(set.words)}"`;
  if (bytes(set.rows[0] ?? {}, 'size') === size) return 'at once';
  const grown = await awaited(DRIVER_PATIENCE_MS, async () =>
    (await sizeOf(context, slot)) === size ? size : undefined,
  );
  return grown === undefined ? 'accepted, without effect' : 'shown late';
}

/** A text file stands in for an image, since its bytes can be read back through `/file`. */
async function existingFile(context: PoolContext): Promise<Finding> {
  const subvolume = await newSubvolume(context);
  const file = 'rose-doctor.txt';
  const contents = 'rose-csi '.repeat(TEXT_BYTES).slice(0, TEXT_BYTES);
  const path = pathOf(context, subvolume, file);
  await need(context, 'making a file', ros`/file add name=${path} contents=${contents}`);
  const results = new Map<string, string>();
  for (const size of [TEXT_BYTES, 2 * TEXT_BYTES]) {
    const slot = context.scratch.slot();
    const added = await attempt(context, addItem(context, { subvolume, slot, size: BigInt(size), file }));
    const shown = added.accepted ? await readableSize(context, slot) : undefined;
    if (added.accepted) await need(context, 'removing a disk item', removeItem(slot));
    const found = await row(
      context.console,
      put(ros`[/file print detail as-value proplist=name,size,contents where name=${path}]`),
    );
    const kept = text(found, 'contents').startsWith(contents);
    results.set(
      String(size),
      added.accepted ? `shown as ${shown ?? 'nothing'}, contents ${kept ? 'kept' : 'lost'}` : added.words,
    );
  }
  const said = `a file of ${TEXT_BYTES} bytes, with ${[...results].map(([size, result]) => `file-size=${size}: ${result}`).join('; ')}`;
  const details = Object.fromEntries(results);
  return [...results.values()].every((result) => result.startsWith('refused'))
    ? fits(said, 'never sends file-size for a file that may exist', details)
    : differs(said, 'never sends file-size for a file that may exist, so nothing is lost', details);
}

async function allocation(context: PoolContext): Promise<Finding> {
  const { backend, timing } = context;
  const before = await freeOf(context);
  if (before === undefined) return untested('the free space cannot be read', 'refuses to make volumes then');
  const spare = before > backend.reserve ? before - backend.reserve : 0n;
  const size = spare / 4n > GIB ? GIB : (spare / 4n / MIB) * MIB;
  if (size < IMAGE_BYTES) {
    return untested('too little space is free for the test', 'counts with images that take all of their space');
  }
  const { slot } = await newImage(context, size);
  const fallen = await awaited(Math.min(timing.patienceMs, DRIVER_PATIENCE_MS), async () => {
    const free = await freeOf(context);
    return free !== undefined && before - free > size / 2n ? before - free : undefined;
  });
  await need(context, 'removing a disk item', removeItem(slot));
  const details = { 'image-bytes': String(size), 'taken-bytes': String(fallen?.value ?? 0n) };
  return fallen === undefined
    ? fits(
        'next to none: images are sparse',
        'checks that the space is free all the same. Watch the pool: it can fill up later',
        details,
      )
    : differs(
        'all of it: images are preallocated',
        'works: it checks that the space is free before it makes a volume',
        details,
      );
}
