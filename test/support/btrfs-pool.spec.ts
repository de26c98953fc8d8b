import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { readdir, readFile, statfs } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { btrfsPool, makeBtrfsPool } from './btrfs-pool.ts';
import { until } from './until.ts';

const GIB = 2 ** 30;

/** What the machine still has of a pool: its mount, its loop device, its file. */
async function remains(directory: string): Promise<string[]> {
  const base = dirname(directory);
  const mounts = (await readFile('/proc/mounts', 'utf8')).split('\n');
  const devices = (await readdir('/sys/block')).filter((name) => name.startsWith('loop'));
  const files = devices.map((name) => readFile(`/sys/block/${name}/loop/backing_file`, 'utf8').catch(() => ''));
  const found = [...mounts, ...(await Promise.all(files))].filter((line) => line.includes(base));
  return existsSync(base) ? [...found, base] : found;
}

test('a pool is a Btrfs filesystem of the given size, and leaves nothing when it is removed', async (t) => {
  if (btrfsPool(t, GIB) === undefined) return;
  const { directory, remove } = makeBtrfsPool(3 * GIB);
  const { type, blocks, bsize } = await statfs(directory);
  assert.deepEqual([type, blocks * bsize], [0x9123683e, 3 * GIB]);
  assert.equal((await remains(directory)).length, 3);
  remove();
  await until(async () => (await remains(directory)).length === 0);
});

for (const [how, ending] of [
  ['ends', ''],
  ['fails', 'throw new Error("test failed")'],
  ['is told to end', 'setInterval(() => {}, 1000)'],
] as const) {
  test(`a process that ${how} takes its pool along`, async (t) => {
    if (btrfsPool(t, GIB) === undefined) return;
    const program = `
      import { makeBtrfsPool } from '${join(import.meta.dirname, 'btrfs-pool.ts')}';
      console.log(makeBtrfsPool(${GIB}).directory);
      ${ending};`;
    const child = spawn(process.execPath, ['--input-type=module', '--eval', program], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const ended = once(child, 'exit');
    const [directory] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
    if (how === 'is told to end') child.kill('SIGTERM');
    await ended;
    await until(async () => (await remains(directory)).length === 0);
  });
}
