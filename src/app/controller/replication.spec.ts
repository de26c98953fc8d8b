import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { createLogger } from '../../observability/log.ts';
import { noMetrics } from '../../observability/metrics.ts';
import type { PairStatus, Replicator } from '../../storage/replication/replicator.ts';
import { type ClusterReplicas, Replication } from './replication.ts';

const COPIED: PairStatus = {
  oldestUncopied: undefined,
  newestCopy: undefined,
  originals: 0,
  copies: 0,
  missing: [],
  sending: undefined,
  readMs: 0,
  taken: [],
};
const SENDING: PairStatus = { ...COPIED, sending: { name: 'snap-1', bytes: 0n, status: '' } };

/** Passes that find what they are told, by a clock that only the test moves. */
function start(t: TestContext, first: PairStatus = COPIED, tasks?: Partial<ClusterReplicas>) {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const found: { status: PairStatus | Error } = { status: first };
  let passes = 0;
  const replicator = {
    pair: { from: { name: 'rds1' }, pool: { label: 'pool' }, to: { name: 'rds2' }, replica: { label: 'copies' } },
    async pass() {
      passes += 1;
      if (found.status instanceof Error) throw found.status;
      return found.status;
    },
  } as unknown as Replicator;
  const replication = new Replication(replicator, {
    logger: createLogger('fatal'),
    metrics: noMetrics,
    tasks: tasks && {
      copied() {},
      failed() {},
      taken() {},
      looked() {},
      leads: async () => true,
      isNeeded: async () => false,
      ...tasks,
    },
  });
  const stopping = new AbortController();
  const running = replication.run(stopping.signal);
  t.after(async () => {
    stopping.abort();
    await running;
  });
  return {
    found,
    /** How many passes there have been when so many milliseconds have gone by. */
    async after(ms: number) {
      await turn();
      t.mock.timers.tick(ms);
      await turn();
      return passes;
    },
    note: (pool = 'pool', backend = 'rds1') =>
      replication.note({ place: { backend, pool, subvolume: 'snap-1', sourceSlot: '' } }),
  };
}

test('a snapshot that is made ends the pause, and as many as one likes give one pass', async (t) => {
  const { after, note } = start(t);
  assert.equal(await after(10_000), 1);
  for (let made = 0; made < 100; made += 1) note();
  assert.equal(await after(0), 2);
  for (let made = 0; made < 100; made += 1) note();
  assert.equal(await after(199), 2, 'between two passes there is a pause in any case');
  assert.equal(await after(1), 3);
  assert.equal(await after(59_999), 3);
  assert.equal(await after(1), 4);
});

test('where reading takes long, snapshots that are made do not make it more frequent', async (t) => {
  const { after, note } = start(t, { ...COPIED, readMs: 2000 });
  assert.equal(await after(10_000), 1);
  note();
  assert.equal(await after(9_999), 1);
  assert.equal(await after(1), 2);
});

test('where reading takes long, a transfer is looked at less often, too', async (t) => {
  const { after } = start(t, { ...SENDING, readMs: 1000 });
  assert.equal(await after(3999), 1);
  assert.equal(await after(1), 2);
});

test('a snapshot in another pool, or on another backend, ends no pause', async (t) => {
  const { after, note } = start(t);
  await after(10_000);
  note('other');
  note('pool', 'rds2');
  assert.equal(await after(10_000), 1);
});

test('a snapshot ends no pause in the process that does not lead, nor when the last pass failed', async (t) => {
  let leads = false;
  const { after, note, found } = start(t, COPIED, { leads: async () => leads });
  note();
  assert.equal(await after(30_000), 0);
  note();
  assert.equal(await after(29_999), 0);
  leads = true;
  found.status = new Error('no answer');
  assert.equal(await after(1), 1);
  note();
  assert.equal(await after(59_000), 1);
});

test('a transfer is looked at soon after it has begun, then ever less often, and the next one soon again', async (t) => {
  const { after, found } = start(t, SENDING);
  assert.equal(await after(0), 1);
  const pauses = [200, 400, 800, 1600, 2000, 2000];
  for (const [at, ms] of pauses.entries()) {
    assert.equal(await after(ms - 1), at + 1, `${ms}`);
    assert.equal(await after(1), at + 2, `${ms}`);
  }
  found.status = { ...SENDING, sending: { name: 'snap-2', bytes: 0n, status: '' } };
  assert.equal(await after(2000), 8);
  assert.equal(await after(200), 9);
});
