import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { KubernetesApi } from '../../test/support/kubernetes-api.ts';
import { KubernetesClient } from './client.ts';
import { Leadership } from './leadership.ts';

const never = new AbortController().signal;

async function start(t: TestContext) {
  const api = await KubernetesApi.start(t);
  const clock = { ms: 0 };
  const join = (holder: string) =>
    new Leadership({
      cluster: new KubernetesClient(api.access, { namespace: 'rose-csi' }),
      name: 'orphans',
      holder,
      seconds: 60,
      now: () => clock.ms,
    });
  return { api, clock, join };
}

const spec = (api: KubernetesApi) => api.all('leases')[0]?.['spec'] as Record<string, unknown>;

test('one leads and keeps leading while it renews', async (t) => {
  const { api, clock, join } = await start(t);
  const [a, b] = [join('a'), join('b')];
  assert.equal(await a.hold(never), true);
  for (let round = 0; round < 4; round += 1) {
    assert.equal(await b.hold(never), false);
    clock.ms += 50_000;
    assert.equal(await a.hold(never), true);
  }
  assert.equal(spec(api)['holderIdentity'], 'a');
  assert.equal(spec(api)['leaseTransitions'], 0);
});

test('another takes over when the Lease has not changed for as long as it is valid, by its own clock', async (t) => {
  const { api, clock, join } = await start(t);
  const [a, b] = [join('a'), join('b')];
  await a.hold(never);
  clock.ms += 3_600_000;
  assert.equal(await b.hold(never), false, 'seen for the first time, however old it says it is');
  clock.ms += 59_999;
  assert.equal(await b.hold(never), false);
  clock.ms += 1;
  assert.equal(await b.hold(never), true);
  assert.equal(spec(api)['leaseTransitions'], 1);
  assert.equal(await a.hold(never), false);
});

test('a Lease that was given back is free at once, and only its holder gives it back', async (t) => {
  const { api, join } = await start(t);
  const [a, b] = [join('a'), join('b')];
  await a.hold(never);
  await b.release(never);
  assert.equal(spec(api)['holderIdentity'], 'a');
  await a.release(never);
  assert.equal(spec(api)['holderIdentity'], '');
  assert.equal(await b.hold(never), true);
});

test('of two that take it at once, one does', async (t) => {
  const { join } = await start(t);
  const results = await Promise.all(['a', 'b', 'c'].map((holder) => join(holder).hold(never)));
  assert.equal(results.filter(Boolean).length, 1);
});

test('an API server that cannot be asked makes no one the leader', async (t) => {
  const { api, join } = await start(t);
  api.trouble = () => 503;
  await assert.rejects(join('a').hold(never), /reading Lease orphans: HTTP status 503/);
  api.trouble = ({ method }) => (method === 'POST' ? 403 : undefined);
  await assert.rejects(join('a').hold(never), /writing Lease orphans: HTTP status 403/);
});
