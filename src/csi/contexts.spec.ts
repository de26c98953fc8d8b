import assert from 'node:assert/strict';
import { test } from 'node:test';
import { contextProblem, publishContext, volumeContext } from './contexts.ts';
import { volume } from './services.fixture.ts';

const restored = { ...volume, source: { snapshotId: 'rds:snap-1' } };

test('only a blank volume is called blank', () => {
  assert.deepEqual(volumeContext({}, true), { formatVersion: '1', blank: 'true' });
  assert.deepEqual(volumeContext({}, false), { formatVersion: '1' });
});

test('filesystem and tuning travel with the volume; places and words do not', () => {
  const travelling = {
    fsType: 'xfs',
    ctrlLossTimeoutSeconds: '600',
    reconnectDelaySeconds: '10',
    keepAliveTimeoutSeconds: '15',
    ioQueues: '4',
  } as const;
  const context = volumeContext({ ...travelling, backend: 'rds', pool: 'tank', description: 'shop/data' }, false);
  assert.deepEqual(context, { formatVersion: '1', ...travelling });
});

test('the publish_context is where the node finds the volume', () => {
  const target = { address: '2001:db8::1', port: 4420, nqn: 'nqn.2026-11.io.rose-csi:pvc-1', bytes: 2n ** 40n };
  assert.deepEqual(publishContext(target), { ...target, port: '4420', bytes: '1099511627776' });
});

test('a context is compared with its volume', () => {
  assert.equal(contextProblem({}, volume), undefined);
  assert.equal(contextProblem(volumeContext({ ioQueues: '4', fsType: 'ext4' }, true), volume), undefined);
  assert.equal(contextProblem(volumeContext({}, false), restored), undefined);
  assert.match(contextProblem({ formatVersion: '1', pool: 'x' }, volume) ?? '', /unknown keys: "pool"/);
  assert.match(contextProblem({ formatVersion: '2' }, volume) ?? '', /format version 1/);
  assert.match(contextProblem({ blank: 'true' }, volume) ?? '', /format version 1/);
  assert.match(contextProblem(volumeContext({}, true), restored) ?? '', /blank, but it was made from a source/);
});
