/** What docs/guides/second-rds.md says to type, from the key to the restore when the first RDS is gone, on two simulated RDS. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { parseAllDocuments } from 'yaml';
import { pemKey } from '../../src/simulator/ssh/pem-key.testing.ts';
import { MiB, makeSnapshot, makeVolume } from '../support/calls.ts';
import { change, look } from '../support/console.ts';
import { pattern, readAll, write } from '../support/images.ts';
import { startReplicaPair } from '../support/replica-pair.ts';
import { fromSnapshot } from '../support/requests.ts';

const ROOT = join(import.meta.dirname, '../..');
const GUIDE = readFileSync(join(ROOT, 'docs/guides/second-rds.md'), 'utf8');

/** Lines of the guide that begin so, whole commands each. */
const typed = (begin: string): string[] =>
  GUIDE.split('\n').flatMap((line) => (line.trim().startsWith(begin) ? [line.trim()] : []));

test('by what the guide says to type copies are made, and restored and adopted when the first RDS is gone', async (t) => {
  const stack = await startReplicaPair(t, { key: false, idleMs: 20 });
  const { controller, simulator, far } = stack;
  const { pem, publicKey } = pemKey();
  const upload = (text: string) => text.trimEnd().replaceAll('\n', '\\n');
  await change(far, `/file/add name=sata1/transfer.pub contents="${upload(publicKey)}"`);
  await change(simulator, `/file/add name=pool/transfer contents="${upload(pem)}"`);
  const onSecond = [...typed('/user/group/add'), ...typed('/user/add'), ...typed('/user/ssh-keys/import')];
  const onFirst = typed('/user/ssh-keys/private/import');
  assert.deepEqual([onSecond.length, onFirst.length], [3, 1]);
  // Files of the simulator lie in pools, and both RDS are on this machine.
  const here = (command: string) =>
    command
      .replace('<random>', 'random')
      .replace('address=192.0.2.10', 'address=127.0.0.1')
      .replace('file=transfer', 'file=sata1/transfer');
  for (const command of onSecond) await change(far, here(command));
  assert.equal(await look(far, ':put [:tostr [/user/get receive address]]'), '127.0.0.1');
  for (const command of onFirst) await change(simulator, command.replace('file=transfer', 'file=pool/transfer'));

  const volumeId = await makeVolume(controller, MiB, { parameters: { backend: 'rds1', pool: 'pool' } });
  await write(stack, volumeId, 0, pattern('precious', 65_536));
  const expected = await readAll(stack, volumeId);
  const snapshotId = await makeSnapshot(controller, volumeId);
  await stack.copied(1);
  await simulator.close();

  const copyId = snapshotId.replace('rds1:', 'rds2:');
  const gone = GUIDE.slice(GUIDE.indexOf('\n## The RDS is gone'));
  const [ls = '', adopt = ''] = gone
    .split('\n')
    .flatMap((line) => /^ *(rose-csi replicas .*--config .*)$/.exec(line)?.[1] ?? []);
  assert.match(await rose(ls, stack.configFile, copyId), new RegExp(`${copyId} .*unknown original`));
  const [content] = parseAllDocuments(await rose(adopt, stack.configFile, copyId)).map((one) => one.toJS());
  assert.deepEqual([content.kind, content.spec.source], ['VolumeSnapshotContent', { snapshotHandle: copyId }]);
  for (const source of [snapshotId, copyId]) {
    const place = { parameters: { backend: 'rds2', pool: 'copies' } };
    const restored = await makeVolume(controller, MiB, { ...fromSnapshot(source), ...place });
    assert.ok((await readAll({ simulator: far, api: stack.farApi }, restored)).equals(expected), source);
  }
});

/** Runs a command of the guide, with the names of this test in the place of its own. */
async function rose(command: string, configFile: string, copyId: string): Promise<string> {
  const [, ...args] = command
    .replace(/ > .*/, '')
    .replace('rose-csi.yaml', configFile)
    .replace(/rds2:snap-\S+/, copyId)
    .split(' ');
  const env: NodeJS.ProcessEnv = { ...process.env, COLUMNS: '120' };
  delete env['NODE_TEST_CONTEXT'];
  return await promisify(execFile)(process.execPath, [join(ROOT, 'src/main.ts'), ...args], { env }).then(
    ({ stdout }) => stdout,
    // An RDS that is gone makes the status 2; what there is is printed.
    ({ stdout }: { readonly stdout: string }) => stdout,
  );
}
