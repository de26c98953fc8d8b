import { flag, type JsonRow, put, ros, text } from '../../routeros/index.ts';
import type { PoolCheck, PoolContext } from '../check.ts';
import { type Finding, fits, untested, unusable } from '../finding.ts';
import {
  addItem,
  addSubvolume,
  attempt,
  IMAGE_BYTES,
  need,
  newImage,
  newSubvolume,
  Obstacle,
  pathOf,
  readableSize,
  removeItem,
  removeSubvolume,
  setItem,
} from '../objects.ts';
import { percentile } from '../percentile.ts';
import { awaited, row } from '../script.ts';

/** Name of the text file in a scratch subvolume. */
export const FILE = 'rose-doctor.txt';
const SNAPSHOTS = 5;

const INSTEAD = 'cannot be proven this way: restore a claim as described below';
const NEVER = 'must not be used here: snapshots would not hold the data. Please report this';

/** Whether snapshots hold data, with as little as can be had without an initiator. */
export const PROOF_CHECKS: readonly PoolCheck[] = [
  { id: 'proof-text', title: 'snapshot and clone keep the text', needs: 'write', run: proofOfText },
  { id: 'proof-image', title: 'snapshot and clone of an image', needs: 'write', run: proofOfImage },
  { id: 'snapshot-time', title: 'time of a snapshot', needs: 'write', run: snapshotTime },
];

async function proofOfText(context: PoolContext): Promise<Finding> {
  const { scratch } = context;
  const [before, after] = [`before ${scratch.run}`, `after ${scratch.run}`];
  const source = await newSubvolume(context);
  const [snapshot, clone] = [scratch.subvolume(), scratch.subvolume()];
  const path = pathOf(context, source, FILE);
  await need(context, 'making a text file', ros`/file add name=${path} contents=${before}`);
  if ((await readsAs(context, source, before)) === undefined) {
    return untested('the text of a file cannot be read back', INSTEAD);
  }
  await need(context, 'making a snapshot', addSubvolume(context, snapshot, source, true));
  // In place where the device does that, as an initiator writes; else by removing and making it again.
  await need(
    context,
    'changing the text',
    ros`:onerror xE in={/file set [find where name=${path}] contents=${after}} do={
      /file remove [find where name=${path}]; /file add name=${path} contents=${after}}`,
  );
  await need(context, 'cloning the snapshot', addSubvolume(context, clone, snapshot));
  if ((await readsAs(context, source, after)) === undefined) {
    return untested('the change of a text does not become readable', INSTEAD);
  }
  const copies = [
    ['the snapshot', snapshot],
    ['the clone', clone],
  ] as const;
  const wrong = await wrongTexts(context, copies, before);
  if (wrong !== '') return unusable(`once the original was changed, ${wrong}`, NEVER);
  const frozen = await attempt(context, ros`/file add name=${pathOf(context, snapshot, 'second.txt')} contents="x"`);
  await need(context, 'removing the original', removeSubvolume(context, source));
  const orphaned = await wrongTexts(context, copies, before);
  if (orphaned !== '') return unusable(`once the original was removed, ${orphaned}`, NEVER);
  return frozen.accepted
    ? unusable(
        'all texts are right, but the snapshot could be written to',
        'needs snapshots that cannot. Please report this',
      )
    : fits(
        'all three read back right, also once the original is gone; the snapshot is read-only',
        'makes snapshots and restores just so',
      );
}

/** Which copies do not hold the text that they must; empty when all do. */
async function wrongTexts(
  context: PoolContext,
  copies: readonly (readonly [string, string])[],
  expected: string,
): Promise<string> {
  const wrong: string[] = [];
  for (const [what, subvolume] of copies) {
    if ((await readsAs(context, subvolume, expected)) === undefined) {
      wrong.push(`${what} has ${JSON.stringify(context.scratch.plain(await textIn(context, subvolume)))}`);
    }
  }
  return wrong.join('; ');
}

/** Waits until the file in a subvolume reads so; undefined when it does not. */
export async function readsAs(context: PoolContext, subvolume: string, expected: string) {
  return awaited(context.timing.patienceMs, async () =>
    (await textIn(context, subvolume)) === expected ? true : undefined,
  );
}

/** The text in a scratch subvolume. */
export async function textIn(context: PoolContext, subvolume: string): Promise<string> {
  const path = pathOf(context, subvolume, FILE);
  const found = await row(
    context.console,
    put(ros`[/file print detail as-value proplist=name,contents where name=${path}]`),
  );
  return text(found, 'contents').trimEnd();
}

async function proofOfImage(context: PoolContext): Promise<Finding> {
  const { scratch } = context;
  const source = await newImage(context);
  const [snapshot, clone] = [scratch.subvolume(), scratch.subvolume()];
  const slot = scratch.slot();
  await need(context, 'making a snapshot', addSubvolume(context, snapshot, source.subvolume, true));
  // Changed after the snapshot, so that the clone shows which state it has.
  const grown = await attempt(context, setItem(source.slot, ros`file-size=${2n * IMAGE_BYTES}`));
  await need(context, 'cloning the snapshot', addSubvolume(context, clone, snapshot));
  await need(context, 'attaching the clone', addItem(context, { subvolume: clone, slot }));
  const size = await readableSize(context, slot);
  const rows = await snapshotRows(context, snapshot);
  const said = `the clone of an image of ${IMAGE_BYTES} bytes shows ${size ?? 0}`;
  const details = {
    'image-bytes': String(IMAGE_BYTES),
    'clone-bytes': String(size ?? 0n),
    'source-grown': grown.accepted,
  };
  if (size !== IMAGE_BYTES) {
    return unusable(said, 'checks this at each restore and would refuse it. Please report this', details);
  }
  if (!rows.some((found) => flag(found, 'read-only'))) {
    return unusable('the snapshot is not read-only', 'needs that. Please report this', details);
  }
  await need(context, 'removing the item of the original', removeItem(source.slot));
  await need(context, 'removing the item of the clone', removeItem(slot));
  return fits(
    `${said}${grown.accepted ? ', though the original has grown since' : ''}`,
    'restores and clones just so',
    details,
  );
}

async function snapshotRows({ console, label }: PoolContext, name: string): Promise<readonly JsonRow[]> {
  return console.run(
    ros`:foreach xR in=[/disk/btrfs/subvolume print detail as-value proplist=name,read-only where fs=${label} and name=${name}] do={${put(ros`$xR`)}}`,
  );
}

async function snapshotTime(context: PoolContext): Promise<Finding> {
  const { console, scratch } = context;
  const { subvolume } = await newImage(context);
  const times: number[] = [];
  for (let count = 0; count < SNAPSHOTS; count += 1) {
    const answer = await console.send(addSubvolume(context, scratch.subvolume(), subvolume, true));
    const words = answer.output.toString('utf8').trim();
    if (words !== '') throw new Obstacle(`making a snapshot failed: ${scratch.plain(words)}`);
    times.push(answer.ms);
  }
  const details = { n: times.length, 'p50-ms': percentile(times, 50), 'longest-ms': percentile(times, 100) };
  return fits(
    `p50 ${details['p50-ms']} ms, longest ${details['longest-ms']} ms, n ${details.n}, of an idle image`,
    'takes this long, whatever the size, plus what is not yet on disk',
    details,
  );
}
