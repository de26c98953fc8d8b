import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Condition, type ConditionCode, codesOf } from '../../failures/conditions.ts';
import { prometheusMetrics } from '../../observability/prometheus.ts';
import { HealthWatch } from './health-watch.ts';

const MINUTE = 60_000;
const ALL = codesOf({ about: 'volume', seenBy: 'node' });
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
    recovered: (id, code, how) => void told.push(`${id} ${code} ${how}`),
    now: () => nowMs,
  });
  /** A look that could judge all conditions, unless it says which. */
  const note = (id: string, conditions: readonly Condition[], examined: readonly ConditionCode[] = ALL) =>
    watch.note(id, { conditions, examined });
  const counted = async () =>
    [...(await metrics.read()).matchAll(/^rose_csi_node_volume_conditions\{condition="(\w+)"\} (\d+)$/gm)]
      .filter(([, , count]) => count !== '0')
      .map(([, code, count]) => `${code} ${count}`);
  const pass = (ms: number) => {
    nowMs += ms;
  };
  return { note, gone: (id: string) => watch.note(id, 'gone'), metrics, counted, pass, told: () => told.splice(0) };
}

test('a lost connection is counted at once and reported when it has lasted, and so is its end', () => {
  const { note, pass, told } = startWatch();
  note('a', [LOST]);
  assert.deepEqual(told(), []);
  pass(MINUTE);
  note('a', [LOST]);
  note('b', []);
  assert.deepEqual(told(), ['a ConnectionLost']);
  note('a', []);
  note('a', []);
  assert.deepEqual(told(), ['a ConnectionLost well']);
  note('a', [LOST]);
  pass(MINUTE / 2);
  note('a', []);
  assert.deepEqual(told(), [], 'what was not reported does not end');
});

test('what does not pass by itself is reported at once, but for what the error of the call reports', () => {
  const { note, gone, told } = startWatch();
  note('a', [RECORDED]);
  note('b', [GAVE_UP]);
  assert.deepEqual(told(), ['a FilesystemErrorRecorded']);
  gone('a');
  gone('b');
  assert.deepEqual(told(), ['a FilesystemErrorRecorded gone']);
});

test('volumes are counted by condition, as long as someone looks at them', async () => {
  const { note, counted, metrics, pass } = startWatch();
  assert.doesNotMatch(await metrics.read(), /^rose_csi_node_volume_conditions\{/m);
  note('a', [LOST]);
  note('b', [LOST, RECORDED]);
  note('c', []);
  assert.deepEqual(await counted(), ['ConnectionLost 2', 'FilesystemErrorRecorded 1']);
  pass(4 * MINUTE);
  note('b', [RECORDED]);
  pass(4 * MINUTE);
  assert.deepEqual(await counted(), ['FilesystemErrorRecorded 1']);
  note('b', []);
  assert.deepEqual(await counted(), []);
  assert.match(await metrics.read(), /condition="ConnectionLost"\} 0/);
  pass(6 * MINUTE);
  assert.doesNotMatch(await metrics.read(), /^rose_csi_node_volume_conditions\{/m);
});

test('while a pod ends nothing is mounted any more, and its volume was told to have recovered', async () => {
  const { note, told, counted } = startWatch();
  note('a', [RECORDED]);
  told();
  note('a', [], ['ConnectionLost', 'DeviceSmaller']);
  note('a', [], []);
  assert.deepEqual([told(), await counted()], [[], ['FilesystemErrorRecorded 1']]);
  note('a', []);
  assert.deepEqual([told(), await counted()], [['a FilesystemErrorRecorded well'], []]);
});

test('the end of one condition was not told while the volume had another', async () => {
  const { note, told, pass, counted } = startWatch();
  note('a', [RECORDED]);
  note('a', [LOST], ['ConnectionLost']);
  pass(MINUTE);
  note('a', [LOST], ['ConnectionLost']);
  assert.deepEqual(told(), ['a FilesystemErrorRecorded', 'a ConnectionLost']);
  assert.deepEqual(await counted(), ['ConnectionLost 1', 'FilesystemErrorRecorded 1'], 'the kernel keeps it');
  note('a', [RECORDED]);
  assert.deepEqual(told(), ['a ConnectionLost well', 'a FilesystemErrorRecorded']);
});

test('a connection that was lost, and of which no one asked for a while, is not lost since then', () => {
  const { note, told, pass } = startWatch();
  note('a', [LOST]);
  pass(6 * MINUTE);
  note('a', [LOST]);
  assert.deepEqual(told(), []);
  pass(MINUTE);
  note('a', [LOST]);
  assert.deepEqual(told(), ['a ConnectionLost']);
});

test('a condition that no look could judge was counted as well', async () => {
  const { note, metrics } = startWatch();
  note('a', [], ['ConnectionLost']);
  const shown = await metrics.read();
  assert.match(shown, /condition="ConnectionLost"\} 0/);
  assert.doesNotMatch(shown, /condition="(?:FilesystemErrorRecorded|DeviceSmaller)"/);
});
