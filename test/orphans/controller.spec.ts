import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pino } from 'pino';
import { startController } from '../../src/app/controller/controller.ts';
import { loadConfig } from '../../src/config/load.ts';
import { createLogger } from '../../src/observability/log.ts';
import { METRICS_ON, scrapeUntil } from '../metrics/scrape.ts';
import { MiB, makeVolume, snapshotName } from '../support/calls.ts';
import { subvolumes } from '../support/console.ts';
import { KubernetesApi, persistentVolume, SNAPSHOT_GROUP, snapshotContent } from '../support/kubernetes-api.ts';
import { startStack } from '../support/stack.ts';
import { until } from '../support/until.ts';
import { slotOf } from './fixture.ts';

const NAME = 'rds.rose-csi.io-orphans';
const ORPHANS = { enabled: true, intervalMinutes: 60, graceMinutes: 1440, deletePartial: false };
const parameters = { 'csi.storage.k8s.io/volumesnapshotcontent/name': 'snapcontent-1' };

test('CreateSnapshot in a cluster annotates the content, when it was told its name', async (t) => {
  const api = await KubernetesApi.start(t);
  const stack = await startStack(t, { access: api.access });
  const sourceVolumeId = await makeVolume(stack.controller, MiB);
  api.put('volumesnapshotcontents', snapshotContent('snapcontent-1', { volumeHandle: sourceVolumeId }));
  await stack.controller.createSnapshot({ name: snapshotName(), sourceVolumeId });
  const { snapshot } = await stack.controller.createSnapshot({ name: snapshotName(), sourceVolumeId, parameters });
  const annotations = () => api.all('volumesnapshotcontents')[0]?.metadata.annotations;
  await until(async () => annotations() !== undefined);
  const seconds = Number(snapshot?.creationTime?.seconds);
  assert.deepEqual(annotations(), {
    'rds.rose-csi.io/source-volume-id': sourceVolumeId,
    'rds.rose-csi.io/creation-time': new Date(seconds * 1000).toISOString().replace('.000Z', 'Z'),
    'rds.rose-csi.io/bytes': String(MiB),
    'rds.rose-csi.io/slot': slotOf(sourceVolumeId),
    'rds.rose-csi.io/subvolume': subvolumes(stack.simulator).at(-1),
    'rds.rose-csi.io/backend': 'rds1',
    'rds.rose-csi.io/pool': 'pool',
  });
  const others = api.requests.filter(({ path }) => path !== SNAPSHOT_GROUP && !path.endsWith('/persistentvolumes'));
  assert.equal(
    others.length,
    1,
    'without orphans.enabled nothing else is asked, but for which volumes there should be',
  );
});

test('an API server that stalls or refuses delays and fails no snapshot', async (t) => {
  for (const trouble of ['stall', 403, 'cut'] as const) {
    const api = await KubernetesApi.start(t);
    api.trouble = () => trouble;
    const { controller } = await startStack(t, { access: api.access });
    const sourceVolumeId = await makeVolume(controller, MiB);
    const { snapshot } = await controller.createSnapshot({ name: snapshotName(), sourceVolumeId, parameters });
    assert.equal(snapshot?.readyToUse, true);
    await until(async () => api.requests.length > 0);
  }
});

test('with orphans.enabled the controller leads by a Lease, records, and gives the Lease back', async (t) => {
  const api = await KubernetesApi.start(t);
  const stack = await startStack(t);
  const [kept, lost] = [await makeVolume(stack.controller, MiB), await makeVolume(stack.controller, MiB)];
  api.put('persistentvolumes', persistentVolume(kept));
  const lease = () => api.all('leases')[0]?.['spec'] as Record<string, unknown> | undefined;
  await t.test('while it runs', async (inner) => {
    const config = { ...(await loadConfig(stack.configFile)), orphans: ORPHANS };
    const endpoint = `unix://${stack.directory}/patrolling.sock`;
    const controller = await startController({ config, endpoint, logger: createLogger('fatal'), access: api.access });
    inner.after(() => controller.stop());
    await until(async () => api.all('configmaps').length > 0);
    assert.deepEqual(api.all('configmaps')[0]?.metadata.name, NAME);
    assert.match(JSON.stringify(api.all('configmaps')[0]?.['data']), new RegExp(lost));
    assert.notEqual(lease()?.['holderIdentity'], '');
  });
  assert.equal(lease()?.['holderIdentity'], '');
  assert.deepEqual(api.reasons(), [], 'seen once is no orphan');
});

test('what a pass found is measured', async (t) => {
  const api = await KubernetesApi.start(t);
  const stack = await startStack(t);
  const [kept, lost] = [await makeVolume(stack.controller, MiB), await makeVolume(stack.controller, MiB)];
  api.put('persistentvolumes', persistentVolume(kept));
  const data = { state: JSON.stringify({ [lost]: 1_700_000_000 }) };
  api.put('configmaps', { metadata: { name: NAME }, data });
  const config = { ...(await loadConfig(stack.configFile)), orphans: ORPHANS, ...METRICS_ON };
  const endpoint = `unix://${stack.directory}/measured.sock`;
  const controller = await startController({ config, endpoint, logger: createLogger('fatal'), access: api.access });
  t.after(() => controller.stop());
  const { metricsPort } = controller;
  const found = await scrapeUntil(metricsPort, (now) => now.value('orphanPasses', { outcome: 'done' }) === 1);
  const orphans = (kind: string) => found.value('orphans', { backend: 'rds1', kind });
  assert.deepEqual([orphans('volume'), orphans('snapshot'), orphans('partial')], [1, 0, 0]);
  assert.ok((found.value('orphanPassTime') ?? 0) > 1_700_000_000);
  assert.deepEqual(api.reasons(), ['OrphanFound']);
});

test('orphans.enabled needs a namespace, and outside of a cluster does nothing', async (t) => {
  const api = await KubernetesApi.start(t);
  const stack = await startStack(t);
  const config = { ...(await loadConfig(stack.configFile)), orphans: ORPHANS };
  const endpoint = `unix://${stack.directory}/other.sock`;
  const nowhere = { ...api.access, namespace: undefined };
  await assert.rejects(
    startController({ config, endpoint, logger: createLogger('fatal'), access: nowhere }),
    /orphans\.namespace is not given, and the namespace of this pod is not known/,
  );
  const controller = await startController({ config, endpoint, logger: createLogger('fatal') });
  await controller.stop();
  assert.deepEqual(api.requests, []);
});

test('a cluster without the snapshot kinds is reported by log and metric', async (t) => {
  for (const [present, trouble] of [
    [1, undefined],
    [0, 404],
  ] as const) {
    const api = await KubernetesApi.start(t);
    api.trouble = ({ path }) => (path === SNAPSHOT_GROUP ? trouble : undefined);
    const stack = await startStack(t);
    const lines: string[] = [];
    const logger = pino({ level: 'warn' }, { write: (line: string) => void lines.push(line) });
    const config = { ...(await loadConfig(stack.configFile)), ...METRICS_ON };
    const endpoint = `unix://${stack.directory}/kinds.sock`;
    const controller = await startController({ config, endpoint, logger, access: api.access });
    t.after(() => controller.stop());
    await scrapeUntil(controller.metricsPort, (now) => now.value('snapshotCrdsPresent') === present);
    assert.equal(lines.filter((line) => line.includes('install the snapshot CRDs')).length, 1 - present);
  }
});
