/** What a scrape of a controller reports: pools and volumes that are not well. */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { openBackend } from '../../src/app/backends.ts';
import { pollBackend } from '../../src/app/controller/backend-poller.ts';
import { poolMetrics } from '../../src/app/controller/pool-metrics.ts';
import { watchVolumes } from '../../src/app/controller/volume-watch.ts';
import { loadConfig } from '../../src/config/load.ts';
import type { ConditionCode } from '../../src/failures/conditions.ts';
import { KubernetesClient } from '../../src/kubernetes/client.ts';
import { createLogger } from '../../src/observability/log.ts';
import { serveMetrics } from '../../src/observability/metrics-server.ts';
import { prometheusMetrics } from '../../src/observability/prometheus.ts';
import { slotOf } from '../../src/rds/index.ts';
import { identity } from '../../src/storage/ids.ts';
import { StorageService } from '../../src/storage/service.ts';
import { MiB, makeVolume, publish, volumeName } from '../support/calls.ts';
import { change } from '../support/console.ts';
import { KubernetesApi, persistentVolume } from '../support/kubernetes-api.ts';
import { twoPools } from '../support/pools.ts';
import { type StackOptions, startStack } from '../support/stack.ts';
import { METRICS_ON, type Scrape, scrape, scrapeUntil } from './scrape.ts';

const RDS1 = { backend: 'rds1' };
const POOL_CODES = ['PoolDeviceMissing', 'PoolDeviceErrors', 'PoolDiskWarning', 'PoolDiskErrors'] as const;
const VOLUME_CODES = ['VolumeMissing', 'ImageSmaller', 'DiskItemLost', 'ExportLost'] as const;

const ofPool = (found: Scrape, pool = 'pool') =>
  POOL_CODES.map((condition) => found.value('poolCondition', { ...RDS1, pool, condition }));
const ofVolumes = (found: Scrape) =>
  VOLUME_CODES.map((condition) => found.value('volumeConditions', { ...RDS1, condition }));

/** A controller's poller of a stack, by a clock of which a millisecond is an hour. */
async function startPoller(t: TestContext, options: StackOptions = {}, api?: KubernetesApi) {
  const stack = await startStack(t, options);
  const logger = createLogger('fatal');
  const config = await loadConfig(stack.configFile);
  const ours = identity(config.driverName, config.clusterId, config.adoptedClusterIds);
  const backends = config.backends.map((one) => openBackend(one, { owners: ours.owners, logger }));
  const storage = new StorageService({ backends, identity: ours });
  const metrics = prometheusMetrics();
  const server = await serveMetrics(metrics, { address: '127.0.0.1', port: 0 });
  const stopping = new AbortController();
  const { signal } = stopping;
  const reports = new Set<string>();
  const cluster = api && new KubernetesClient(api.access, { namespace: 'default' });
  const report = (id: string, { code }: { readonly code: ConditionCode }) => void reports.add(`${id} ${code}`);
  const polls = backends.map((backend) =>
    pollBackend(backend, {
      listeners: [
        poolMetrics(backend, metrics),
        watchVolumes(backend, {
          storage,
          metrics,
          reports: cluster && { cluster, driver: config.driverName, report },
          logger,
          signal,
        }),
      ],
      lookMs: 5,
      inventories: false,
      volumes: true,
      running: () => storage.running(),
      refusedAt: () => Number.NEGATIVE_INFINITY,
      logger,
      signal,
      now: () => performance.now() * 3_600_000,
    }),
  );
  t.after(async () => {
    stopping.abort();
    await Promise.all([server.close(), ...polls]);
    await storage.close();
  });
  const untilScraped = (isWanted: (found: Scrape) => boolean) => scrapeUntil(server.port, isWanted);
  return { stack, reports, untilScraped };
}

const isOne = (condition: ConditionCode) => (found: Scrape) =>
  (found.value('volumeConditions', { ...RDS1, condition }) ?? 0) === 1;

test('each condition of a pool is 1 or 0, of that pool alone, and at its end 0 again', async (t) => {
  const { stack, untilScraped } = await startPoller(t, twoPools);
  await untilScraped((found) => ofPool(found).every((value) => value === 0));
  const troubles = [{ missingDevice: true }, { deviceErrors: 1 }, { criticalWarning: 1 }, { ioErrors: 1 }];
  for (const [index, trouble] of troubles.entries()) {
    await stack.api.setPool({ pool: 'pool', ...trouble });
    const found = await untilScraped((now) => ofPool(now)[index] === 1);
    assert.deepEqual(
      ofPool(found),
      POOL_CODES.map((_, other) => (other === index ? 1 : 0)),
    );
    assert.deepEqual(ofPool(found, 'cold'), [0, 0, 0, 0]);
    await stack.api.clearFaults();
    await untilScraped((now) => ofPool(now)[index] === 0);
  }
});

test('what an RDS does not show is reported as nothing, never as 0, and so is all of one that cannot be read', async (t) => {
  const { stack, untilScraped } = await startPoller(t);
  await untilScraped((found) => ofPool(found)[0] === 0);
  await stack.api.setQuirks(['filesystem-health-unset']);
  const found = await untilScraped((now) => ofPool(now)[0] === undefined && ofPool(now)[2] === 0);
  assert.deepEqual(ofPool(found), [undefined, undefined, 0, 0]);
  await stack.api.setQuirks([]);
  await untilScraped((now) => ofVolumes(now)[1] === 0 && ofPool(now)[0] === 0);
  await stack.api.setPool({ pool: 'pool', mounted: false });
  await untilScraped((now) => [...ofPool(now), ...ofVolumes(now)].every((value) => value === undefined));
});

