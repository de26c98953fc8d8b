import { ros } from '../../routeros/index.ts';
import { isAtWork } from '../../storage/replication/decision.ts';
import type { PairCheck, PairContext } from '../check.ts';
import { differs, type Finding, fits, untested, unusable } from '../finding.ts';
import { addSubvolume, need, newSubvolume, pathOf } from '../objects.ts';
import { FILE, readsAs, textIn } from './proof.ts';
import { receive, receivingRows, type Sent, send } from './receiving.ts';

const NEVER = 'must not copy snapshots to it: copies would not hold the data. Please report this';
const NO_COPY =
  'could make no copies. Look at the words of the device in docs/guides/second-rds.md; it says what to try';

/** Whether copies of snapshots can be made on the replica of a pool, and hold the data. */
export const PAIR_CHECKS: readonly PairCheck[] = [
  // First, while no other test has added a row.
  { id: 'replica-rows', title: 'rows that receive', unknown: 'U30', needs: 'write', run: receiveRows },
  { id: 'replica', title: 'copy of a snapshot on the replica', unknown: 'U31', needs: 'write', run: wholeCopy },
  { id: 'replica-increment', title: 'incremental copy on the replica', needs: 'write', run: incrementalCopy },
  { id: 'replica-status', title: 'words of a transfer', unknown: 'U39', needs: 'write', run: words },
];

/** A snapshot of a new subvolume with a text in it. @throws Obstacle */
async function snapshotWith(context: PairContext, contents: string) {
  const source = await newSubvolume(context);
  const path = pathOf(context, source, FILE);
  await need(context, 'making a text file', ros`/file add name=${path} contents=${contents}`);
  await readsAs(context, source, contents);
  return { source, snapshot: await snapshotOf(context, source) };
}

async function snapshotOf(context: PairContext, source: string): Promise<string> {
  const snapshot = context.scratch.subvolume();
  await need(context, 'making a snapshot', addSubvolume(context, snapshot, source, true));
  return snapshot;
}

function saidOf({ statuses }: Sent): string {
  return statuses.map((status) => (status === '' ? 'nothing' : `"${status}"`)).join(', then ');
}

async function receiveRows(context: PairContext): Promise<Finding> {
  const use = 'adds a row when none is there that is not used up';
  const { snapshot } = await snapshotWith(context, 'x');
  const wereThere = (await receivingRows(context)).length > 0;
  if (!wereThere && (await send(context, snapshot)).copied) return differs('none is needed to receive', use);
  await receive(context);
  const first = await send(context, await snapshotOf(context, snapshot));
  if (!first.copied) return untested(`no copy came: the RDS said ${saidOf(first)}`, 'see the test of the copy');
  const second = await send(context, await snapshotOf(context, snapshot));
  if (!second.copied) return differs('a row is good for one transfer', use);
  return fits(wereThere ? 'one was there, and is good for several' : 'one is needed, and good for several', use);
}

async function wholeCopy(context: PairContext): Promise<Finding> {
  const { scratch, far, transfer } = context;
  const expected = `copied ${scratch.run}`;
  const { snapshot } = await snapshotWith(context, expected);
  await receive(context);
  const sent = await send(context, snapshot);
  if (!sent.copied) return unusable(`no copy came: the RDS said ${saidOf(sent)}`, NO_COPY);
  // No name of a copy.
  const clone = scratch.subvolume();
  far.scratch.enter('subvolume', clone);
  await need(far, 'cloning the copy', addSubvolume(far, clone, snapshot));
  for (const [what, subvolume] of [
    ['the copy', `${transfer.prefix}${snapshot}`],
    ['its clone', clone],
  ] as const) {
    if ((await readsAs(far, subvolume, expected)) === undefined) {
      return unusable(`${what} has ${JSON.stringify(scratch.plain(await textIn(far, subvolume)))}`, NEVER);
    }
  }
  return fits(
    'a copy came, read-only and with the uuid of its original; it and a clone of it read back right',
    'copies snapshots just so, and restores from them',
    { bytes: sent.bytes, ms: sent.ms },
  );
}

async function incrementalCopy(context: PairContext): Promise<Finding> {
  const { scratch, far, transfer } = context;
  const [before, after] = [`before ${scratch.run}`, `after ${scratch.run}`];
  const { source, snapshot } = await snapshotWith(context, before);
  const path = pathOf(context, source, FILE);
  await need(context, 'removing the text', ros`/file remove [find where name=${path}]`);
  await need(context, 'changing the text', ros`/file add name=${path} contents=${after}`);
  await readsAs(context, source, after);
  const second = await snapshotOf(context, source);
  await receive(context);
  const whole = await send(context, snapshot);
  if (!whole.copied) return untested(`no copy came: the RDS said ${saidOf(whole)}`, 'see the test of the copy');
  await receive(context);
  const little = await send(context, second, snapshot);
  if (!little.copied) return unusable(`the second one did not come: the RDS said ${saidOf(little)}`, NO_COPY);
  for (const [name, expected] of [
    [snapshot, before],
    [second, after],
  ] as const) {
    const copy = `${transfer.prefix}${name}`;
    if ((await readsAs(far, copy, expected)) === undefined) {
      return unusable(`a copy has ${JSON.stringify(scratch.plain(await textIn(far, copy)))}`, NEVER);
    }
  }
  return fits('both copies read back right', 'sends what is different to a snapshot that both sides have', {
    'whole-bytes': whole.bytes,
    'increment-bytes': little.bytes,
  });
}

async function words(context: PairContext): Promise<Finding> {
  const { snapshot } = await snapshotWith(context, 'x');
  await receive(context);
  const sent = await send(context, snapshot);
  const use = 'decides by what is on the replica; these words only tell it when to wait';
  if (!sent.copied) return untested(`no copy came: the RDS said ${saidOf(sent)}`, use);
  const [last = '', ...others] = sent.statuses.toReversed();
  const isKnown = last === 'done' && others.every(isAtWork);
  return (isKnown ? fits : differs)(`said ${saidOf({ ...sent, statuses: [last] })} in the end`, use, {
    all: sent.statuses.join(', '),
  });
}
