/** The node in a container whose programs are those of the host: `chroot` with the mounts of the host below it. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { hostTools } from '../../src/host/host-tools.ts';
import { parseMountinfo } from '../../src/host/mountinfo.ts';
import { CLUSTER_ID } from '../support/stack.ts';
import { type Claim, type Fixture, startFixture, type TestNode } from './fixture.ts';

const MAIN = join(import.meta.dirname, '../../src/main.ts');

interface Container {
  readonly node: TestNode;
  /** Mount points below a directory, as a container without the second view of the host would list them. */
  mountsBelow(directory: string): string[];
}

/** A mount namespace with the host at `host`, every mount passed on both ways, as the chart makes it for `chroot`. */
async function startContainer(fixture: Fixture, directory: string): Promise<Container> {
  const host = join(directory, 'host');
  mkdirSync(host);
  const endpoint = `unix://${join(directory, 'node.sock')}`;
  const args = [
    MAIN,
    'node',
    '--endpoint',
    endpoint,
    '--cluster-id',
    CLUSTER_ID,
    '--node-name',
    'contained',
    '--state-dir',
    join(directory, 'state'),
    '--host-tools',
    `chroot=${host}`,
    '--attach',
    'loop',
    '--simulator-api',
    fixture.simulator.apiSocket,
    '--log-level',
    'error',
  ];
  const script = `mount --make-rshared / && mount --rbind / "$1" && shift && exec "$@"`;
  const shell = ['--mount', '--propagation', 'private', 'sh', '-c', script, 'sh', host, process.execPath, ...args];
  const child = spawn('unshare', shell, { stdio: ['ignore', 'ignore', 'inherit'] });
  fixture.onStop(async () => {
    child.kill('SIGKILL');
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  });
  const node = await fixture.nodeAt(directory, endpoint);
  return {
    node,
    mountsBelow: (below) =>
      parseMountinfo(readFileSync(`/proc/${child.pid}/mountinfo`, 'utf8'))
        .map(({ mountPoint }) => mountPoint)
        .filter((point) => point.startsWith(`${below}/`) && !`${point}/`.startsWith(`${host}/`)),
  };
}

for (const kind of ['ext4', 'block'] as const) {
  test(`a volume is staged, published and taken away by the programs of the host: ${kind}`, async (t) => {
    const fixture = await startFixture(t);
    if (fixture === undefined) return;
    const directory = mkdtempSync(join(tmpdir(), 'rose-csi-host-'));
    t.after(() => rmSync(directory, { recursive: true }));
    const { node, mountsBelow } = await startContainer(fixture, directory);
    const claim: Claim = await fixture.claim(kind);
    const path = await node.mount(claim);
    const staged = kind === 'block' ? [] : [node.stagingPath(claim)];
    assert.deepEqual(mountsBelow(directory), [...staged, path]);
    await node.stage(claim);
    assert.deepEqual(mountsBelow(directory), [...staged, path], 'a repeat finds what is there');
    const { usage } = await node.client.nodeGetVolumeStats({ volumeId: claim.volumeId, volumePath: path });
    assert.ok((usage[0]?.total ?? 0n) > 0n);
    await node.unmount(claim);
    assert.deepEqual(mountsBelow(directory), []);
    assert.deepEqual(fixture.loops.attachments, []);
  });
}

test('nsenter enters the mount namespace of process 1, and nothing else of it', async (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'rose-csi-nsenter-'));
  const before = process.env['PATH'];
  t.after(() => {
    process.env['PATH'] = before;
    rmSync(directory, { recursive: true });
  });
  writeFileSync(join(directory, 'nsenter'), '#!/bin/sh\necho "$@"\n');
  chmodSync(join(directory, 'nsenter'), 0o755);
  process.env['PATH'] = `${directory}:${before}`;
  const { host, hidden } = await hostTools('nsenter');
  assert.equal((await host.run('mount', ['-t', 'ext4'])).text, '--target 1 --mount -- mount -t ext4');
  assert.equal(hidden, undefined);
});

test('what is no choice of programs is refused with those that are', async () => {
  for (const choice of ['', 'chroot', 'chroot=', 'chroot=host', 'chroot=/', 'nsenter=1']) {
    await assert.rejects(hostTools(choice), /use direct, nsenter or chroot=\/absolute\/directory/, choice);
  }
});
