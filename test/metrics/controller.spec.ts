/** What a scrape of a controller tells, from gRPC to the RDS. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { createServer } from 'node:net';
import { type TestContext, test } from 'node:test';
import manifest from '../../package.json' with { type: 'json' };
import { openBackend, type Patience } from '../../src/app/backends.ts';
import { type BackendListener, pollBackend } from '../../src/app/controller/backend-poller.ts';
import { startController } from '../../src/app/controller/controller.ts';
import { poolMetrics } from '../../src/app/controller/pool-metrics.ts';
import { watchBackend } from '../../src/app/events/backend-watch.ts';
import { loadConfig } from '../../src/config/load.ts';
import { createLogger } from '../../src/observability/log.ts';
import { serveMetrics } from '../../src/observability/metrics-server.ts';
import { prometheusMetrics } from '../../src/observability/prometheus.ts';
import { defaultRetryPolicy } from '../../src/routeros/index.ts';
import type { Row } from '../../src/simulator/console/menu.ts';
import { startSimulator } from '../../src/simulator/simulate.ts';
import type { Backend } from '../../src/storage/backend.ts';
import { callWithin } from '../../src/storage/call.ts';
import { identity } from '../../src/storage/ids.ts';
import { readPools } from '../../src/storage/pool-reading.ts';
import { startFixture } from '../events/fixture.ts';
import { MiB, makeSnapshot, makeVolume, outcome, volumeName } from '../support/calls.ts';
import { change, showRows } from '../support/console.ts';
import { Faults } from '../support/faults.ts';
import { pattern, write } from '../support/images.ts';
import { smallPool, twoPools } from '../support/pools.ts';
import { receive } from '../support/received.ts';
import { type Stack, startStack } from '../support/stack.ts';
import { until } from '../support/until.ts';
import { Wire } from '../support/wire.ts';
import { METRICS_ON, type Scrape, scrape, scrapeUntil } from './scrape.ts';

const RDS1 = { backend: 'rds1' };
const POOL = { ...RDS1, pool: 'pool' };
const logger = createLogger('fatal');

/** As the real one, in a shorter time. */
const patience: Patience = {
  retryPolicy: {
    rules: defaultRetryPolicy.rules.map((rule) => ({ ...rule, firstPauseMs: 1, maxPauseMs: 5 })),
    budgetMs: 60_000,
  },
  breaker: { failures: 5, firstBreakMs: 50, maxBreakMs: 50 },
};

const wasRead = (found: Scrape) => found.value('poolReadings', { ...RDS1, outcome: 'done' }) === 1;

test('calls and commands are counted and timed, each by how it ended', async (t) => {
  const { controller, metricsPort } = await startStack(t, { config: METRICS_ON });
  const before = await scrapeUntil(metricsPort, wasRead);
  const volumeId = await makeVolume(controller);
  await makeVolume(controller);
  assert.equal(await outcome(controller.controllerGetVolume({ volumeId: `rds1:${volumeName()}` })), 'NOT_FOUND');
  const sourceVolumeId = `rds1:${volumeName()}`;
  assert.equal(await outcome(controller.createSnapshot({ name: volumeName(), sourceVolumeId })), 'NOT_FOUND');
  await controller.deleteVolume({ volumeId });

  const after = await scrape(metricsPort);
  assert.equal(after.value('buildInfo', { component: 'controller', version: manifest.version }), 1);
  const rpcs = (method: string, code: string) => after.value('rpcs', { method, code });
  assert.deepEqual(
    [rpcs('CreateVolume', 'OK'), rpcs('ControllerGetVolume', 'NOT_FOUND'), rpcs('CreateSnapshot', 'NOT_FOUND')],
    [2, 1, 1],
  );
  assert.deepEqual(
    [rpcs('DeleteVolume', 'OK'), rpcs('DeleteVolume', 'INTERNAL'), rpcs('DeleteVolume', 'ABORTED')],
    [1, 0, undefined],
  );
  assert.equal(after.count('rpcSeconds', { method: 'CreateVolume', code: 'OK' }), 2);
  const execs = (found: Scrape, how: string) => found.value('execs', { ...RDS1, outcome: how }) ?? 0;
  assert.equal(execs(after, 'ok') - execs(before, 'ok'), 4);
  assert.equal(execs(after, 'refused') - execs(before, 'refused'), 1, 'a snapshot of what is not there');
  const timed = (found: Scrape) => found.count('execSeconds', RDS1) ?? 0;
  assert.equal(timed(after) - timed(before), 5);
  assert.ok((after.value('processMemory') ?? 0) > 2 ** 24 && (after.value('processCpu') ?? 0) > 0);
  assert.ok((after.value('processStart') ?? 0) <= Date.now() / 1000);
});

