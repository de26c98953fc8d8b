/** What a cluster adds to copies on a second RDS: one process that makes them, Events, annotations; and the metrics. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { clusterReplicas } from '../../src/app/controller/cluster-replicas.ts';
import { KubernetesClient } from '../../src/kubernetes/client.ts';
import { createLogger } from '../../src/observability/log.ts';
import { METRICS_ON, scrapeUntil } from '../metrics/scrape.ts';
import { MiB, makeSnapshot, makeVolume, outcome, volumeName } from '../support/calls.ts';
import { KubernetesApi, persistentVolume, snapshotContent } from '../support/kubernetes-api.ts';
import { letSend, startReplicaPair } from '../support/replica-pair.ts';
import { fromSnapshot, volumeRequest } from '../support/requests.ts';
import { until } from '../support/until.ts';

const MAIN = join(import.meta.dirname, '../../src/main.ts');
const HOUR = 3_600_000;
const NEAR = { parameters: { backend: 'rds1', pool: 'pool' } };
const FAR = { parameters: { backend: 'rds2', pool: 'copies' } };
const LABELS = { backend: 'rds1', pool: 'pool' };

test('a snapshot is told when its copy does not come, and where it is when it has come', async (t) => {
  const api = await KubernetesApi.start(t);
  const stack = await startReplicaPair(t, {
    key: false,
    idleMs: 50,
    stack: { access: api.access, config: METRICS_ON },
  });
  const snapshotId = await makeSnapshot(stack.controller, await makeVolume(stack.controller, MiB, NEAR));
  api.put('volumesnapshotcontents', snapshotContent('content', { snapshotHandle: snapshotId }));

  const about = () => api.events().filter(({ involvedObject }) => involvedObject['kind'] === 'VolumeSnapshotContent');
  await until(async () => about().length > 0);
  const [event] = about();
  assert.equal(event?.reason, 'ReplicaFailed');
  assert.match(
    event?.message ?? '',
    /transfer of the snapshot to its replica failed: ssh: authentication failed\. .*\[DRV-TRANSFER\]$/,
  );
  const failing = await scrapeUntil(stack.metricsPort, (found) => (found.value('replicaFailures', LABELS) ?? 0) > 0);
  assert.equal(failing.value('replicaMissing', LABELS), 1);
  assert.ok((failing.value('replicaLag', LABELS) ?? -1) >= 0);
  assert.equal(failing.value('replicaNewest', LABELS), undefined);

  await letSend(stack.simulator, 'pool', stack.far);
  // It is sent at once for whoever waits for it, and left alone for a minute otherwise.
  const request = volumeRequest(volumeName(), MiB, { ...fromSnapshot(snapshotId), ...FAR });
  await until(async () => (await outcome(stack.controller.createVolume(request))) === 'OK', 30_000);
  const annotations = () => api.all('volumesnapshotcontents')[0]?.metadata.annotations ?? {};
  await until(async () => annotations()['rds.rose-csi.io/copy-id'] !== undefined);
  assert.equal(annotations()['rds.rose-csi.io/copy-id'], snapshotId.replace('rds1', 'rds2'));
  assert.equal(annotations()['rds.rose-csi.io/copy-pool'], 'copies');
  assert.match(annotations()['rds.rose-csi.io/copy-received'] ?? '', /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/);
  const well = await scrapeUntil(stack.metricsPort, (found) => found.value('replicaMissing', LABELS) === 0);
  assert.equal(well.value('replicaLag', LABELS), 0);
  assert.ok((well.value('replicaNewest', LABELS) ?? 0) > 1_600_000_000);
  assert.ok((well.value('replicaBytes', LABELS) ?? 0) > 0);
});

test('of two controllers in a cluster one looks after copies, and both restore from them', async (t) => {
  const api = await KubernetesApi.start(t);
  const stack = await startReplicaPair(t, { idleMs: 50, stack: { access: api.access, config: METRICS_ON } });
  await until(async () => api.all('leases').some(({ metadata }) => metadata.name === 'rds.rose-csi.io-replicas'));
  const other = await stack.anotherController();
  const snapshotId = await makeSnapshot(stack.controller, await makeVolume(stack.controller, MiB, NEAR));
  await stack.copied(1);
  const request = volumeRequest(volumeName(), MiB, { ...fromSnapshot(snapshotId), ...FAR });
  assert.equal(await outcome(other.createVolume(request)), 'OK');
});

test('a copy went though a VolumeSnapshotContent named it, or its original that an older state of the RDS does not have', async (t) => {
  let now = 0;
  const api = await KubernetesApi.start(t);
  const stack = await startReplicaPair(t, { keep: '1h' });
  const volumeId = await makeVolume(stack.controller, MiB, NEAR);
  const snapshotId = await makeSnapshot(stack.controller, volumeId);
  const cluster = new KubernetesClient(api.access, { namespace: 'rose-csi', requestMs: 300 });
  const logger = createLogger('fatal');
  const replicas = clusterReplicas({ cluster, driver: 'rds.rose-csi.io', recorder: undefined, logger });
  t.after(() => replicas.stop());
  const replicator = await stack.replicator({ now: () => now, references: replicas.references });
  const pass = (after = 0) => {
    now += after;
    return replicator.pass({ signal: AbortSignal.timeout(20_000) });
  };
  const [adopted, unneeded] = [
    await makeSnapshot(stack.controller, volumeId),
    await makeSnapshot(stack.controller, volumeId),
  ];
  const other = await makeVolume(stack.controller, MiB, NEAR);
  await makeSnapshot(stack.controller, other);
  await until(async () => (await pass()).missing.length === 0);
  for (const id of [snapshotId, adopted, unneeded]) await stack.controller.deleteSnapshot({ snapshotId: id });
  await stack.controller.deleteVolume({ volumeId });
  api.put('volumesnapshotcontents', snapshotContent('lost', { snapshotHandle: snapshotId }));
  api.put('volumesnapshotcontents', snapshotContent('adopted', { snapshotHandle: adopted.replace('rds1', 'rds2') }));
  const before = stack.copies();
  await pass();
  api.trouble = () => 503;
  for (let time = 0; time < 3; time += 1) await pass(HOUR);
  assert.deepEqual(stack.copies(), before, 'while Kubernetes cannot be asked, all stay');
  api.trouble = () => undefined;
  for (let time = 0; time < 4; time += 1) await pass(HOUR);
  const has = (id: string) => stack.copies().some((name) => name.startsWith(id.slice('rds1:'.length)));
  assert.deepEqual([has(snapshotId), has(adopted), has(unneeded)], [true, true, false]);
  api.remove('volumesnapshotcontents', 'lost');
  await pass(HOUR);
  assert.ok(!has(snapshotId), 'what nothing needs any more goes');
  api.put('persistentvolumes', persistentVolume(volumeId));
  api.remove('volumesnapshotcontents', 'adopted');
  await pass(HOUR);
  assert.ok(has(adopted), 'the last copy of a volume that is needed, and that its RDS has lost');
});

test('a copy that was adopted beside its original looked like a backend that had been renamed', async (t) => {
  const api = await KubernetesApi.start(t);
  const stack = await startReplicaPair(t, { idleMs: 50 });
  const volumeId = await makeVolume(stack.controller, MiB, NEAR);
  const snapshotId = await makeSnapshot(stack.controller, volumeId);
  const copyId = snapshotId.replace('rds1', 'rds2');
  await stack.copied(1);
  api.put('persistentvolumes', persistentVolume(volumeId));
  api.put('volumesnapshotcontents', snapshotContent('original', { snapshotHandle: snapshotId }));
  api.put('volumesnapshotcontents', snapshotContent('adopted', { snapshotHandle: copyId }));
  const kubeconfig = join(stack.directory, 'kubeconfig');
  await writeFile(kubeconfig, api.kubeconfig());
  const report = async () => {
    const env = { ...process.env };
    delete env['NODE_TEST_CONTEXT'];
    const args = ['orphans', 'report', '--config', stack.configFile, '--kubeconfig', kubeconfig, '--json'];
    const { stdout } = await promisify(execFile)(process.execPath, [MAIN, ...args], { env }).catch((error) => error);
    const { orphans, mismatches, unseen } = JSON.parse(stdout);
    return { orphans: orphans.length, mismatches: mismatches.length, unseen: unseen.length };
  };
  assert.deepEqual(await report(), { orphans: 0, mismatches: 0, unseen: 0 });
  await stack.controller.deleteSnapshot({ snapshotId });
  api.remove('volumesnapshotcontents', 'original');
  assert.deepEqual(await report(), { orphans: 0, mismatches: 0, unseen: 0 }, 'nor is it missing when that is gone');
});
