/** What stands in the documentation to be copied works. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { parseAllDocuments } from 'yaml';
import * as z from 'zod';
import { installHelm, render } from '../../scripts/chart/helm.ts';
import { hasProgram } from '../support/capability.ts';

const ROOT = join(import.meta.dirname, '../..');
const PAGES = ['README.md', ...globSync('docs/**/*.md', { cwd: ROOT })];

interface Block {
  readonly page: string;
  readonly text: string;
}

/** Fenced blocks of a language, also inside of lists, without their indentation. */
function blocks(language: string, before = ''): Block[] {
  const fence = new RegExp(`${before}^( *)\`\`\`${language}\\n(.*?)^ *\`\`\`$`, 'gms');
  return PAGES.flatMap((page) =>
    [...readFileSync(join(ROOT, page), 'utf8').matchAll(fence)].map(([, indent = '', text = '']) => ({
      page,
      text: text.replaceAll(new RegExp(`^${indent}`, 'gm'), ''),
    })),
  );
}

const isObject = z.looseObject({ apiVersion: z.string(), kind: z.string(), metadata: z.looseObject({}) });

test('every YAML in the documentation can be parsed, and what is an object of Kubernetes is a whole one', () => {
  const all = blocks('yaml');
  assert.ok(all.length >= 8, `only ${all.length} blocks`);
  for (const { page, text } of all) {
    for (const document of parseAllDocuments(text)) {
      assert.deepEqual(document.errors, [], `${page}:\n${text}`);
      const value: unknown = document.toJS();
      if (typeof value === 'object' && value !== null && 'kind' in value) {
        assert.ok(isObject.safeParse(value).success, `${page}:\n${text}`);
      }
    }
  }
});

test('the chart takes the values that the documentation shows', async (t) => {
  if (!hasProgram(t, 'go', ['version'])) return;
  const helm = await installHelm();
  const directory = mkdtempSync(join(tmpdir(), 'rose-csi-values-'));
  t.after(() => rmSync(directory, { recursive: true }));
  const values = blocks('yaml').filter(({ text }) => /^clusterId:/m.test(text) && !/^backends:/m.test(text));
  assert.ok(values.length >= 3, `only ${values.length} blocks`);
  for (const { page, text } of values) {
    const file = join(directory, 'values.yaml');
    writeFileSync(file, text);
    const least = join(ROOT, 'test/chart/golden/minimum.values.yaml');
    const rendered = await render(helm, '--values', least, '--values', file);
    assert.match(rendered, /^kind: DaemonSet$/m, page);
  }
});

test('the commands of the README that need no cluster run as they stand there', { timeout: 120_000 }, async (t) => {
  if (!hasProgram(t, 'ssh', ['-V'])) return;
  const marked = blocks('sh', '^<!-- runs -->\\n');
  assert.equal(marked.length, 1);
  const directory = mkdtempSync(join(tmpdir(), 'rose-csi-readme-'));
  const port = await freePort();
  for (const { text } of marked) {
    const script = text.replaceAll('./', `${directory}/`).replaceAll('2222', `${port}`);
    const shell = spawn('sh', ['-euc', script], { cwd: ROOT, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
    t.after(() => {
      if (shell.pid !== undefined) process.kill(-shell.pid, 'SIGKILL');
      rmSync(directory, { recursive: true, force: true });
    });
    let output = '';
    for (const stream of [shell.stdout, shell.stderr]) {
      stream.on('data', (part: Buffer) => {
        output += part.toString('utf8');
      });
    }
    // The simulator that it leaves running holds the pipes, so they do not end with the script.
    const [code] = (await once(shell, 'exit')) as [number | null];
    assert.equal(code, 0, output);
    assert.match(output, /Documents-monday/);
  }
});

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address !== null ? address.port : assert.fail('no port');
}
