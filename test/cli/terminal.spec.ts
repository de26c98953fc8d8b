import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { MiB, makeSnapshot, makeVolume } from '../support/calls.ts';
import { POOL_UUID, startStack } from '../support/stack.ts';
import { hasTerminals, inShell, onTerminal, roseCsi } from '../support/terminal.ts';

const ERASE = '\x1b[K';

/** An RDS with a volume and a snapshot of it, and the words of two commands that look at it. */
async function place(t: TestContext) {
  const stack = await startStack(t);
  const volume = await makeVolume(stack.controller, MiB);
  const snapshot = await makeSnapshot(stack.controller, volume);
  const config = `--config ${stack.configFile}`;
  return { ...stack, volume, snapshot, ls: `snapshots ls ${config}`, doctor: `doctor ${config} --check latency` };
}

function widest(text: string): number {
  return Math.max(...text.split('\n').map((line) => line.length));
}

test('progress was printed into logs; a terminal shows it on one line and takes it away, a pipe gets none', async (t) => {
  if (!hasTerminals(t)) return;
  const { ls, doctor, directory } = await place(t);
  const { code, raw } = await onTerminal(`$ROSE_CSI ${doctor}`, 80);
  assert.equal(code, 0);
  assert.ok(raw.includes(`${ERASE}rds1: SSH port answers`), raw);
  assert.ok(raw.lastIndexOf(ERASE) < raw.indexOf('what was tested'), 'nothing of it is left above the table');
  // Standard error stays on the terminal when the answer goes to a file.
  const listed = await onTerminal(`$ROSE_CSI ${ls} > ${join(directory, 'tree')}`, 80);
  assert.ok(listed.raw.includes(`${ERASE}reading the volumes and snapshots`), listed.raw);
  for (const line of [ls, doctor]) assert.equal((await roseCsi(line.split(' '))).stderr, '');
});

test('a table takes what a wide terminal has, and 80 columns of a narrow one', async (t) => {
  if (!hasTerminals(t)) return;
  const { doctor } = await place(t);
  const [narrow, wide] = [await onTerminal(`$ROSE_CSI ${doctor}`, 40), await onTerminal(`$ROSE_CSI ${doctor}`, 110)];
  const table = (text: string) => text.slice(text.indexOf('   what was tested'), text.indexOf('\n✓ 5 '));
  assert.ok(widest(table(narrow.text)) > 70 && widest(table(narrow.text)) <= 80, narrow.text);
  assert.ok(widest(table(wide.text)) > 80 && widest(table(wide.text)) <= 110, wide.text);
  assert.ok(wide.raw.includes('\x1b[32m✓'), 'colours on a terminal');
  const plain = await onTerminal(`$ROSE_CSI ${doctor}`, 110, { env: { NO_COLOR: '1' } });
  assert.ok(!plain.raw.includes('\x1b[32m') && plain.raw.includes('✓'));
});

test('in a pipe COLUMNS says how wide a table may be, and every id is whole without it', async (t) => {
  const { ls, volume, snapshot } = await place(t);
  const [usual, wide] = [await roseCsi(ls.split(' ')), await roseCsi(ls.split(' '), { env: { COLUMNS: '200' } })];
  assert.ok(widest(usual.stdout) <= 80);
  for (const id of [volume, snapshot]) assert.ok(usual.stdout.includes(id) && wide.stdout.includes(id));
});

test('a reader that has gone changes neither the code nor says anything', async (t) => {
  const { ls, doctor, configFile } = await place(t);
  const text = await readFile(configFile, 'utf8');
  await writeFile(`${configFile}.wrong`, text.replaceAll(POOL_UUID, '11111111-2222-3333-4444-555555555555'));
  for (const [line, code] of [
    [ls, 0],
    [doctor, 0],
    [`doctor --config ${configFile}.wrong --check pools`, 1],
    ['--help', 0],
    ['completion fish', 0],
  ] as const) {
    const { stdout, stderr } = await inShell(`$ROSE_CSI ${line} | true; echo \${PIPESTATUS[0]}`);
    assert.deepEqual([line, stdout, stderr], [line, `${code}\n`, '']);
  }
});

test('standard error that cannot be written changes no code', async (t) => {
  const { ls } = await place(t);
  assert.equal((await inShell(`$ROSE_CSI ${ls} 2> /dev/full`)).code, 0);
  assert.equal((await inShell('$ROSE_CSI snapshots ls --config /nonexistent 2> /dev/full')).code, 2);
});