test('a scrape asks no RDS, however often it comes', async (t) => {
  const { api, metricsPort } = await startStack(t, { config: METRICS_ON });
  await scrapeUntil(metricsPort, wasRead);
  const execs = await api.execs();
  await Promise.all(Array.from({ length: 20 }, () => scrape(metricsPort)));
  assert.equal(await api.execs(), execs);
});

test('without a place for metrics a controller measures nothing and reads no pool', async (t) => {
  const { api, metricsPort } = await startStack(t);
  assert.equal(metricsPort, undefined);
  assert.equal(await api.execs(), 1, 'the look at start');
});

/** The backends of a stack, over connections of their own. */
async function backendsOf(t: TestContext, { configFile }: Stack): Promise<readonly Backend[]> {
  const config = await loadConfig(configFile);
  const { owners } = identity(config.driverName, config.clusterId, config.adoptedClusterIds);
  const backends = config.backends.map((backend) => openBackend(backend, { owners, logger, patience }));
  t.after(() => Promise.all(backends.map(({ rds }) => rds.close())));
  return backends;
}

/** Reads the pools of a stack's RDS by a clock of the test, which others may listen to. @returns the port to scrape */
async function readPoolsOf(
  t: TestContext,
  stack: Stack,
  now: () => number,
  others: (backend: Backend) => BackendListener[] = () => [],
): Promise<number> {
  const metrics = prometheusMetrics();
  const server = await serveMetrics(metrics, { address: '127.0.0.1', port: 0 });
  const stopping = new AbortController();
  const polls = (await backendsOf(t, stack)).map((backend) =>
    pollBackend(backend, {
      listeners: [poolMetrics(backend, metrics), ...others(backend)],
      lookMs: 5,
      inventories: true,
      volumes: false,
      running: () => new Set(),
      refusedAt: () => Number.NEGATIVE_INFINITY,
      logger,
      signal: stopping.signal,
      now,
    }),
  );
  t.after(async () => {
    stopping.abort();
    await Promise.all([server.close(), ...polls]);
  });
  return server.port;
}

/** Time stands. */
const ONCE = () => 0;
/** A millisecond is an hour. */
const AGAIN = () => performance.now() * 3_600_000;

test('a pool is reported with its space, what it has promised, and what is in it', async (t) => {
  const stack = await startStack(t, smallPool(64n * MiB, '16MiB'));
  const [one, two] = [await makeVolume(stack.controller, 8n * MiB), await makeVolume(stack.controller, 4n * MiB)];
  for (const source of [one, one, one, two]) await makeSnapshot(stack.controller, source);
  const another = await stack.anotherController({ clusterId: 'another-cluster' });
  await makeVolume(another, 2n * MiB);
  await write(stack, one, 0, pattern('written', 4 * 2 ** 20));
  const execs = await stack.api.execs();
  const begin = Date.now() / 1000;
  const port = await readPoolsOf(t, stack, ONCE);
  const found = await scrapeUntil(port, wasRead);
  assert.deepEqual(
    (['poolSize', 'poolFree', 'poolReserve', 'poolPromised'] as const).map((key) => found.value(key, POOL)),
    [64, 60, 16, 14].map((mebibytes) => mebibytes * 2 ** 20),
  );
  assert.deepEqual(
    (['poolVolumes', 'poolSnapshots', 'poolMostSnapshots'] as const).map((key) => found.value(key, POOL)),
    [2, 4, 3],
    'those of the other cluster are not ours',
  );
  const at = found.value('poolReadingTime', RDS1) ?? 0;
  assert.ok(at >= begin && at <= Date.now() / 1000);
  assert.equal((await stack.api.execs()) - execs, 3, 'space and counts, and of the inventory promises and snapshots');
});

test('metrics and Events share what is read: an RDS that is idle sees one exec for each reading', async (t) => {
  const fixture = await startFixture(t, { config: METRICS_ON });
  await scrapeUntil(fixture.metricsPort, wasRead);
  assert.equal(await fixture.api.execs(), 5, 'the look at start, a reading, the two of an inventory, and the volumes');

  let nowMs = 0;
  const driver = { apiVersion: 'storage.k8s.io/v1', kind: 'CSIDriver', name: 'rds.rose-csi.io' } as const;
  const watch = { recorder: { record: () => undefined }, driver, lastingMs: 60_000 };
  const port = await readPoolsOf(
    t,
    fixture,
    () => nowMs,
    (backend) => [watchBackend(backend, watch)],
  );
  await scrapeUntil(port, wasRead);
  const execs = await fixture.api.execs();
  for (let reading = 2; reading <= 12; reading += 1) {
    nowMs += 300_000;
    await scrapeUntil(port, (found) => found.value('poolReadings', { ...RDS1, outcome: 'done' }) === reading);
  }
  assert.equal((await fixture.api.execs()) - execs, 11);
});

