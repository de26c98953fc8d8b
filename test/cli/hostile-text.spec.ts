import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { event, unbound } from '../../src/why/objects.fixture.ts';
import { startStack } from '../support/stack.ts';
import { roseCsi } from '../support/terminal.ts';
import { startCommandFixture } from '../why/command-fixture.ts';

const UNSEEN = /(?!\n)[\p{Cc}\p{Cf}]/u;
const EVIL = 'x\x1b[31m\x07\u202e';

test('whoever may write Events of a namespace wrote to the terminal of the administrator', async (t) => {
  const forged = `failed ${EVIL}\n\nWhat to do: rm -rf /\n✓ all is well`;
  const objects = unbound().put('events', event('PersistentVolumeClaim', 'data', 'ProvisioningFailed', forged));
  const { run } = await startCommandFixture(t, objects);
  const { stdout, stderr } = await run('data');
  assert.match(stdout, /x\\u001b\[31m\\u0007\\u202e/);
  assert.doesNotMatch(stdout + stderr, UNSEEN);
  assert.doesNotMatch(stdout, /^(?:What to do: rm|✓ all)/m, 'no line can be forged');
  const { stdout: json } = await run('data', '--json');
  assert.doesNotMatch(json, UNSEEN);
  assert.ok(JSON.stringify(JSON.parse(json)).includes(JSON.stringify(forged).slice(1, -1)), 'JSON is exact');
});

test('words of the command line and of files reached the terminal as they were', async (t) => {
  const { configFile } = await startStack(t);
  const directory = await mkdtemp(join(tmpdir(), 'rose-csi-hostile-'));
  t.after(() => rm(directory, { recursive: true, force: true }));
  const binary = join(directory, 'binary');
  await writeFile(binary, '{ a: [ \x07\x1b[31m }');
  for (const args of [
    [EVIL],
    ['help', EVIL],
    [`--${EVIL}`],
    ['snapshots', 'ls', '--config', configFile, '--volume', `rds1:${EVIL}`],
    ['orphans', 'adopt', '--device-only', '--config', configFile, EVIL],
    ['orphans', 'delete', '--device-only', '--config', configFile, EVIL],
    ['doctor', '--config', join(directory, `bad-${EVIL}`)],
    ['doctor', '--config', binary],
    ['why', `pvc/${EVIL}`],
    ['simulate', '--listen', EVIL],
  ]) {
    const { code, stdout, stderr } = await roseCsi(args);
    assert.equal(code, 2, stderr);
    assert.match(stdout + stderr, /\\u001b\[31m/);
    assert.doesNotMatch(stdout + stderr, UNSEEN, args.join(' '));
  }
});
