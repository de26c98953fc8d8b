import { printSize } from '../../src/failures/print-size.ts';
import { fromSnapshot, GiB } from '../support/requests.ts';
import { until } from '../support/until.ts';
import { callsOf } from './calls.ts';
import { Content, difference, writePattern } from './content.ts';
import type { Steps } from './steps.ts';
import { type Outcome, RANGES } from './story.ts';
import type { TwoRds } from './two-rds.ts';

const BYTES = 10n * GiB;
/** The parameters of the StorageClass of each RDS. */
const CLASS_1 = { parameters: { backend: 'rds1', pool: 'pool' } };
const CLASS_2 = { parameters: { backend: 'rds2', pool: 'copies' } };

/** What the story of two RDS found. */
export interface OutcomeOfTwo extends Outcome {
  /** Bytes that were sent for each snapshot, in the order of their making. */
  readonly sentBytes: readonly number[];
}

/** A snapshot outlives its RDS: docs/guides/second-rds.md, from the keys to the end of RDS 1 and of the copies. */
export async function tellOfTwo(two: TwoRds, steps: Steps, show: (text: string) => void): Promise<OutcomeOfTwo> {
  const withA = new Content().overwrittenWith('A', RANGES);
  const withB = withA.overwrittenWith('B', RANGES.slice(0, 1));
  const first = two.api(1);
  const before = callsOf(two.controller);

  const source = await steps.run('RDS 1: create a volume of 10 GiB', () => before.create('source', BYTES, CLASS_1));
  const nqn = await steps.run('publish it to a node', () => before.publish(source));
  await steps.run('write 64 MiB of pattern A in eight places', () => writePattern(first, nqn, 'A', withA.ranges()));
  const older = await steps.run('snapshot 1, while the volume is in use', () => before.takeSnapshot('older', source));
  await steps.run('overwrite 8 MiB with pattern B', () => writePattern(first, nqn, 'B', RANGES.slice(0, 1)));
  const newest = await steps.run('snapshot 2, while the volume is in use', async () => {
    // Of two snapshots of the same second nothing says which is the older one, and is sent first.
    const nextSecond = Number((older.creationTime?.seconds ?? 0n) + 1n) * 1000;
    await until(async () => Date.now() >= nextSecond);
    return await before.takeSnapshot('newest', source);
  });

  await steps.run('RDS 2: an account that receives; RDS 1: its key', () => two.exchangeKeys());
  // The controller looks for snapshots without a copy when it starts, and then once a minute: so both are there before. It says that
  // one has its copy when it has removed the row of the transfer, and removes nothing for 11 s from its start
  // (docs/decisions/0017-late-writes.md).
  await steps.run('give the pool a replica, restart the controller', () => two.addReplica());
  const sent: bigint[] = [];
  const arrives = async (name: string, { snapshotId }: { snapshotId: string }) => {
    const bytes = await steps.run(name, () => two.copied(snapshotId));
    sent.push(bytes);
    show(`    ${printSize(bytes)} sent\n`);
  };
  await arrives('snapshot 1 is sent to RDS 2 in full, 11 s after the restart', older);
  await arrives('snapshot 2 follows, incrementally', newest);

  await steps.run('RDS 1 is switched off: its process is killed', () => two.switchOffFirst());
  const copies = [older, newest].map(({ snapshotId }) => snapshotId.replace(/^rds1:/, 'rds2:'));
  await steps.run('rose-csi replicas ls: RDS 1 is silent, RDS 2 has both copies', () => seen(two, copies));

  const { create, publish, unpublish } = callsOf(two.controller);
  const second = two.api(2);
  const compare = async (name: string, volume: Awaited<ReturnType<typeof create>>, content: Content) => {
    const target = await steps.run(`publish ${name}`, () => publish(volume));
    const found = await steps.run(`compare every byte of ${name}`, () => difference(second, target, content));
    await steps.run(`unpublish ${name}`, () => unpublish(volume));
    return found;
  };
  const restored = await steps.run('RDS 2: a claim restores snapshot 2 of RDS 1', () =>
    create('restored', BYTES, { ...fromSnapshot(newest.snapshotId), ...CLASS_2 }),
  );
  const wrong = [await compare('the restored volume', restored, withB)];

  const adopted = await steps.run('rose-csi replicas adopt: both copies, for a new cluster', () => adopt(two, copies));
  const [adoptedFirst = ''] = adopted;
  const again = await steps.run('RDS 2: a claim restores the adopted copy of snapshot 1', () =>
    create('restored-adopted', BYTES, { ...fromSnapshot(adoptedFirst), ...CLASS_2 }),
  );
  wrong.push(await compare('the volume of the adopted copy', again, withA));

  await steps.run('delete the adopted snapshots, and with them the copies', async () => {
    for (const snapshotId of adopted) await two.controller.deleteSnapshot({ snapshotId });
  });
  await steps.run('delete the restored volumes', async () => {
    for (const { volumeId } of [restored, again]) await two.controller.deleteVolume({ volumeId });
  });
  const leaked = await steps.run('look at what is left in the pool of RDS 2', async () =>
    (await second.pools()).flatMap(({ subvolumes, strayFiles }) => [...subvolumes, ...strayFiles]),
  );
  return { difference: wrong.find((found) => found !== undefined), leaked, sentBytes: sent.map(Number) };
}

/** @throws Error unless `ls` says that RDS 1 does not answer, and shows these copies. */
async function seen(two: TwoRds, copies: readonly string[]): Promise<void> {
  const { code, stdout } = await two.replicas('ls', '--json');
  const { pairs } = JSON.parse(stdout) as {
    pairs: { problems: string[]; snapshots: { copyId: string; state: string }[] }[];
  };
  const isSilent = code === 2 && pairs.some(({ problems }) => problems.some((one) => one.startsWith('rds1: ')));
  const shown = pairs.flatMap(({ snapshots }) => snapshots);
  const areThere = copies.every((id) =>
    shown.some(({ copyId, state }) => copyId === id && state === 'unknown original'),
  );
  if (!isSilent || !areThere) throw new Error(`replicas ls ended with ${code} and printed ${stdout}`);
}

/** @returns the ids of the snapshots that the manifests bring into a cluster. */
async function adopt(two: TwoRds, copies: readonly string[]): Promise<string[]> {
  const { code, stdout } = await two.replicas('adopt', '--json', ...copies);
  if (code !== 0) throw new Error(`replicas adopt ended with ${code} and printed ${stdout}`);
  const { items } = JSON.parse(stdout) as {
    items: { kind: string; spec: { source: { snapshotHandle?: string } } }[];
  };
  const handles = items.flatMap(({ spec }) => spec.source.snapshotHandle ?? []);
  if (handles.join() !== copies.join()) throw new Error(`replicas adopt printed ${stdout}`);
  return handles;
}
