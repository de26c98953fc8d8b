/** The blocks below `<!-- runs -->` do what their pages say. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, cpSync, mkdtempSync, openSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { hasProgram } from '../support/capability.ts';
import { blocks, ROOT } from './pages.ts';

/** What the commands need; nothing else that a user has in a clone. */
const COPIED = ['package.json', 'scripts', 'src', 'test'];
const marked = blocks('sh').filter(({ runs }) => runs);

/** What each page promises as the end of it. */
const promises: Readonly<Record<string, RegExp>> = {
  'README.md': /every byte is identical; the pool is empty again/,
  'docs/tutorial.md': /^precious!$.*^✓ \d+ fits.*every byte is identical; the pool is empty again/ms,
};

test('the pages whose commands run are those that are known to', () => {
  assert.deepEqual([...new Set(marked.map(({ page }) => page))], Object.keys(promises));
});

for (const [page, promise] of Object.entries(promises)) {
  test(`the commands of ${page} run in a copy, one after the other`, { timeout: 120_000 }, async (t) => {
    if (!hasProgram(t, 'ssh', ['-V']) || !hasProgram(t, 'curl')) return;
    const port = await freePort();
    const text = marked.filter((block) => block.page === page).map((block) => block.text);
    const output = await runInCopy(t, text.join('').replaceAll('2222', `${port}`));
    assert.match(output, promise);
  });
}

/** Runs a script as a shell with jobs does, in a copy of the sources. @returns all that it printed. */
async function runInCopy(t: TestContext, script: string): Promise<string> {
  const directory = mkdtempSync(join(tmpdir(), 'rose-csi-docs-'));
  t.after(() => rmSync(directory, { recursive: true }));
  for (const part of COPIED) cpSync(join(ROOT, part), join(directory, part), { recursive: true });
  symlinkSync(join(ROOT, 'node_modules'), join(directory, 'node_modules'));
  // With job control, as at a prompt, a job is a group of processes: whatever is left running when a command fails is ended.
  const prelude = 'set -m\ntrap \'for job in $(jobs -p); do kill -- "-$job"; wait "$job" || true; done\' EXIT\n';
  const printed = join(directory, 'printed');
  const file = openSync(printed, 'w');
  const shell = spawn('bash', ['-euc', prelude + script], {
    cwd: directory,
    stdio: ['ignore', file, file],
    signal: t.signal,
  });
  closeSync(file);
  const [code] = (await once(shell, 'exit')) as [number | null];
  const output = readFileSync(printed, 'utf8');
  assert.equal(code, 0, output);
  return output;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address !== null ? address.port : assert.fail('no port');
}
