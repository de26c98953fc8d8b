import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nodeEvents } from '../../src/app/events/node-events.ts';
import { nodeDependencies } from '../../src/host/node-dependencies.fixture.ts';
import { Staging } from '../../src/host/staging.ts';
import { createLogger } from '../../src/observability/log.ts';
import { nqnOf } from '../../src/storage/ids.ts';
import { type Claim, startFixture } from '../node/fixture.ts';
import { outcome } from '../support/calls.ts';
import { KubernetesApi } from '../support/kubernetes-api.ts';
import { until } from '../support/until.ts';
import { repeated } from './fixture.ts';

const NODE = { apiVersion: 'v1', kind: 'Node', name: 'node-1', uid: 'node-1' };

test('a volume that is not provably blank is reported once on the Node', async (t) => {
  const api = await KubernetesApi.start(t);
  const fixture = await startFixture(t, { access: api.access, config: { events: { enabled: false } } });
  if (fixture === undefined) return;
  const claim = await fixture.claim('ext4');
  const adopted = { ...claim, volumeContext: { formatVersion: '1' } };
  const stage = () => outcome(fixture.node.stage(adopted));
  assert.deepEqual(await repeated(5, stage), ['FAILED_PRECONDITION']);
  await until(async () => api.events().length > 0);
  const [event, ...more] = api.events();
  assert.deepEqual(more, []);
  assert.deepEqual(
    [event?.reason, event?.type, event?.count, event?.involvedObject],
    ['FormatRefused', 'Warning', 1, NODE],
  );
  const handle = claim.volumeId.replaceAll('.', '\\.');
  assert.match(
    event?.message ?? '',
    new RegExp(`^${handle}: .* not provably blank: .*docs/node-safety\\.md.* \\[NODE-FORMAT\\]$`),
  );

  await t.test('and what can be staged tells no one', async () => {
    const other = await fixture.claim('ext4');
    await fixture.node.mount(other);
    await fixture.node.unmount(other);
    assert.equal(api.events().length, 1);
  });

  await t.test('an API server that stalls or forbids changes and delays nothing', async () => {
    for (const trouble of ['stall', 403] as const) {
      api.trouble = () => trouble;
      const before = api.requests.length;
      const next: Claim = await fixture.claim('ext4');
      const refusal = outcome(fixture.node.stage({ ...next, volumeContext: { formatVersion: '1' } }));
      assert.equal(await refusal, 'FAILED_PRECONDITION');
      await until(async () => api.requests.length > before);
      await fixture.node.mount(next);
      await fixture.node.unmount(next);
    }
  });
});

test('data that was not flushed to a lost RDS is reported once on the Node', async (t) => {
  const api = await KubernetesApi.start(t);
  const fixture = await startFixture(t);
  if (fixture === undefined) return;
  const claim = await fixture.claim('ext4');
  await fixture.node.mount(claim);
  // The device is in use and its RDS is gone, as the kernel shows it while it flushes without success.
  const path = fixture.node.mounts()[0]?.source ?? '';
  const device = { path, number: '0:0', bytes: 1n, readOnly: false, sequence: '1' };
  const events = nodeEvents(api.access, 'node-1', createLogger('fatal'));
  t.after(() => events.stop());
  const disconnected: string[] = [];
  const tools = {
    ...nodeDependencies({
      find: async () => device,
      isLive: async () => false,
      disconnect: async (nqn) => void disconnected.push(nqn),
    }),
    onUnflushed: ({ id }: { readonly id: string }) => events.unflushed(id),
  };
  const volume = { id: claim.volumeId, uuid: 'any', nqn: nqnOf('1') };
  const signal = AbortSignal.abort();
  for (let time = 0; time < 3; time += 1) await new Staging(tools).unstage(volume, '/nowhere/staging', { signal });
  await until(async () => api.events().length > 0);
  const [event, ...more] = api.events();
  assert.deepEqual([disconnected.length, more], [3, []]);
  assert.deepEqual([event?.reason, event?.count, event?.involvedObject], ['UnflushedDataLost', 1, NODE]);
  assert.match(event?.message ?? '', new RegExp(`^${claim.volumeId} was disconnected .* is lost\\. Check the data`));
});

test('each condition of a volume has its own Event and its own end, and one that comes back is reported at once', async (t) => {
  const api = await KubernetesApi.start(t);
  const events = nodeEvents(api.access, 'node-1', createLogger('fatal'));
  t.after(() => events.stop());
  const id = 'rds1:pvc-1';
  const counts = () => api.events().map(({ reason, count }) => `${reason} ${count}`);
  const isThere = (...wanted: string[]) => until(async () => wanted.every((one) => counts().includes(one)));
  events.condition(id, { code: 'ConnectionLost', detail: '' });
  events.condition(id, { code: 'DeviceReadOnly', detail: '/dev/nvme1n1' });
  await isThere('ConnectionLost 1', 'DeviceReadOnly 1');
  events.recovered(id, 'ConnectionLost', 'well');
  await isThere('VolumeRecovered 1');
  events.condition(id, { code: 'DeviceReadOnly', detail: '/dev/nvme1n1' });
  events.condition(id, { code: 'ConnectionLost', detail: '' });
  await isThere('ConnectionLost 2');
  events.recovered(id, 'DeviceReadOnly', 'gone');
  await until(async () => counts().length === 4);
  assert.deepEqual(counts().toSorted(), [
    'ConnectionLost 2',
    'DeviceReadOnly 1',
    'VolumeRecovered 1',
    'VolumeRecovered 1',
  ]);
  const ends = api.events().flatMap(({ reason, message }) => (reason === 'VolumeRecovered' ? message : []));
  assert.deepEqual(ends.toSorted(), [
    `${id}: ConnectionLost is over`,
    `${id}: DeviceReadOnly is over, as this node no longer has the volume`,
  ]);
});
