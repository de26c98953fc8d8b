import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { BlockDevice } from './block-device.ts';
import { growFilesystem } from './filesystems.ts';
import { ProcessError, type Processes } from './processes.ts';

const DEVICE = { path: '/dev/nvme0n1', readOnly: false } as BlockDevice;

test('a pod was not started because its filesystem does not grow', async () => {
  const grow = (error: ProcessError) => {
    const run = async () => {
      throw error;
    };
    const host: Processes = { run, ask: run };
    return growFilesystem(host, { device: DEVICE, filesystem: 'ext4', path: '/data' });
  };
  await assert.rejects(grow(new ProcessError('too many block group descriptors', { status: 1 })), {
    kind: 'precondition',
    code: 'NODE-GROW',
  });
  // It may have been on its way: the kubelet shall come back.
  await assert.rejects(grow(new ProcessError('killed', { timedOut: true })), {
    kind: 'unavailable',
    code: 'NODE-GROW',
  });
});