test('volumes are counted by condition as long as they have it; without Kubernetes none is known to be missing', async (t) => {
  const { stack, untilScraped } = await startPoller(t);
  const ids = [await makeVolume(stack.controller, 4n * MiB), await makeVolume(stack.controller, 4n * MiB)];
  const well = await untilScraped((found) => ofVolumes(found)[1] === 0);
  assert.deepEqual(ofVolumes(well), [undefined, 0, 0, 0]);
  for (const id of ids) await publish(stack.controller, id);
  await change(stack.simulator, '/disk/set [find where type=file] nvme-tcp-export=no');
  await untilScraped((found) => ofVolumes(found)[3] === 2);
  await change(stack.simulator, '/disk/remove [find where type=file]');
  const lost = await untilScraped((found) => ofVolumes(found)[2] === 2);
  assert.deepEqual(ofVolumes(lost), [undefined, 0, 2, 0]);
  for (const id of ids) await publish(stack.controller, id);
  await untilScraped((found) => ofVolumes(found)[2] === 0);
});

/** As Kubernetes has it. */
function bound(volumeHandle: string, storage: string, phase = 'Bound') {
  const { metadata, spec } = persistentVolume(volumeHandle);
  return { metadata, spec: { ...(spec as object), capacity: { storage } }, status: { phase } };
}

test('a volume that is gone from its RDS, or smaller than Kubernetes believes, is found by the list of PersistentVolumes', async (t) => {
  const api = await KubernetesApi.start(t);
  const { stack, reports, untilScraped } = await startPoller(t, {}, api);
  const id = await makeVolume(stack.controller, 4n * MiB);
  const gone = `rds1:${volumeName()}`;
  api.put('persistentvolumes', bound(id, '4Mi'));
  const well = await untilScraped((found) => ofVolumes(found)[0] === 0);
  assert.deepEqual(ofVolumes(well), [0, 0, 0, 0]);

  for (const [other, phase] of [
    [`rds1:${volumeName()}`, 'Released'],
    [`rds9:${volumeName()}`, 'Bound'],
    ['rds1:nonsense', 'Bound'],
  ] as const) {
    api.put('persistentvolumes', bound(other, '4Mi', phase));
  }
  api.put('persistentvolumes', bound(gone, '4Mi'));
  const partial = await makeVolume(stack.controller, 4n * MiB);
  await change(
    stack.simulator,
    `/disk/remove [find where slot="${slotOf({ kind: 'pvc', uuid: partial.slice(-36) })}"]`,
  );
  const found = await untilScraped(isOne('VolumeMissing'));
  assert.deepEqual(ofVolumes(found), [1, 0, 0, 0], 'one that is released, elsewhere or none of ours is not missed');
  api.put('persistentvolumes', bound(partial, '4Mi'));
  await untilScraped(isOne('DiskItemLost'));
  api.remove('persistentvolumes', partial.slice('rds1:'.length));
  await untilScraped((now) => ofVolumes(now)[2] === 0);
  api.put('persistentvolumes', bound(id, '8Mi'));
  await untilScraped(isOne('ImageSmaller'));
  assert.deepEqual(reports, new Set([`${gone} VolumeMissing`, `${partial} DiskItemLost`, `${id} ImageSmaller`]));
  api.remove('persistentvolumes', gone.slice('rds1:'.length));
  api.put('persistentvolumes', bound(id, '4Mi'));
  await untilScraped((now) => ofVolumes(now).every((value) => value === 0));
});

test('an API server that does not answer leaves unknown what only it knows, and the rest known', async (t) => {
  const api = await KubernetesApi.start(t);
  const { stack, reports, untilScraped } = await startPoller(t, {}, api);
  const claimed = await makeVolume(stack.controller, 4n * MiB);
  api.put('persistentvolumes', bound(claimed, '4Mi'));
  api.put('persistentvolumes', bound(`rds1:${volumeName()}`, '4Mi'));
  await untilScraped(isOne('VolumeMissing'));
  api.trouble = () => 500;
  const orphan = await makeVolume(stack.controller, 4n * MiB);
  await change(stack.simulator, '/disk/remove [find where type=file]');
  const found = await untilScraped(isOne('DiskItemLost'));
  assert.deepEqual(ofVolumes(found), [undefined, undefined, 1, 0], 'of what had a claim when that could be read');
  assert.ok(reports.has(`${claimed} DiskItemLost`) && !reports.has(`${orphan} DiskItemLost`));
});

test('while the API server did not answer, what no claim has was an alarm', async (t) => {
  const api = await KubernetesApi.start(t);
  api.trouble = () => 500;
  const { stack, reports, untilScraped } = await startPoller(t, {}, api);
  await untilScraped((found) => ofVolumes(found)[2] === 0);
  const orphan = await makeVolume(stack.controller, 4n * MiB);
  await change(stack.simulator, '/disk/remove [find where type=file]');
  const unknown = await untilScraped((found) => ofVolumes(found)[2] === undefined);
  assert.deepEqual(ofVolumes(unknown), [undefined, undefined, undefined, 0]);
  api.trouble = () => undefined;
  await untilScraped((found) => ofVolumes(found)[2] === 0);
  assert.deepEqual([...reports], []);
  api.put('persistentvolumes', bound(orphan, '4Mi'));
  await untilScraped(isOne('DiskItemLost'));
});

test('health costs a controller with metrics one command more at its start, and none with each reading', async (t) => {
  const { api, metricsPort } = await startStack(t, { config: METRICS_ON });
  await scrapeUntil(metricsPort, (found) => ofVolumes(found)[1] === 0);
  assert.equal(await api.execs(), 5, 'the look at start, a reading, the two of an inventory, and the volumes');
  assert.deepEqual(ofPool(await scrape(metricsPort)), [0, 0, 0, 0]);
});
