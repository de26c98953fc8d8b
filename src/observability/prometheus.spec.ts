import assert from 'node:assert/strict';
import { test } from 'node:test';
import { metricList } from './metric-list.ts';
import { prometheusMetrics } from './prometheus.ts';

test('names are right and each stands once', () => {
  const definitions = Object.values(metricList);
  const names = definitions.map(({ name }) => name);
  assert.equal(new Set(names).size, names.length);
  for (const { name, type, labels } of definitions) {
    assert.match(name, /^(rose_csi|process)_[a-z0-9]+(_[a-z0-9]+)*$/);
    // https://prometheus.io/docs/practices/naming
    assert.equal(name.endsWith('_total'), type === 'counter', name);
    assert.ok(type !== 'histogram' || name.endsWith('_seconds'), name);
    for (const label of labels) assert.match(label, /^[a-z]+$/);
  }
});

test('what was never set is not reported, not even as 0', async () => {
  const metrics = prometheusMetrics();
  assert.equal((await metrics.read()).trim(), '');
  metrics.forget('orphanPassTime');
  metrics.forget('snapshotCrdsPresent', {});
  assert.doesNotMatch(await metrics.read(), /^rose_csi/m);
});

test('a gauge is forgotten for some labels, or for all', async () => {
  const metrics = prometheusMetrics();
  metrics.set('orphans', { backend: 'a', kind: 'volume' }, 1);
  metrics.set('orphans', { backend: 'b', kind: 'volume' }, 2);
  metrics.set('snapshotCrdsPresent', {}, 1);
  metrics.forget('orphans', { backend: 'a', kind: 'volume' });
  metrics.forget('orphans', { backend: 'c', kind: 'volume' });
  assert.deepEqual((await metrics.read()).match(/^rose.*$/gm), [
    'rose_csi_orphans{backend="b",kind="volume"} 2',
    'rose_csi_snapshot_crds_present 1',
  ]);
  metrics.forget('orphans');
  metrics.forget('snapshotCrdsPresent');
  assert.doesNotMatch(await metrics.read(), /^rose/m);
});

test('a counter is known at 0 when it is declared so, and a duration falls into its bucket', async () => {
  const metrics = prometheusMetrics();
  metrics.count('formats', { outcome: 'refused' }, 0);
  metrics.count('formats', { outcome: 'done' });
  metrics.observe('execSeconds', { backend: 'rds1' }, 0.3);
  const text = await metrics.read();
  assert.match(text, /^rose_csi_formats_total\{outcome="refused"\} 0$/m);
  assert.match(text, /^rose_csi_formats_total\{outcome="done"\} 1$/m);
  assert.match(text, /^rose_csi_exec_duration_seconds_bucket\{le="0.25",backend="rds1"\} 0$/m);
  assert.match(text, /^rose_csi_exec_duration_seconds_bucket\{le="0.5",backend="rds1"\} 1$/m);
});

test('work before a reading is done at each reading, and at no other time', async () => {
  const metrics = prometheusMetrics();
  let times = 0;
  metrics.beforeReading(() => metrics.set('execsQueued', { backend: 'rds1' }, ++times));
  metrics.set('execsInFlight', { backend: 'rds1' }, 1);
  assert.equal(times, 0);
  await metrics.read();
  assert.match(await metrics.read(), /^rose_csi_execs_queued\{backend="rds1"\} 2$/m);
});
