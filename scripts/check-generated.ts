/**
 * Fails when `src/csi/gen` is not what `npm run generate` makes of `proto/csi.proto` today: a forgotten run, or a hand
 * in generated code. Works offline and changes nothing.
 */
import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';

const ROOT = join(import.meta.dirname, '..');
const GENERATED = join('src', 'csi', 'gen');
const TOOLS = join(ROOT, 'node_modules', '.bin');

/** Content by file name of a directory without subdirectories; empty when it does not exist. */
async function contents(directory: string): Promise<Map<string, string>> {
  const names = await readdir(directory).catch(() => []);
  const files = names.map(
    async (name): Promise<[string, string]> => [name, await readFile(join(directory, name), 'utf8')],
  );
  return new Map(await Promise.all(files));
}

const fresh = await mkdtemp(join(tmpdir(), 'rose-csi-generated-'));
try {
  await promisify(execFile)(join(TOOLS, 'buf'), ['generate', '--output', fresh], {
    cwd: ROOT,
    // buf looks for protoc-gen-es on the PATH; npm puts the tools there, a bare `node` does not.
    env: { ...process.env, PATH: `${TOOLS}${delimiter}${process.env['PATH'] ?? ''}` },
  });
  const wanted = await contents(join(fresh, GENERATED));
  const found = await contents(join(ROOT, GENERATED));
  const names = new Set([...wanted.keys(), ...found.keys()]);
  const different = [...names].filter((name) => wanted.get(name) !== found.get(name)).sort();
  if (wanted.size === 0) throw new Error('buf generate made no file: check buf.gen.yaml');
  if (different.length > 0) {
    console.error(`${GENERATED} is not what proto/csi.proto gives: ${different.join(', ')}. Run: npm run generate`);
    process.exitCode = 1;
  }
} finally {
  await rm(fresh, { recursive: true, force: true });
}
