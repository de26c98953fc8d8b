/** What is decided before any program runs, with a connection that the test makes up. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DEFAULT_TUNING } from './attachment.ts';
import type { BlockDevice } from './block-device.ts';
import { nodeTools } from './node-tools.fixture.ts';
import { processes } from './processes.ts';
import { Staging } from './staging.ts';

const NQN = 'nqn.2026-11.io.rose-csi:pvc-1';

test('a device smaller than the box told of was formatted: it is another one, or not yet known', async () => {
  const device: BlockDevice = { path: '/dev/none', number: '0:0', bytes: 4096n, readOnly: false, sequence: '1' };
  const told: string[] = [];
  const tools = nodeTools(
    {
      connect: async () => device,
      find: async () => device,
      rescan: async () => void told.push('rescan'),
      disconnect: async (nqn) => void told.push(`disconnect ${nqn}`),
    },
    processes(['/no/such/program']),
  );
  const request = {
    volume: { id: 'rds1:pvc-1', uuid: '1', nqn: NQN },
    target: { nqn: NQN, address: '192.0.2.1', port: 4420, bytes: 8192n, tuning: DEFAULT_TUNING },
    stagingPath: '/nowhere/staging',
    use: { kind: 'filesystem', filesystem: 'ext4', blank: true, mountOptions: [] },
  } as const;
  await assert.rejects(new Staging(tools).stage(request, { signal: AbortSignal.abort() }), {
    kind: 'unavailable',
    message: /\/dev\/none of rds1:pvc-1 still has 4096 of 8192 bytes/,
  });
  assert.deepEqual(told, ['rescan', `disconnect ${NQN}`]);
});
