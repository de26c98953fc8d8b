import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { KubernetesApi } from '../../test/support/kubernetes-api.ts';
import { until } from '../../test/support/until.ts';
import { KubernetesClient } from './client.ts';
import type { EventNote, ObjectReference } from './cluster.ts';
import { KubernetesEventRecorder } from './event-recorder.ts';

const HOUR_MS = 3_600_000;
const NOTE: EventNote = { reason: 'PoolFull', message: 'no room' };

function claim(number: number): ObjectReference {
  return { apiVersion: 'v1', kind: 'PersistentVolumeClaim', namespace: 'shop', name: `data-${number}` };
}

async function start(t: TestContext, pausesMs: readonly number[] = [1, 1]) {
  const api = await KubernetesApi.start(t);
  const cluster = new KubernetesClient(api.access, { namespace: 'rose-csi', requestMs: 200 });
  const failed: string[] = [];
  const clock = { ms: 0 };
  const recorder = new KubernetesEventRecorder({
    cluster,
    pausesMs,
    now: () => clock.ms,
    onFailure: ({ reason }, error) => void failed.push(`${reason}: ${String(error)}`),
  });
  t.after(() => recorder.stop());
  return { api, cluster, recorder, failed, clock };
}

test('the same is reported once an hour, however often it happens', async (t) => {
  const { api, recorder, clock } = await start(t);
  for (let time = 0; time < 50; time += 1) recorder.record(claim(1), { ...NOTE, message: `${time} bytes free` });
  await until(async () => api.events().length === 1);
  clock.ms = HOUR_MS - 1;
  recorder.record(claim(1), NOTE);
  recorder.record(claim(2), NOTE);
  await until(async () => api.events().length === 2);
  assert.deepEqual(
    api.events().map(({ count }) => count),
    [1, 1],
  );
  clock.ms = HOUR_MS;
  recorder.record(claim(1), NOTE);
  await until(async () => api.events()[0]?.count === 2);
});

test('an answer that fails for a moment is asked for again, one that will not change is not', async (t) => {
  for (const [trouble, requests] of [
    [503, 3],
    [429, 3],
    ['cut', 3],
    ['stall', 3],
    [403, 1],
    [404, 1],
    [422, 1],
  ] as const) {
    const { api, recorder, failed } = await start(t);
    api.trouble = () => trouble;
    recorder.record(claim(1), NOTE);
    await until(async () => failed.length === 1);
    assert.equal(api.requests.length, requests, `${trouble}`);
    assert.match(failed[0] ?? '', /^PoolFull: KubernetesError: writing an Event PoolFull: /);
  }
});

test('what could not be written is reported again after a minute, not after an hour', async (t) => {
  const { api, recorder, failed, clock } = await start(t);
  api.trouble = () => 403;
  recorder.record(claim(1), NOTE);
  await until(async () => failed.length === 1);
  api.trouble = () => undefined;
  clock.ms = 59_999;
  recorder.record(claim(1), NOTE);
  clock.ms = 60_000;
  recorder.record(claim(1), NOTE);
  await until(async () => api.events().length === 1);
  assert.equal(api.requests.length, 2);
});

test('while the API server does not answer, a bounded number waits and the rest is dropped', async (t) => {
  const { api, recorder } = await start(t);
  let held = true;
  api.trouble = () => (held ? 'stall' : undefined);
  for (let number = 0; number < 5000; number += 1) recorder.record(claim(number), NOTE);
  await until(async () => api.requests.length > 0);
  held = false;
  await until(async () => api.events().length === 102);
  recorder.record(claim(4999), NOTE);
  await until(async () => api.events().length === 103);
  assert.equal(
    api.events().at(-1)?.involvedObject['name'],
    'data-4999',
    'what was dropped is reported when it happens again',
  );
});

test('an object that has to be found first is found once; one that is not there is nothing to report', async (t) => {
  const { api, recorder, failed, clock } = await start(t);
  let asked = 0;
  let found: ObjectReference | undefined;
  const unresolved = {
    key: 'volume x',
    find: async () => {
      asked += 1;
      return found;
    },
  };
  for (let time = 0; time < 10; time += 1) recorder.record(unresolved, NOTE);
  await until(async () => asked === 1);
  recorder.record(claim(1), NOTE);
  await until(async () => api.events().length === 1);
  found = claim(2);
  clock.ms = 60_000;
  recorder.record(unresolved, NOTE);
  await until(async () => api.events().length === 2);
  assert.deepEqual([asked, failed], [2, []]);
});

test('a recorder that is stopped gives up what waits, and takes nothing more', async (t) => {
  const { api, recorder, failed } = await start(t, [60_000]);
  api.trouble = () => 503;
  for (let number = 0; number < 10; number += 1) recorder.record(claim(number), NOTE);
  await until(async () => api.requests.length === 2);
  await recorder.stop();
  recorder.record(claim(11), NOTE);
  assert.deepEqual([api.requests.length, failed], [2, []]);
});

test('an Event is not made twice by a process that was started again', async (t) => {
  const { api, cluster, recorder } = await start(t);
  recorder.record(claim(1), NOTE);
  await until(async () => api.events().length === 1);
  const next = new KubernetesEventRecorder({ cluster, onFailure: () => undefined });
  t.after(() => next.stop());
  next.record(claim(1), NOTE);
  await until(async () => api.events()[0]?.count === 2);
  assert.equal(api.events().length, 1);
});
