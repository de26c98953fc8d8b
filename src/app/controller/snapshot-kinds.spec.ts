import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pino } from 'pino';
import { KubernetesApi, SNAPSHOT_GROUP, type Trouble } from '../../../test/support/kubernetes-api.ts';
import { until } from '../../../test/support/until.ts';
import { KubernetesClient } from '../../kubernetes/client.ts';
import { prometheusMetrics } from '../../observability/prometheus.ts';
import { watchSnapshotKinds } from './snapshot-kinds.ts';

test('that the snapshot kinds are missing is noticed, and that they were installed, too, without a restart', async (t) => {
  const api = await KubernetesApi.start(t);
  let trouble: Trouble | undefined = 404;
  api.trouble = ({ path }) => (path === SNAPSHOT_GROUP ? trouble : undefined);
  const cluster = new KubernetesClient(api.access, { namespace: 'rose-csi' });
  const lines: string[] = [];
  const logger = pino({ level: 'info' }, { write: (line: string) => void lines.push(line) });
  const metrics = prometheusMetrics();
  const gauge = async () => /^rose_csi_snapshot_crds_present ([01])$/m.exec(await metrics.read())?.[1];
  let missing = 0;
  const stopping = new AbortController();
  const onMissing = () => {
    missing += 1;
  };
  const watch = watchSnapshotKinds({ cluster, logger, metrics, onMissing, pauseMs: 1 }, stopping.signal);
  await until(async () => missing >= 3);
  assert.equal(await gauge(), '0');
  trouble = 503;
  await until(async () => (await gauge()) === undefined);
  trouble = undefined;
  await until(async () => (await gauge()) === '1');
  stopping.abort();
  await watch;
  assert.equal(lines.filter((line) => line.includes('install the snapshot CRDs')).length, 1);
  assert.equal(lines.filter((line) => line.includes('has the snapshot kinds now')).length, 1);
});
