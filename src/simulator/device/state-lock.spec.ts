import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { temporaryDirectory } from './device.testing.ts';
import { StateLock } from './state-lock.ts';

test('a directory has one holder at a time', async (t) => {
  const directory = await temporaryDirectory(t);
  const lock = await StateLock.acquire(directory);
  await assert.rejects(StateLock.acquire(directory), /another simulator uses/);
  await lock.release();
  await (await StateLock.acquire(directory)).release();
  assert.deepEqual(await readdir(directory), []);
});

test('of many that come at once, one gets it', async (t) => {
  const directory = await temporaryDirectory(t);
  const results = await Promise.allSettled(Array.from({ length: 20 }, () => StateLock.acquire(directory)));
  assert.equal(results.filter((result) => result.status === 'fulfilled').length, 1);
});

test('the lock of a dead process is taken over', async (t) => {
  const directory = await temporaryDirectory(t);
  const { pid } = spawnSync(process.execPath, ['--version']);
  await writeFile(join(directory, 'lock'), `${pid} 1`);
  await (await StateLock.acquire(directory)).release();
});

test('a process id that came back is not the process that held the lock', async (t) => {
  const directory = await temporaryDirectory(t);
  await writeFile(join(directory, 'lock'), `${process.pid} 1`);
  await (await StateLock.acquire(directory)).release();
});
