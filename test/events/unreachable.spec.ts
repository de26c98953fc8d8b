import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { MiB, makeVolume, outcome, publish } from '../support/calls.ts';
import { type KubernetesApi, persistentVolume, type Trouble } from '../support/kubernetes-api.ts';
import { smallPool } from '../support/pools.ts';
import { until } from '../support/until.ts';
import { Wire } from '../support/wire.ts';
import { impatient, startFixture } from './fixture.ts';

async function startWired(t: TestContext, maxBreakMs: number) {
  const wire = await Wire.open();
  t.after(() => wire.close());
  return { ...(await startFixture(t, { wire, patience: impatient(maxBreakMs) })), wire };
}

test('an RDS that does not answer for a while is reported once on the driver and on each claim that waits for it', async (t) => {
  const fixture = await startWired(t, 50);
  const volumeId = await makeVolume(fixture.controller, MiB);
  fixture.kubernetes.put('persistentvolumes', persistentVolume(volumeId));
  fixture.wire.cut();
  const claim = fixture.claim('waiting');
  await until(async () => {
    assert.equal(await claim.provision(), 'UNAVAILABLE');
    assert.equal(await outcome(publish(fixture.controller, volumeId)), 'UNAVAILABLE');
    return fixture.kubernetes.events().length >= 3;
  });
  for (let time = 0; time < 50; time += 1) assert.equal(await claim.provision(), 'UNAVAILABLE');
  const told = fixture.kubernetes
    .events()
    .map(({ reason, involvedObject: { kind, name }, count }) => [reason, kind, name, count]);
  assert.deepEqual(told.toSorted(), [
    ['BackendUnreachable', 'CSIDriver', 'rds.rose-csi.io', 1],
    ['BackendUnreachable', 'PersistentVolumeClaim', 'data', 1],
    ['BackendUnreachable', 'PersistentVolumeClaim', 'waiting', 1],
  ]);

  await t.test('and that it is back is reported, too', async () => {
    fixture.wire.join(fixture.simulator.port);
    await until(async () => (await claim.provision()) === 'OK');
    await until(async () => fixture.kubernetes.reasons().includes('BackendReachable'));
    const last = fixture.kubernetes.events().at(-1);
    assert.deepEqual([last?.type, last?.involvedObject['kind']], ['Normal', 'CSIDriver']);
    assert.match(last?.message ?? '', /^rds1 answers again$/);
  });
});

test('the newest Event of an RDS that comes and goes says how it is', async (t) => {
  const fixture = await startWired(t, 20);
  const counts = () => fixture.about('CSIDriver').map(({ reason, count }) => `${reason} ${count}`);
  for (const times of [1, 2, 3]) {
    fixture.wire.cut();
    await until(async () => {
      await fixture.claim().provision();
      return counts().includes(`BackendUnreachable ${times}`);
    });
    fixture.wire.join(fixture.simulator.port);
    await until(async () => {
      await fixture.claim().provision();
      return counts().includes(`BackendReachable ${times}`);
    });
  }
});

test('a hiccup that the next attempt heals tells no one', async (t) => {
  const fixture = await startWired(t, 60_000);
  const claim = fixture.claim();
  for (let time = 0; time < 5; time += 1) {
    fixture.wire.cut();
    assert.equal(await claim.provision(), 'UNAVAILABLE');
    fixture.wire.join(fixture.simulator.port);
    await until(async () => (await claim.provision()) === 'OK');
  }
  assert.deepEqual(fixture.kubernetes.reasons(), []);
});

/** Whether the API server was asked to write an Event of a claim. */
const wasAsked = (api: KubernetesApi) =>
  api.requests.some(({ path }) => path.startsWith('/api/v1/namespaces/shop/events'));

const troubles: readonly Trouble[] = ['stall', 'cut', 'garbage', 401, 403, 404, 409, 422, 429, 500, 503];

test('an API server in any trouble changes no answer, and stalling it delays neither answers nor the end', async (t) => {
  for (const trouble of troubles) {
    const begin = performance.now();
    await t.test(`${trouble}`, async (inner) => {
      const fixture = await startFixture(inner, smallPool(64n * MiB, '32MiB'));
      fixture.kubernetes.trouble = () => trouble;
      const claim = fixture.claim();
      assert.equal(await claim.provision(256n * MiB), 'RESOURCE_EXHAUSTED');
      assert.equal(await claim.provision(), 'OK');
      await until(async () => wasAsked(fixture.kubernetes));
    });
    // A request that is not answered is given up after 15 s only.
    assert.ok(performance.now() - begin < 10_000, `${trouble}`);
  }
});
