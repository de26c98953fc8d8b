/** What a dead or slow device does to the calls about a volume, with a connection that the test makes up. */
import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { nqnOf } from '../storage/ids.ts';
import type { Attachment } from './attachment.ts';
import type { BlockDevice } from './block-device.ts';
import { parseMountinfo } from './mountinfo.ts';
import { nodeDependencies } from './node-dependencies.fixture.ts';
import { NodeVolumes } from './node-volumes.ts';
import { type Processes, processes } from './processes.ts';

const VOLUME = { id: 'rds1:pvc-1', uuid: '1', nqn: nqnOf('1') };
/** A mount that every machine has, to stand for that of the volume. */
const PATH = '/proc';

function device(bytes = 4096n): BlockDevice {
  const mounts = parseMountinfo(readFileSync('/proc/self/mountinfo', 'utf8'));
  const number = mounts.findLast(({ mountPoint }) => mountPoint === PATH)?.device ?? '';
  return { path: '/dev/none', number, bytes, readOnly: false, sequence: '1' };
}

function volumes(connection: Partial<Attachment>, host?: Processes): NodeVolumes {
  return new NodeVolumes(nodeDependencies({ find: async () => device(), ...connection }, host));
}

/** Programs of which `stat` never ends; it writes to the pipe once it has begun. */
async function hangingStat(t: TestContext): Promise<{ host: Processes; pipe: string }> {
  const directory = mkdtempSync(join(tmpdir(), 'rose-csi-stat-'));
  t.after(() => rmSync(directory, { recursive: true }));
  const pipe = join(directory, 'pipe');
  await processes().run('mkfifo', [pipe]);
  writeFileSync(join(directory, 'stat'), `#!/bin/bash\necho begun > ${pipe}\nexec tail -f /dev/null\n`);
  chmodSync(join(directory, 'stat'), 0o755);
  return { host: processes(['env', `PATH=${directory}:${process.env['PATH']}`]), pipe };
}

test('statistics of a dead mount hang alone: the process goes on, and the caller hears UNAVAILABLE', async (t) => {
  const { host, pipe } = await hangingStat(t);
  const caller = new AbortController();
  const usage = volumes({}, host).usage(VOLUME, PATH, { signal: caller.signal });
  await (await open(pipe)).close();
  caller.abort();
  await assert.rejects(usage, { kind: 'unavailable', message: /^\/proc: .*: .*(?:stat|env).*\[NODE-LOST\]$/ });
});

test('a connection that is lost is not asked for statistics', async () => {
  const asked = volumes({ isLive: async () => false }, processes(['/no/such/program']));
  const usage = asked.usage(VOLUME, PATH, { signal: new AbortController().signal });
  await assert.rejects(usage, { kind: 'unavailable', message: /its connection is lost.*\[NODE-LOST\]$/ });
});

test('a device that stays small is retried, never FAILED_PRECONDITION, which would wait for the pod to end', async () => {
  let rescans = 0;
  const rescan = async () => {
    rescans += 1;
  };
  const signal = AbortSignal.abort();
  const expand = volumes({ rescan }).expand(VOLUME, PATH, 8192n, { signal });
  await assert.rejects(expand, { kind: 'unavailable', message: /4 KiB of 8 KiB after a rescan\. .*\[NODE-SIZE\]$/ });
  assert.equal(rescans, 1);
});
