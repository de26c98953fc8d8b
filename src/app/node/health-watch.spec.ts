import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Condition } from '../../failures/conditions.ts';
import { prometheusMetrics } from '../../observability/prometheus.ts';
import { HealthWatch } from './health-watch.ts';

const MINUTE = 60_000;
const LOST: Condition = { code: 'ConnectionLost', detail: '' };
const RECORDED: Condition = { code: 'FilesystemErrorRecorded', detail: '1' };
const GAVE_UP: Condition = { code: 'FilesystemGaveUp', detail: '' };

function startWatch() {
  const told: string[] = [];
  const metrics = prometheusMetrics();
  let nowMs = 0;
  const watch = new HealthWatch({
    metrics,
    report: (id, { code }) => void told.push(`${id} ${code}`),
    recovered: (id) => void told.push(`${id} recovered`),
    now: () => nowMs,
  });
  const counted = async () =>
    [...(await metrics.read()).matchAll(/^rose_csi_node_volume_conditions\{condition="(\w+)"\} (\d+)$/gm)]
      .filter(([, , count]) => count !== '0')
      .map(([, code, count]) => `${code} ${count}`);
  const pass = (ms: number) => {
    nowMs += ms;
  };
  return { watch, metrics, counted, pass, told: () => told.splice(0) };
}

test('a lost connection is counted at once and reported when it has lasted, and so is its end', () => {
  const { watch, pass, told } = startWatch();
  watch.note('a', [LOST]);
  assert.deepEqual(told(), []);
  pass(MINUTE);
  watch.note('a', [LOST]);
  watch.note('b', []);
  assert.deepEqual(told(), ['a ConnectionLost']);
  watch.note('a', []);
  watch.note('a', []);
  assert.deepEqual(told(), ['a recovered']);
  watch.note('a', [LOST]);
  pass(MINUTE / 2);
  watch.note('a', []);
  assert.deepEqual(told(), [], 'what was not reported does not end');
});

test('what does not pass by itself is reported at once, but for what the error of the call reports', () => {
  const { watch, told } = startWatch();
  watch.note('a', [RECORDED]);
  watch.note('b', [GAVE_UP]);
  assert.deepEqual(told(), ['a FilesystemErrorRecorded']);
  watch.note('a', 'gone');
  watch.note('b', 'gone');
  assert.deepEqual(told(), ['a recovered']);
});

test('volumes are counted by condition, as long as someone looks at them', async () => {
  const { watch, counted, metrics, pass } = startWatch();
  assert.doesNotMatch(await metrics.read(), /^rose_csi_node_volume_conditions\{/m);
  watch.note('a', [LOST]);
  watch.note('b', [LOST, RECORDED]);
  watch.note('c', []);
  assert.deepEqual(await counted(), ['ConnectionLost 2', 'FilesystemErrorRecorded 1']);
  pass(4 * MINUTE);
  watch.note('b', [RECORDED]);
  pass(4 * MINUTE);
  assert.deepEqual(await counted(), ['FilesystemErrorRecorded 1']);
  watch.note('b', []);
  assert.deepEqual(await counted(), []);
  assert.match(await metrics.read(), /condition="ConnectionLost"\} 0/);
  pass(6 * MINUTE);
  assert.doesNotMatch(await metrics.read(), /^rose_csi_node_volume_conditions\{/m);
});
