import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { MiB, makeVolume, outcome, publish } from '../support/calls.ts';
import { type KubernetesApi, persistentVolume, type Trouble } from '../support/kubernetes-api.ts';
import { smallPool } from '../support/pools.ts';
import { until } from '../support/until.ts';
import { Wire } from '../support/wire.ts';
import { impatient, startScene } from './scene.ts';

async function startWired(t: TestContext, maxBreakMs: number) {
  const wire = await Wire.open();
  t.after(() => wire.close());
  return { ...(await startScene(t, { wire, patience: impatient(maxBreakMs) })), wire };
}

test('a box that does not answer for a while is told once on the driver and on each claim that waits for it', async (t) => {
  const scene = await startWired(t, 50);
  const volumeId = await makeVolume(scene.controller, MiB);
  scene.kubernetes.put('persistentvolumes', persistentVolume(volumeId));
  scene.wire.cut();
  const claim = scene.claim('waiting');
  await until(async () => {
    assert.equal(await claim.provision(), 'UNAVAILABLE');
    assert.equal(await outcome(publish(scene.controller, volumeId)), 'UNAVAILABLE');
    return scene.kubernetes.events().length >= 3;
  });
  for (let time = 0; time < 50; time += 1) assert.equal(await claim.provision(), 'UNAVAILABLE');
  const told = scene.kubernetes
    .events()
    .map(({ reason, involvedObject: { kind, name }, count }) => [reason, kind, name, count]);
  assert.deepEqual(told.toSorted(), [
    ['BoxUnreachable', 'CSIDriver', 'rds.rose-csi.io', 1],
    ['BoxUnreachable', 'PersistentVolumeClaim', 'data', 1],
    ['BoxUnreachable', 'PersistentVolumeClaim', 'waiting', 1],
  ]);

  await t.test('and that it is back is told, too', async () => {
    scene.wire.join(scene.simulator.port);
    await until(async () => (await claim.provision()) === 'OK');
    await until(async () => scene.kubernetes.reasons().includes('BoxReachable'));
    const last = scene.kubernetes.events().at(-1);
    assert.deepEqual([last?.type, last?.involvedObject['kind']], ['Normal', 'CSIDriver']);
    assert.match(last?.message ?? '', /^rds1 answers again$/);
  });
});

test('the newest Event of a box that comes and goes says how it is', async (t) => {
  const scene = await startWired(t, 20);
  const counts = () => scene.about('CSIDriver').map(({ reason, count }) => `${reason} ${count}`);
  for (const times of [1, 2, 3]) {
    scene.wire.cut();
    await until(async () => {
      await scene.claim().provision();
      return counts().includes(`BoxUnreachable ${times}`);
    });
    scene.wire.join(scene.simulator.port);
    await until(async () => {
      await scene.claim().provision();
      return counts().includes(`BoxReachable ${times}`);
    });
  }
});

test('a hiccup that the next attempt heals tells nobody', async (t) => {
  const scene = await startWired(t, 60_000);
  const claim = scene.claim();
  for (let time = 0; time < 5; time += 1) {
    scene.wire.cut();
    assert.equal(await claim.provision(), 'UNAVAILABLE');
    scene.wire.join(scene.simulator.port);
    await until(async () => (await claim.provision()) === 'OK');
  }
  assert.deepEqual(scene.kubernetes.reasons(), []);
});

/** Whether the API server was asked to write an Event of a claim. */
const wasAsked = (api: KubernetesApi) =>
  api.requests.some(({ path }) => path.startsWith('/api/v1/namespaces/shop/events'));

const troubles: readonly Trouble[] = ['stall', 'cut', 'garbage', 401, 403, 404, 409, 422, 429, 500, 503];

test('an API server in any trouble changes no answer, and stalling it delays neither answers nor the end', async (t) => {
  for (const trouble of troubles) {
    const begin = performance.now();
    await t.test(`${trouble}`, async (inner) => {
      const scene = await startScene(inner, smallPool(64n * MiB, '32MiB'));
      scene.kubernetes.trouble = () => trouble;
      const claim = scene.claim();
      assert.equal(await claim.provision(256n * MiB), 'RESOURCE_EXHAUSTED');
      assert.equal(await claim.provision(), 'OK');
      await until(async () => wasAsked(scene.kubernetes));
    });
    // A request that is not answered is given up after 15 s only.
    assert.ok(performance.now() - begin < 10_000, `${trouble}`);
  }
});