test('a call that is refused for lack of room has the pools read again, also without Events', async (t) => {
  const stack = await startStack(t, { ...smallPool(64n * MiB, '16MiB'), config: METRICS_ON, patience });
  await scrapeUntil(stack.metricsPort, wasRead);
  assert.equal(await outcome(makeVolume(stack.controller, 256n * MiB)), 'RESOURCE_EXHAUSTED');
  await scrapeUntil(stack.metricsPort, (found) => found.value('poolReadings', { ...RDS1, outcome: 'done' }) === 2);
});

test('the pools of an RDS were read row by row: 1000 snapshots make the answer longer by digits only', async (t) => {
  const stack = await startStack(t);
  await makeSnapshot(stack.controller, await makeVolume(stack.controller, MiB));
  let copies = 0;
  showRows(stack.simulator, '/disk/btrfs/subvolume', (rows) => {
    const snapshot = rows.find((row) => String(row.props.get('name')).startsWith('snap-')) as Row;
    return [...rows, ...Array.from({ length: copies }, (_, index) => ({ ...snapshot, id: `*F${index}` }))];
  });
  const [backend] = await backendsOf(t, stack);
  assert.ok(backend !== undefined);
  const read = async () => {
    const before = await stack.api.counters();
    const [pool] = await readPools(backend, callWithin(30_000));
    const { execs, outputBytes } = await stack.api.counters();
    return { snapshots: pool?.snapshots, execs: execs - before.execs, bytes: outputBytes - before.outputBytes };
  };
  const few = await read();
  copies = 999;
  assert.deepEqual(few, { ...few, snapshots: 1, execs: 1 });
  assert.deepEqual(await read(), { snapshots: 1000, execs: 1, bytes: few.bytes + '1000'.length - '1'.length });
});

test('an empty pool holds nothing, which is known', async (t) => {
  const { metricsPort } = await startStack(t, { config: METRICS_ON });
  const found = await scrapeUntil(metricsPort, wasRead);
  const counts = (['poolVolumes', 'poolSnapshots', 'poolMostSnapshots', 'poolPromised'] as const).map((key) =>
    found.value(key, POOL),
  );
  assert.deepEqual(counts, [0, 0, 0, 0]);
});

test('copies are not counted, but for a half one of a volume, which nothing in its row tells from one', async (t) => {
  const stack = await startStack(t, twoPools);
  const volumeId = await makeVolume(stack.controller, MiB, { parameters: { pool: 'pool' } });
  const snapshots = [await makeSnapshot(stack.controller, volumeId), await makeSnapshot(stack.controller, volumeId)];
  for (const [index, id] of [volumeId, ...snapshots].entries()) await receive(stack, id, index === 1);
  const found = await scrapeUntil(await readPoolsOf(t, stack, ONCE), wasRead);
  const counts = ['pool', 'cold'].map((pool) =>
    (['poolVolumes', 'poolSnapshots', 'poolMostSnapshots'] as const).map((key) => found.value(key, { ...RDS1, pool })),
  );
  assert.deepEqual(counts, [
    [1, 2, 2],
    [1, 0, 0],
  ]);
});

test('of a pool that is gone nothing is reported, nor of its neighbour on the same RDS, until it is back', async (t) => {
  const stack = await startStack(t, twoPools);
  let gone = false;
  showRows(stack.simulator, '/disk', (rows) => rows.filter((row) => !(gone && row.props.get('fs-label') === 'cold')));
  const port = await readPoolsOf(t, stack, AGAIN);
  const told = (found: Scrape) =>
    ['pool', 'cold'].map((pool) => found.value('poolFree', { ...RDS1, pool })).filter((free) => free !== undefined);
  const healthy = await scrapeUntil(port, (found) => told(found).length === 2);
  const lastTime = healthy.value('poolReadingTime', RDS1);
  gone = true;
  const found = await scrapeUntil(port, (now) => (now.value('poolReadings', { ...RDS1, outcome: 'failed' }) ?? 0) > 0);
  assert.deepEqual(told(found), []);
  assert.ok((found.value('poolReadingTime', RDS1) ?? 0) >= (lastTime ?? 0), 'when it was last read stays known');
  gone = false;
  await scrapeUntil(port, (now) => told(now).length === 2);
});

