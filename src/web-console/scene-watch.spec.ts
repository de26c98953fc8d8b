import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { until } from '../../test/support/until.ts';
import type { Scene } from './scene.ts';
import { SceneWatch } from './scene-watch.ts';

const SCENE: Scene = {
  version: '1',
  driver: 'd',
  configFile: 'c',
  backends: [],
  cluster: { is: 'off' },
  rows: [],
  matters: [],
  failures: [],
};

/** A watch whose readings are counted, each a few ms after the one before. */
function watched(t: TestContext, pauseMs: number, read: (count: number) => Promise<Scene> = async () => SCENE) {
  const counted = { readings: 0, defects: [] as unknown[] };
  const watch = new SceneWatch({
    read: async () => {
      counted.readings += 1;
      return Buffer.from(JSON.stringify(await read(counted.readings)));
    },
    pauseMs,
    onDefect: (error) => counted.defects.push(error),
  });
  t.after(() => watch.close());
  return { watch, counted };
}

const patient = () => AbortSignal.timeout(10_000);

test('however many look, everything is read once', async (t) => {
  const { watch, counted } = watched(t, 60_000);
  const scenes = await Promise.all(Array.from({ length: 20 }, () => watch.after(0, patient())));
  assert.equal(new Set(scenes).size, 1);
  assert.equal(counted.readings, 1);
  assert.deepEqual(JSON.parse(gunzipSync(scenes[0]?.gzipped ?? '').toString()), SCENE);
});

test('who comes later is shown what there is, without another reading', async (t) => {
  const { watch, counted } = watched(t, 60_000);
  const first = await watch.after(0, patient());
  assert.equal(await watch.after(0, patient()), first);
  assert.equal(counted.readings, 1);
});

test('while no one looks nothing is read, and who comes back starts it again', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const { watch, counted } = watched(t, 5);
  const goOn = async (): Promise<void> => {
    t.mock.timers.tick(60_000);
    await new Promise((resolve) => setImmediate(resolve));
  };
  const looking = watch.after(0, patient());
  while (counted.readings < 1) await goOn();
  const first = await looking;
  const leaving = new AbortController();
  const left = watch.after(first?.number ?? 0, leaving.signal);
  leaving.abort();
  assert.equal(await left, undefined);
  // Hours, in which every timer that was set comes to its end.
  for (let minutes = 0; minutes < 200; minutes += 1) await goOn();
  assert.equal(counted.readings, 1);
  const again = watch.after(first?.number ?? 0, patient());
  while (counted.readings < 2) await goOn();
  assert.ok(await again);
});

test('two readings are a pause apart, however often someone asks', async (t) => {
  const { watch, counted } = watched(t, 300);
  const begun = performance.now();
  const first = await watch.after(0, patient());
  const second = await watch.after(first?.number ?? 0, patient());
  assert.ok(performance.now() - begun >= 299);
  assert.equal(counted.readings, 2);
  assert.ok((second?.number ?? 0) > (first?.number ?? 0));
});

test('two readings that found the same have the same tag', async (t) => {
  const { watch } = watched(t, 1, async (count) => ({ ...SCENE, version: count < 3 ? '1' : '2' }));
  const first = await watch.after(0, patient());
  const second = await watch.after(first?.number ?? 0, patient());
  const third = await watch.after(second?.number ?? 0, patient());
  assert.equal(second?.etag, first?.etag);
  assert.notEqual(third?.etag, first?.etag);
});

test('a number of an earlier process never hides what a new one reads', async (t) => {
  const before = await watched(t, 60_000).watch.after(0, patient());
  await until(async () => Date.now() > (before?.at ?? 0));
  const after = await watched(t, 60_000).watch.after(before?.number ?? 0, patient());
  assert.ok((after?.number ?? 0) > (before?.number ?? 0));
});

test('a defect ends no watch, and is reported', async (t) => {
  const { watch, counted } = watched(t, 1, async (count) => {
    if (count === 1) throw new Error('a defect of a test');
    return SCENE;
  });
  assert.ok(await watch.after(0, patient()));
  assert.equal(counted.defects.length, 1);
});

test('closing ends every wait', async (t) => {
  const { watch } = watched(t, 60_000);
  const first = await watch.after(0, patient());
  const waiting = watch.after(first?.number ?? 0, patient());
  await watch.close();
  assert.equal(await waiting, undefined);
});
