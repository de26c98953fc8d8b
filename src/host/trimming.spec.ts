/** What is decided around fstrim, with a connection and a program that the test makes up. */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { pino } from 'pino';
import type { Attachment } from './attachment.ts';
import { parseMountinfo } from './mountinfo.ts';
import { nodeDependencies } from './node-dependencies.fixture.ts';
import { type Output, ProcessError, type Processes, processes } from './processes.ts';
import { Trimming } from './trimming.ts';

const UUID = '0a1b2c3d-0000-4000-8000-000000000001';
const NQN = `nqn.2026-11.io.rose-csi:pvc-${UUID}-0a0a0a0a`;
/** Stands for the mount of a volume: whichever is seen at `/proc`, which is there on every machine. */
const [mount] = parseMountinfo(readFileSync('/proc/self/mountinfo', 'utf8'))
  .filter(({ mountPoint }) => mountPoint === '/proc')
  .slice(-1);
assert.ok(mount);
const device = { path: '/dev/none', number: mount.device, bytes: 4096n, readOnly: false, sequence: '1' };

/** What becomes of it, where fstrim answers so. */
async function trimmed(
  answer: string | Error,
  connection: Partial<Attachment> = {},
  signal = new AbortController().signal,
) {
  const programs: string[][] = [];
  const run: Processes['run'] = async (program, args) => {
    programs.push([program, ...args]);
    if (typeof answer !== 'string') throw answer;
    return { status: 0, text: answer, bytes: Buffer.from(answer), complaint: '' } satisfies Output;
  };
  const tools = nodeDependencies({ find: async () => device, ...connection }, { run, ask: run });
  assert.ok(mount);
  const trim = await new Trimming(tools).trim({ uuid: UUID, nqn: NQN, mount }, signal);
  return { ...trim, programs };
}

test('fstrim is believed when it says how much it trimmed, and dies with this process', async () => {
  for (const [said, bytes] of [
    ['0 B (0 bytes) trimmed', 0n],
    ['60.5 MiB (63438848 bytes) trimmed', 63_438_848n],
    ['1 EiB (1152921504606846976 bytes) trimmed', 1n << 60n],
  ] as const) {
    const result = await trimmed(`/proc: ${said}`);
    assert.deepEqual([result.outcome, result.bytes], ['done', bytes], said);
    assert.deepEqual(result.programs, [['setpriv', '--pdeathsig', 'KILL', '--', 'fstrim', '--verbose', '/proc']]);
  }
});

test('another answer of fstrim is a failure, and no number is taken from it', async () => {
  for (const answer of [
    '',
    '/other: 0 B (0 bytes) trimmed',
    '/proc: 0 B (dry run) trimmed',
    '/proc: 60,5 MiB (63438848 bytes) trimmed',
    '/proc: 5 B (-5 bytes) trimmed',
    '/proc: 5 B (5 bytes) trimmed on /dev/none',
    '/proc: 5 B (5 bytes) trimmed\n/: 5 B (5 bytes) trimmed',
    new ProcessError('fstrim ended with status 1'),
  ]) {
    const { outcome, bytes } = await trimmed(answer);
    assert.deepEqual([outcome, bytes], ['failed', 0n], String(answer));
  }
});

test('no fstrim is begun on what cannot be written now, or is not what is seen at the path', async () => {
  const cases: Readonly<Record<string, Partial<Attachment>>> = {
    'its connection is not live': { isLive: async () => false },
    'its device has gone': { find: async () => undefined },
    'its device is another one': { find: async () => ({ ...device, number: '0:0' }) },
    'its device cannot be written': { find: async () => ({ ...device, readOnly: true }) },
  };
  for (const [what, connection] of Object.entries(cases)) {
    const { outcome, programs } = await trimmed('/proc: 0 B (0 bytes) trimmed', connection);
    assert.deepEqual([outcome, programs], ['skipped', []], what);
  }
});

test('one that was ended for someone who needs the volume has not failed', async () => {
  const killed = new ProcessError('fstrim was killed', { timedOut: true });
  assert.equal((await trimmed(killed, {}, AbortSignal.abort())).outcome, 'interrupted');
  assert.equal((await trimmed(killed)).outcome, 'failed', 'it took too long');
});

test('a device without discards was retried again and again', async (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'rose-csi-trimming-'));
  t.after(() => rmSync(directory, { recursive: true }));
  mkdirSync(join(directory, 'block/none/queue'), { recursive: true });
  writeFileSync(join(directory, 'block/none/queue/discard_max_bytes'), '0\n');
  const told: string[] = [];
  const logger = pino({ level: 'warn' }, { write: (line) => void told.push(line) });
  const tools = { ...nodeDependencies({ find: async () => device }, processes(['/no/such/program'])), logger };
  const trimming = new Trimming(tools, { sys: directory, dev: '/dev' });
  assert.ok(mount);
  for (let times = 0; times < 3; times += 1) {
    const { outcome } = await trimming.trim({ uuid: UUID, nqn: NQN, mount }, new AbortController().signal);
    assert.equal(outcome, 'unsupported');
  }
  assert.equal(told.length, 1);
  assert.match(told[0] ?? '', /takes no discards/);
});