test('a dead RDS opens the breaker, and its pools are reported no more; it comes back by itself', async (t) => {
  const wire = await Wire.open();
  t.after(() => wire.close());
  const stack = await startStack(t, { wire, patience, config: METRICS_ON });
  await scrapeUntil(stack.metricsPort, wasRead);
  const port = await readPoolsOf(t, stack, AGAIN);
  await scrapeUntil(port, (found) => found.value('poolFree', POOL) !== undefined);
  const breaker = (found: Scrape, state: string) => found.value('breaker', { ...RDS1, state });
  assert.equal(breaker(await scrape(stack.metricsPort), 'closed'), 1);

  wire.cut();
  await stack.simulator.close();
  const calls = await Promise.all([1, 2, 3].map(() => outcome(makeVolume(stack.controller))));
  assert.deepEqual(new Set(calls), new Set(['UNAVAILABLE']));
  const dead = await scrapeUntil(stack.metricsPort, (found) => breaker(found, 'closed') === 0);
  assert.equal((breaker(dead, 'open') ?? 0) + (breaker(dead, 'half-open') ?? 0), 1);
  assert.equal(dead.value('rpcs', { method: 'CreateVolume', code: 'UNAVAILABLE' }), 3);
  assert.ok((dead.value('execs', { ...RDS1, outcome: 'unreachable' }) ?? 0) >= 5);
  const unread = await scrapeUntil(port, (found) => found.value('poolFree', POOL) === undefined);
  assert.equal(unread.value('poolVolumes', POOL), undefined);
  await scrapeUntil(stack.metricsPort, (found) => breaker(found, 'half-open') === 1);

  const again = await startSimulator(stack.simulatorOptions);
  t.after(() => again.close());
  wire.join(again.port);
  await until(async () => (await outcome(stack.controller.getCapacity({}))) === 'OK');
  assert.equal(breaker(await scrape(stack.metricsPort), 'closed'), 1);
  await scrapeUntil(port, (found) => found.value('poolFree', POOL) !== undefined);
});

test('a queue that is full is reported while it is full, with how many commands there may be at once, and what it refused', async (t) => {
  const faults = new Faults();
  const stack = await startStack(t, { config: METRICS_ON, patience, simulator: { hooks: faults.hooks } });
  const { controller, metricsPort } = stack;
  await scrapeUntil(metricsPort, wasRead);
  const gate = faults.hold({ path: '/disk', command: 'add' });
  const first = makeVolume(controller, MiB);
  await gate.reached;
  const others = Array.from({ length: 260 }, () =>
    outcome(controller.deleteVolume({ volumeId: `rds1:${volumeName()}` })),
  );
  const refusals = (found: Scrape) => found.value('rpcs', { method: 'DeleteVolume', code: 'UNAVAILABLE' });
  const full = await scrapeUntil(metricsPort, (found) => refusals(found) === 4);
  const execs = (found: Scrape) =>
    (['execsQueued', 'execsInFlight', 'execsWindow'] as const).map((key) => found.value(key, RDS1));
  assert.deepEqual(execs(full), [256, 1, 1]);
  gate.release();
  await first;
  const ends = await Promise.all(others);
  assert.equal(ends.filter((end) => end === 'OK').length, 256);
  const idle = await scrape(metricsPort);
  assert.deepEqual(execs(idle), [0, 0, 4], 'the RDS has shown that it bears four');
});

test('a port that is taken is an error at start that names it, and nothing is left of the controller', async (t) => {
  const stack = await startStack(t);
  const holder = createServer().listen(0, '127.0.0.1');
  t.after(() => holder.close());
  await until(async () => holder.listening);
  const { port } = holder.address() as { port: number };
  const config = { ...(await loadConfig(stack.configFile)), metrics: { address: '127.0.0.1', port } };
  const socket = `${stack.directory}/second.sock`;
  await assert.rejects(
    startController({ config, endpoint: `unix://${socket}`, logger }),
    new RegExp(`^Error: metrics cannot be served on 127\\.0\\.0\\.1, port ${port}: .*EADDRINUSE`),
  );
  assert.ok(!existsSync(socket));
  const nowhere = `unix://${stack.directory}/no/such/directory/csi.sock`;
  const free = { ...config, metrics: { address: '127.0.0.1', port: 0 } };
  await assert.rejects(startController({ config: free, endpoint: nowhere, logger }), /does not exist/);
});

test('a partial volume counts as a volume, a lost disk item does not', async (t) => {
  const stack = await startStack(t);
  const [partial, lost] = [await makeVolume(stack.controller, MiB), await makeVolume(stack.controller, MiB)];
  const slot = `pvc-${partial.slice('rds1:pvc-'.length).replaceAll('-', '').slice(0, 28)}`;
  await change(stack.simulator, `/disk remove [find where slot=${slot}]`);
  showRows(stack.simulator, '/disk/btrfs/subvolume', (rows) =>
    rows.filter((row) => !String(row.props.get('name')).startsWith(lost.slice('rds1:'.length))),
  );
  const port = await readPoolsOf(t, stack, ONCE);
  assert.equal((await scrapeUntil(port, wasRead)).value('poolVolumes', POOL), 1);
});
