/** What the node says when it has no descriptors left: that proves nothing about any device. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

const here = (file: string) => JSON.stringify(join(import.meta.dirname, file));

/** Takes all descriptors, tries each of these, gives one back, and prints how they ended. */
const SCRIPT = `
import { closeSync, openSync, readSync } from 'node:fs';
import { processes } from ${here('processes.ts')};
import { isFree } from ${here('volume-users.ts')};
import { controllersOf, namespacesOf } from ${here('nvme-sysfs.ts')};
import { PLACES, readAttribute } from ${here('block-device.ts')};
const [path, sys] = process.argv.slice(2);
const work = {
  run: () => processes().run('true', []),
  isFree: () => isFree({ path }),
  controllersOf: () => controllersOf({ ...PLACES, sys }, 'nqn'),
  namespacesOf: () => namespacesOf({ ...PLACES, sys }, 'nqn'),
  readAttribute: () => readAttribute(path),
};
// So that nothing has to be loaded when there is no descriptor for it.
for (const one of Object.values(work)) await one().catch(() => undefined);
const taken = [];
try {
  for (;;) taken.push(openSync('/dev/null'));
} catch {}
const ends = {};
for (const [name, one] of Object.entries(work)) {
  ends[name] = await one().then((value) => 'answered ' + JSON.stringify(value), (error) => error.name + ': ' + error.message);
}
for (const descriptor of taken) closeSync(descriptor);
console.log(JSON.stringify(ends));
`;

test('without descriptors nothing is taken for free or absent, and no program brings the node down', (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'rose-csi-descriptors-'));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  const script = join(directory, 'script.mjs');
  writeFileSync(script, SCRIPT);
  for (const part of ['class/nvme', 'block']) mkdirSync(join(directory, part), { recursive: true });
  const program = ['-c', 'ulimit -n 64; exec "$@"', 'sh', process.execPath, script, '/dev/null', directory];
  const { stdout, stderr, status } = spawnSync('sh', program, { encoding: 'utf8', timeout: 60_000 });
  assert.equal(status, 0, stderr);
  const ends: Record<string, string> = JSON.parse(stdout);
  assert.match(ends['run'] ?? '', /^ProcessError: true cannot be started: spawn true EMFILE/);
  for (const name of ['isFree', 'controllersOf', 'namespacesOf', 'readAttribute']) {
    assert.match(ends[name] ?? '', /^Error: EMFILE/, name);
  }
});
