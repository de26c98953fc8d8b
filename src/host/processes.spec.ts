import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { until } from '../../test/support/until.ts';
import { ProcessError, processes } from './processes.ts';

const NODE = process.execPath;
const direct = processes();

test('arguments arrive as they are, and no shell looks at them', async () => {
  const args = ['$HOME', '; false', "it's", '*', '--', ''];
  const { text } = await direct.run(NODE, ['-p', 'JSON.stringify(process.argv.slice(1))', '--', ...args]);
  assert.deepEqual(JSON.parse(text), args);
});

test('programs speak the C locale', async () => {
  assert.equal((await direct.run(NODE, ['-p', 'process.env.LC_ALL'])).text, 'C');
});

test('the prefix goes before every command', async () => {
  const { text } = await processes(['env', 'WHERE=host']).run(NODE, ['-p', 'process.env.WHERE']);
  assert.equal(text, 'host');
});

test('a bad exit is an error that says what the program said, or an answer to whoever asks', async () => {
  const script = 'console.error("no such device"); process.exit(7)';
  await assert.rejects(direct.run(NODE, ['-e', script]), (error: ProcessError) => {
    assert.match(error.message, /ended with status 7: no such device/);
    assert.equal(error.status, 7);
    return true;
  });
  const { status, complaint } = await direct.ask(NODE, ['-e', script]);
  assert.deepEqual({ status, complaint }, { status: 7, complaint: 'no such device' });
});

test('kubectl showed the banner of a program and not what it refused', async () => {
  const script = 'console.error("resize2fs 1.47.0\\n  Permission denied\\n"); process.exit(1)';
  await assert.rejects(direct.run(NODE, ['-e', script]), /status 1: resize2fs 1\.47\.0; Permission denied$/);
});

test('a program that is not there is an error, also to whoever asks', async () => {
  await assert.rejects(direct.ask('/no/such/program', []), /cannot be started/);
});

test('output beyond the cap is dropped and does not stop the program', async () => {
  const { bytes, status } = await direct.ask(NODE, ['-e', 'process.stdout.write("x".repeat(4e6))'], { maxBytes: 10 });
  assert.deepEqual({ status, text: bytes.toString() }, { status: 0, text: 'x'.repeat(10) });
});

const PATIENT = 'setInterval(() => {}, 1e6)';

test('a program that takes too long is killed with its children', async (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'rose-csi-processes-'));
  t.after(() => rmSync(directory, { recursive: true }));
  const file = join(directory, 'pid');
  const script = `
    const child = require('node:child_process').spawn(process.execPath, ['-e', ${JSON.stringify(PATIENT)}]);
    require('node:fs').writeFileSync(${JSON.stringify(file)}, String(child.pid));
    ${PATIENT}`;
  await assert.rejects(direct.run(NODE, ['-e', script], { timeoutMs: 2000 }), (error) => {
    assert.ok(error instanceof ProcessError && error.timedOut);
    return true;
  });
  const pid = readFileSync(file, 'utf8');
  await until(async () => !isRunning(pid));
});

/** Not as a zombie either way: init reaps it when it likes. */
function isRunning(pid: string): boolean {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

test('a program ends when its caller goes away, and is not started for one that has gone', async () => {
  const caller = new AbortController();
  const running = direct.run(NODE, ['-e', PATIENT], { signal: caller.signal });
  setImmediate(() => caller.abort());
  await assert.rejects(running, /the caller has gone/);
  await assert.rejects(direct.run(NODE, ['-e', ''], { signal: caller.signal }), /was not started/);
});

test('a program that was killed had something open when its caller went on', async (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'rose-csi-processes-'));
  t.after(() => rmSync(directory, { recursive: true }));
  const file = join(directory, 'pid');
  const caller = new AbortController();
  const options = { signal: caller.signal, lingerMs: 60_000 };
  const running = direct.run('sh', ['-c', 'echo $$ >"$1.new"; mv "$1.new" "$1"; exec sleep 600', 'sh', file], options);
  await until(async () => existsSync(file));
  caller.abort();
  await assert.rejects(running, /the caller has gone/);
  assert.ok(!existsSync(`/proc/${readFileSync(file, 'utf8').trim()}`), 'not even to be reaped');
});
