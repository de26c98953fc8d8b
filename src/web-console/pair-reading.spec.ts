import assert from 'node:assert/strict';
import { test } from 'node:test';
import { StorageError } from '../storage/errors.ts';
import type { Transfer } from '../storage/replication/decision.ts';
import type { ReplicaPair } from '../storage/replication/pair.ts';
import { named, original, copy as received } from '../storage/replication/replication.fixture.ts';
import type { BackendState } from './backend-reading.ts';
import { PairReader } from './pair-reading.ts';
import { answering, contents, lost } from './readings.fixture.ts';

const signal = new AbortController().signal;

/** A row as the RDS has it. */
type Row = Omit<Transfer, 'isStill'> & { readonly id: string };
const ROW: Row = { id: '*1', name: named(2, {}).name, isOurs: true, status: 'running', bytes: 10n };

/** A pair with two originals, one of which has a copy, and a clock; what it sends is asked of the near RDS. */
function pair() {
  const state = { now: 0, asked: 0, rows: [ROW] as readonly Row[] | undefined };
  const run = async () => {
    state.asked += 1;
    if (state.rows === undefined) throw new StorageError('RDS-REFUSED', 'rds1', 'no such command');
    return state.rows;
  };
  const [from, to] = [
    { name: 'rds1', rds: { run } },
    { name: 'rds2', rds: {} },
  ];
  const read = { from, pool: { label: 'pool' }, to, replica: { label: 'copies' } } as unknown as ReplicaPair;
  const originals = [original(1, {}), original(2, {})];
  const backends = (change: Readonly<Record<string, (state: BackendState) => BackendState>> = {}) =>
    ['rds1', 'rds2'].map((name) => {
      const lists = {
        originals: new Map(name === 'rds1' ? [['pool', originals]] : []),
        received: new Map(name === 'rds2' ? [['copies', [received(original(1, {})), received(original(3, {}))]]] : []),
      };
      const answers = answering({ ...contents([], []), ...lists }, name);
      return change[name]?.(answers) ?? answers;
    });
  return { state, backends, reader: new PairReader(read, () => state.now) };
}

test('a transfer stands still when readings of two minutes have found it where it was', async () => {
  const { reader, state, backends } = pair();
  const isStill = async () => (await reader.read(backends(), signal)).isStill;
  assert.equal(await isStill(), false);
  state.now = 119_000;
  assert.equal(await isStill(), false);
  state.now = 121_000;
  assert.equal(await isStill(), true);
  state.rows = [{ ...ROW, bytes: 11n }];
  assert.equal(await isStill(), false);
});

test('a transfer that says it has failed is left to the driver, which sends again', async () => {
  const { reader, state, backends } = pair();
  state.rows = [{ ...ROW, status: 'error: no route to host' }];
  await reader.read(backends(), signal);
  state.now = 200_000;
  assert.equal((await reader.read(backends(), signal)).isStill, false);
});

test('what is being sent costs one question, and none while the RDS of the pool is away', async () => {
  const { reader, state, backends } = pair();
  const states = async (...args: Parameters<typeof backends>) =>
    (await reader.read(backends(...args), signal)).snapshots.map((one) => one.state).toSorted();
  assert.deepEqual(await states(), ['alone', 'copied', 'sending']);
  assert.equal(state.asked, 1);
  assert.deepEqual(await states({ rds1: lost }), ['copied', 'missing', 'unknown original']);
  assert.equal(state.asked, 1);
  assert.deepEqual(await states({ rds2: lost }), ['alone', 'copied', 'sending']);
  state.rows = [];
  assert.deepEqual(await states({ rds2: lost }), ['alone', 'copied', 'unknown']);
  assert.deepEqual(await states({ rds2: () => lost(answering(undefined, 'rds2')) }), ['unknown', 'unknown']);
});

test('a list of transfers that fails leaves the rest to be seen, and is said', async () => {
  const { reader, state, backends } = pair();
  state.rows = undefined;
  const { error, sending, snapshots } = await reader.read(backends(), signal);
  assert.deepEqual([error?.code, sending, snapshots.length], ['RDS-REFUSED', undefined, 3]);
});
