/** What is decided before any program runs, with a connection that the test makes up. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { nqnOf, publicationNqn } from '../storage/ids.ts';
import { DEFAULT_TUNING } from './attachment.ts';
import type { BlockDevice } from './block-device.ts';
import { nodeDependencies } from './node-dependencies.fixture.ts';
import { processes } from './processes.ts';
import { Staging } from './staging.ts';

const VOLUME = { id: 'rds1:pvc-1', uuid: '1', nqn: nqnOf('1') };
const NQN = publicationNqn(VOLUME.nqn, 'ffffffff');

test('a device smaller than the RDS reported was formatted: it is another one, or not yet known', async () => {
  const device: BlockDevice = { path: '/dev/none', number: '0:0', bytes: 4096n, readOnly: false, sequence: '1' };
  const told: string[] = [];
  const tools = nodeDependencies(
    {
      connect: async () => device,
      connected: async () => [NQN],
      find: async () => device,
      rescan: async () => void told.push('rescan'),
      disconnect: async (nqn) => void told.push(`disconnect ${nqn}`),
    },
    processes(['/no/such/program']),
  );
  const request = {
    volume: VOLUME,
    target: { nqn: NQN, address: '192.0.2.1', port: 4420, bytes: 8192n, tuning: DEFAULT_TUNING },
    stagingPath: '/nowhere/staging',
    use: { kind: 'filesystem', filesystem: 'ext4', blank: true, mountOptions: [] },
  } as const;
  await assert.rejects(new Staging(tools).stage(request, { signal: AbortSignal.abort() }), {
    kind: 'unavailable',
    message: /^rds1:pvc-1 \(\/dev\/none\): .*4 KiB of 8 KiB.*\[NODE-SIZE\]$/,
  });
  assert.deepEqual(told, ['rescan', `disconnect ${VOLUME.nqn}`]);
});

test('a connection from before a forced detach was taken for the volume, with what it had not flushed', async (t) => {
  const [earlier, now] = [publicationNqn(VOLUME.nqn, '0a0a0a0a'), publicationNqn(VOLUME.nqn, '0b0b0b0b')];
  const stagingPath = mkdtempSync(join(tmpdir(), 'rose-csi-staging-'));
  t.after(() => rmSync(stagingPath, { recursive: true }));
  const request = {
    volume: VOLUME,
    target: { nqn: now, address: '192.0.2.1', port: 4420, bytes: 4096n, tuning: DEFAULT_TUNING },
    stagingPath,
    use: { kind: 'block', blank: false, readOnly: false },
  } as const;
  const device: BlockDevice = { path: '/dev/none', number: '0:0', bytes: 4096n, readOnly: false, sequence: '1' };
  for (const isLive of [false, true]) {
    const told: string[] = [];
    const connected = new Set<string>([earlier]);
    const tools = nodeDependencies(
      {
        connected: async () => [...connected],
        isLive: async (nqn) => isLive && nqn === earlier,
        find: async (nqn) => (nqn === now || connected.size > 0 ? device : undefined),
        connect: async ({ nqn }) => {
          told.push(`connect ${nqn}`);
          return device;
        },
        disconnect: async (nqn) => {
          told.push(`disconnect ${nqn}`);
          connected.clear();
        },
      },
      processes(['/no/such/program']),
    );
    const staging = new Staging(tools);
    const call = { signal: new AbortController().signal };
    if (isLive) {
      await assert.rejects(staging.stage(request, call), { kind: 'unavailable', message: /\[NODE-STALE\]$/ });
      assert.deepEqual(told, [`disconnect ${VOLUME.nqn}`], 'nothing uses it, so the next attempt finds it gone');
    } else {
      await staging.renew(request, call);
      assert.deepEqual(told, [`disconnect ${earlier}`, `connect ${now}`]);
      await staging.renew(request, call);
      assert.equal(told.length, 2, 'what is current is left alone');
      await staging.renew({ ...request, target: { ...request.target, nqn: earlier }, stagingPath: '/nowhere' }, call);
      assert.equal(told.length, 2, 'what was never staged stays so');
    }
  }
});
