import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { BACKEND } from '../support/backend.ts';
import { runDemo } from './run-demo.ts';

const MIB = 1024 * 1024;

/** What has to be shown, in this order; steps may come between them. */
const STEPS = [
  /^write 64 MiB/,
  /^snapshot 1,/,
  /^snapshot 2,/,
  /^give the pool a replica/,
  /^snapshot 1 is sent .* in full/,
  /^snapshot 2 follows, incrementally/,
  /^RDS 1 is switched off/,
  /replicas ls: RDS 1 is silent/,
  /claim restores snapshot 2 of RDS 1/,
  /^compare every byte of the restored volume/,
  /replicas adopt/,
  /claim restores the adopted copy of snapshot 1/,
  /^compare every byte of the volume of the adopted copy/,
  /^delete the adopted snapshots/,
  /^look at what is left/,
];

test('with --second-rds the copies of two snapshots outlive their RDS, are restored and adopted, and nothing is left', {
  timeout: 180_000,
}, async () => {
  const { code, result } = await runDemo(['--second-rds']);
  assert.equal(code, 0);
  assert.equal(result.ok, true);
  assert.equal(result.backend, BACKEND);
  assert.equal(result.restoredIdentical, true);
  assert.deepEqual(result.leaked, []);
  const names = result.steps.map(({ name }) => name);
  const places = STEPS.map((step) => names.findIndex((name) => step.test(name)));
  assert.ok(!places.includes(-1), `${names.join('\n')}\n${places}`);
  assert.deepEqual(
    places,
    places.toSorted((a, b) => a - b),
  );
  for (const { name, ms, execs } of result.steps) assert.ok(name.length <= 62 && ms >= 0 && execs >= 0, name);

  const [whole = 0, difference = 0, ...more] = result.sentBytes;
  assert.deepEqual(more, []);
  assert.ok(whole > 64 * MIB && whole < 70 * MIB, `${whole}`);
  assert.ok(difference > 8 * MIB && difference < 10 * MIB, `${difference} for the 8 MiB that are different`);
});

test('the help of the demo explains --second-rds, and fits 80 columns', () => {
  const help = execFileSync(process.execPath, [join(import.meta.dirname, 'demo.ts'), '--help'], { encoding: 'utf8' });
  assert.match(help, /^ {2}--second-rds /m);
  for (const line of help.split('\n')) assert.ok(line.length <= 80, line);
});
