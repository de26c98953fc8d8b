/** On sparse files in place of devices: what they are to mkfs and the probes, without root. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { hasProgram } from '../../test/support/capability.ts';
import type { BlockDevice } from './block-device.ts';
import { FormatRecords } from './format-record.ts';
import { type Formattable, Formatting } from './formatting.ts';
import { type Processes, processes } from './processes.ts';
import { primarySuperblock } from './superblocks.ts';

const MiB = 2 ** 20;
const NEVER = new AbortController().signal;
const VOLUME: Formattable = { uuid: 'u', nqn: 'nqn.x:pvc-u', blank: true, filesystem: 'ext4' };

interface Bench {
  readonly directory: string;
  readonly device: BlockDevice;
  readonly records: FormatRecords;
  readonly formatting: Formatting;
  ensure(volume?: Formattable, signal?: AbortSignal): Promise<string>;
  /** Writes at an offset. */
  put(offset: number, bytes: Uint8Array): Promise<void>;
  /** Makes a filesystem as someone else would. */
  mkfs(program: string, ...args: readonly string[]): Promise<void>;
  /** Differs after every write. */
  state(): string;
  /** Puts a script in place of a program. */
  replace(program: string, script: string): void;
}

/** An empty device, or undefined with the test skipped. */
function bench(t: TestContext, size = 256 * MiB): Bench | undefined {
  const needed: readonly [string, readonly string[]][] = [
    ['mkfs.ext4', ['-V']],
    ['mkfs.xfs', ['-V']],
    ['wipefs', ['-V']],
    ['setpriv', ['-V']],
  ];
  if (!needed.every(([program, probe]) => hasProgram(t, program, probe))) return undefined;
  const directory = mkdtempSync(join(tmpdir(), 'rose-csi-format-'));
  t.after(() => rmSync(directory, { recursive: true }));
  const path = join(directory, 'device');
  writeFileSync(path, '');
  truncateSync(path, size);
  mkdirSync(join(directory, 'bin'));
  const host: Processes = processes(['env', `PATH=${directory}/bin:${process.env['PATH']}:/usr/sbin:/sbin`]);
  const device = { path, number: '7:0', bytes: BigInt(size), readOnly: false, sequence: '1' };
  const records = new FormatRecords(join(directory, 'state'));
  const formatting = new Formatting(host, records);
  return {
    directory,
    device,
    records,
    formatting,
    ensure: async (volume = VOLUME, signal = NEVER) =>
      (await formatting.ensure(volume, device, async () => device, signal)).filesystem,
    async put(offset, bytes) {
      const file = await open(path, 'r+');
      await file.write(bytes, 0, bytes.length, offset);
      await file.close();
    },
    async mkfs(program, ...args) {
      await host.run(program, [...args, path]);
    },
    state() {
      const { mtimeNs, size: bytes, blocks } = statSync(path, { bigint: true });
      return `${mtimeNs} ${bytes} ${blocks}`;
    },
    replace(program, script) {
      writeFileSync(join(directory, 'bin', program), `#!/bin/bash\n${script}\n`);
      chmodSync(join(directory, 'bin', program), 0o755);
    },
  };
}

/** It must be refused, and not a byte may change. */
async function refused(one: Bench, kind: string, message: RegExp, volume?: Formattable, signal?: AbortSignal) {
  const before = one.state();
  await assert.rejects(one.ensure(volume, signal), { name: 'StorageError', kind, message });
  assert.equal(one.state(), before, 'the device has changed');
}

for (const filesystem of ['ext4', 'xfs'] as const) {
  test(`a blank device gets ${filesystem}, once, with the id that was recorded before`, async (t) => {
    const one = bench(t, 384 * MiB);
    if (one === undefined) return;
    const volume = { ...VOLUME, filesystem };
    assert.equal(await one.ensure(volume), filesystem);
    const record = await one.records.read('u');
    assert.equal(record?.state, 'formatted', 'before anyone can have used it');
    assert.equal(primarySuperblock(readFileSync(one.device.path))?.uuid, record && 'uuid' in record && record.uuid);
    const before = one.state();
    assert.equal(await one.ensure({ ...volume, filesystem: 'ext4' }), filesystem, 'what is found counts');
    assert.equal(one.state(), before);
  });
}

for (const [from, to] of [
  [16 * MiB, 2 ** 40],
  [64 * MiB, 2 ** 42],
  [256 * MiB, 15 * 2 ** 40],
] as const) {
  test(`an ext4 made small must grow to terabytes: ${from} to ${to} bytes`, async (t) => {
    const one = bench(t, from);
    if (one === undefined) return;
    await one.ensure();
    truncateSync(one.device.path, to);
    await processes().run('resize2fs', [one.device.path], { timeoutMs: 120_000 });
    const { text } = await processes().run('dumpe2fs', ['-h', one.device.path]);
    assert.match(text, new RegExp(`Block count: +${to / 4096}\\n`));
    assert.match(text, /has_journal/);
  });
}

test('an unreadable device is not blank', async (t) => {
  const one = bench(t);
  if (one === undefined) return;
  truncateSync(one.device.path, 200 * MiB);
  await refused(one, 'unavailable', /: it cannot be read: .*\[NODE-LOST\]$/);
  one.replace('dd', 'echo "dd: error reading: Input/output error" >&2; exit 1');
  await refused(one, 'unavailable', /Input\/output error/);
});

test('a device that answers to probes but not to reads is not blank: blkid calls both "nothing found"', async (t) => {
  const one = bench(t);
  if (one === undefined) return;
  one.replace('blkid', 'exit 2');
  one.replace('dd', 'exit 1');
  await refused(one, 'unavailable', /dd ended with status 1/);
});

test('a device that is gone while it is probed is not blank', async (t) => {
  const one = bench(t);
  if (one === undefined) return;
  one.replace('wipefs', `mv ${one.device.path} ${one.device.path}.gone; exit 0`);
  await assert.rejects(one.ensure(), { kind: 'unavailable', message: /cannot be read/ });
});

test('a slow device is not blank', async (t) => {
  const one = bench(t);
  if (one === undefined) return;
  const caller = new AbortController();
  const pipe = join(one.directory, 'pipe');
  await processes().run('mkfifo', [pipe]);
  one.replace('dd', `echo reading > ${pipe}; exec tail -f /dev/null`);
  const refusal = refused(one, 'unavailable', /cannot be read.*the caller has gone/s, VOLUME, caller.signal);
  await (await open(pipe)).close();
  caller.abort();
  await refusal;
});

test('blkid that ends in an unknown way says nothing', async (t) => {
  const one = bench(t);
  if (one === undefined) return;
  one.replace('blkid', 'echo "no such device" >&2; exit 1');
  await refused(one, 'unavailable', /blkid ended with status 1: no such device/);
  one.replace('blkid', 'echo "warning" >&2; exit 2');
  await refused(one, 'unavailable', /status 2: warning/);
  one.replace('blkid', 'exit 8');
  await refused(one, 'precondition', /several contradicting signatures/);
});

test('a partition table alone is not blank', async (t) => {
  const one = bench(t);
  if (one === undefined) return;
  const table = Buffer.alloc(66);
  table.set([0x00, 0x20, 0x21, 0x00, 0x83, 0xff, 0xff, 0xff, 0x00, 0x08, 0x00, 0x00, 0x00, 0xf0, 0x07, 0x00]);
  table.writeUInt16LE(0xaa55, 64);
  await one.put(446, table);
  await refused(one, 'precondition', /not provably blank: it holds a partition table \(dos\)/);
});

test('zeros in front of old data are not blank', async (t) => {
  const one = bench(t);
  if (one === undefined) return;
  await one.put(256 * MiB - 700, Buffer.from('old'));
  await refused(one, 'precondition', /the byte at 268434756 is not zero/);
});

const BACKUPS: readonly [string, string, readonly string[]][] = [
  ['ext4 with blocks of 1 KiB', 'mkfs.ext4', ['-q', '-b', '1024']],
  ['ext4 with blocks of 4 KiB', 'mkfs.ext4', ['-q', '-b', '4096']],
  ['XFS', 'mkfs.xfs', ['-q']],
];

for (const [what, program, args] of BACKUPS) {
  test(`zeros everywhere but a backup superblock of ${what} are not blank`, async (t) => {
    const [one, other] = [bench(t, 384 * MiB), bench(t, 384 * MiB)];
    if (one === undefined || other === undefined) return;
    await other.mkfs(program, ...args);
    const bytes = readFileSync(other.device.path);
    const magic = program === 'mkfs.xfs' ? Buffer.from('XFSB') : Buffer.from([0x53, 0xef, 0x01, 0x00]);
    const back = program === 'mkfs.xfs' ? 0 : 0x38;
    for (let at = bytes.indexOf(magic, MiB); at >= 0; at = bytes.indexOf(magic, at + 1)) {
      const start = at - back;
      if (start % 1024 !== 0) continue;
      await one.put(start, bytes.subarray(start, start + 1024));
      await refused(one, 'precondition', /is not zero/);
      await one.put(start, Buffer.alloc(1024));
    }
    assert.equal(await one.ensure(), 'ext4', 'with none of them it is');
  });
}

test('the mirror of a Btrfs superblock is not blank, and Btrfs is not mounted', async (t) => {
  const one = bench(t);
  if (one === undefined) return;
  await one.put(64 * MiB + 64, Buffer.from('_BHRfS_M'));
  await refused(one, 'precondition', /is not zero/);
  await one.put(64 * 1024 + 64, Buffer.from('_BHRfS_M'));
  await assert.rejects(one.ensure(), { kind: 'precondition' });
});

test('a volume that was made from a source is never formatted, however blank it is', async (t) => {
  const one = bench(t);
  if (one === undefined) return;
  await refused(one, 'precondition', /made from a source, as a raw block volume, or adopted/, {
    ...VOLUME,
    blank: false,
  });
});

test('a volume that held a filesystem is never formatted again, however blank it is', async (t) => {
  const one = bench(t);
  if (one === undefined) return;
  await one.formatting.remember(VOLUME, one.device, 'ext4');
  await refused(one, 'precondition', /it has held a filesystem before \(.*u\.json\)/);
});

test('a damaged record forbids everything', async (t) => {
  const one = bench(t);
  if (one === undefined) return;
  mkdirSync(join(one.directory, 'state/formatted'), { recursive: true });
  writeFileSync(one.records.path('u'), '{"version":1');
  const before = one.state();
  await refused(one, 'precondition', /u\.json: .* \[NODE-RECORD\]$/);
  assert.equal(one.state(), before);
});

/** So many volumes that were formatted one after the other, the first of them first. */
async function formatted(one: Bench, count: number): Promise<readonly Formattable[]> {
  const volumes: Formattable[] = [];
  for (let nth = 0; nth < count; nth += 1) {
    const volume = { ...VOLUME, uuid: randomUUID() };
    await one.formatting.remember(volume, one.device, 'ext4');
    // The order of what was written within one tick of the clock is as good as any other.
    const at = new Date(2026, 0, 1, 0, 0, nth);
    if (existsSync(one.records.path(volume.uuid))) utimesSync(one.records.path(volume.uuid), at, at);
    volumes.push(volume);
  }
  return volumes;
}

test('the records of formatted volumes grew without a bound, and none that is folded permits what it forbade', async (t) => {
  const one = bench(t);
  if (one === undefined) return;
  const begun = { ...VOLUME, uuid: randomUUID() };
  await one.records.write(begun.uuid, {
    version: 1,
    nqn: begun.nqn,
    state: 'formatting',
    filesystem: 'ext4',
    uuid: 'x',
    bytes: '1',
  });
  utimesSync(one.records.path(begun.uuid), 0, 0);
  const volumes = await formatted(one, 500);
  const directory = join(one.directory, 'state/formatted');
  const files = readdirSync(directory);
  assert.ok(files.length <= 258, `${files.length} files`);
  const list = readFileSync(join(directory, 'earlier.list'), 'utf8').trimEnd().split('\n');
  assert.equal(list.at(-1), `${list.length - 1} volumes`);
  assert.ok(volumes.some(({ uuid }) => list.includes(uuid)));
  for (const volume of [volumes[0], volumes[300], volumes[499]]) {
    await refused(one, 'precondition', /it has held a filesystem before/, volume);
  }
  assert.equal((await one.records.read(begun.uuid))?.state, 'formatting', 'what may be repeated stays known');
  const another = { ...VOLUME, uuid: randomUUID() };
  assert.equal(await one.ensure(another), 'ext4', 'a volume of which nothing is recorded is formatted');
  assert.equal(
    await one.ensure(volumes[0]),
    'ext4',
    'and one that holds a filesystem is mounted, however old its record',
  );
});

test('a damaged list of earlier records forbids formatting, and mounting what is there goes on', async (t) => {
  const one = bench(t);
  if (one === undefined) return;
  const volumes = await formatted(one, 257);
  const list = join(one.directory, 'state/formatted/earlier.list');
  const whole = readFileSync(list, 'utf8');
  const lines = whole.split('\n');
  for (const text of ['', 'nonsense\n', whole.slice(0, 50), lines.slice(1).join('\n'), lines.slice(0, 3).join('\n')]) {
    writeFileSync(list, text);
    await refused(one, 'precondition', /it may have held a filesystem before: .*earlier\.list is damaged/);
    await formatted(one, text === '' ? 130 : 1);
    assert.equal(readFileSync(list, 'utf8'), text, 'what cannot be read is not written over');
  }
  await one.mkfs('mkfs.ext4', '-q');
  assert.equal(await one.ensure(volumes[0]), 'ext4');
});

test('a wrong device behind a reused name is not touched', async (t) => {
  const one = bench(t);
  if (one === undefined) return;
  const { device, formatting } = one;
  const before = one.state();
  for (const now of [{ ...device, sequence: '2' }, { ...device, number: '7:1' }, undefined]) {
    const ensured = formatting.ensure(VOLUME, device, async () => now, NEVER);
    await assert.rejects(ensured, { kind: 'unavailable', message: /\[NODE-CHANGED\]$/ });
  }
  assert.equal(one.state(), before);
});

test('a device on which another program works is left to it', async (t) => {
  const one = bench(t);
  if (one === undefined) return;
  one.replace('flock', 'exit 1');
  await refused(one, 'busy', /\[NODE-LOCKED\]$/);
});

test('a failed mkfs is trouble that may pass, and is repeated over what it left', async (t) => {
  const one = bench(t);
  if (one === undefined) return;
  one.replace('mkfs.ext4', `printf half | dd of=${one.device.path} bs=1 seek=5000 conv=notrunc status=none; exit 1`);
  await assert.rejects(one.ensure(), { code: 'NODE-MKFS', detail: /^ext4 on .*(?:mkfs|setpriv).* ended/s });
  assert.notEqual(readFileSync(one.device.path).subarray(5000, 5004).toString(), '\0\0\0\0');
  one.replace('mkfs.ext4', 'exec /usr/sbin/mkfs.ext4 "$@"');
  assert.equal(await one.ensure(), 'ext4');
});

test("what mkfs left is another node's to judge: without the record it is not blank", async (t) => {
  const one = bench(t);
  if (one === undefined) return;
  await one.put(5000, Buffer.from('half'));
  await refused(one, 'precondition', /the byte at 5000 is not zero/);
});

async function begun(one: Bench, change: Partial<{ uuid: string; bytes: string; nqn: string }> = {}): Promise<string> {
  const uuid = '12345678-1234-4234-8234-123456789abc';
  const bytes = `${one.device.bytes}`;
  await one.records.write('u', {
    version: 1,
    nqn: VOLUME.nqn,
    state: 'formatting',
    filesystem: 'ext4',
    uuid,
    bytes,
    ...change,
  });
  return uuid;
}

test('a record of another size or NQN permits nothing', async (t) => {
  const one = bench(t);
  if (one === undefined) return;
  await one.put(5000, Buffer.from('half'));
  await begun(one, { bytes: '1' });
  await refused(one, 'precondition', /is not zero/);
  await begun(one, { nqn: 'nqn.x:pvc-other' });
  await refused(one, 'precondition', /is not zero/);
});

test('a filesystem that mkfs finished, but was used since, is mounted and never made again', async (t) => {
  const one = bench(t);
  if (one === undefined) return;
  const uuid = await begun(one);
  await one.mkfs('mkfs.ext4', '-q', '-U', uuid);
  const used = Buffer.alloc(4);
  used.writeUInt32LE(1_790_000_000);
  await one.put(1024 + 0x2c, used);
  const before = one.state();
  assert.equal(await one.ensure(), 'ext4');
  assert.equal(one.state(), before);
});

test('a filesystem that someone else made meanwhile is mounted and never made again', async (t) => {
  const one = bench(t);
  if (one === undefined) return;
  await begun(one);
  await one.mkfs('mkfs.ext4', '-q');
  const before = one.state();
  assert.equal(await one.ensure(), 'ext4');
  assert.equal(one.state(), before);
});

test('what is left of a filesystem whose own superblock is gone is not made again, record or not', async (t) => {
  const one = bench(t);
  if (one === undefined) return;
  const uuid = await begun(one);
  await one.mkfs('mkfs.ext4', '-q', '-U', uuid);
  await one.put(0, Buffer.alloc(MiB));
  await refused(one, 'precondition', /is not zero/);
});

test('an XFS that mkfs did not finish is made again', async (t) => {
  const one = bench(t, 384 * MiB);
  if (one === undefined) return;
  const uuid = await begun(one);
  await one.mkfs('mkfs.xfs', '-q', '-m', `uuid=${uuid}`);
  const volume: Formattable = { ...VOLUME, filesystem: 'xfs' };
  const finished = one.state();
  assert.equal(await one.ensure(volume), 'xfs');
  assert.equal(one.state(), finished, 'a finished one is not');
  await one.put(126, Buffer.from([1]));
  assert.equal(await one.ensure(volume), 'xfs');
  const superblock = primarySuperblock(readFileSync(one.device.path));
  assert.equal(superblock?.unused, false);
  assert.notEqual(superblock?.uuid, uuid);
});

test('the proof is on the disk before mkfs begins', async (t) => {
  const one = bench(t);
  if (one === undefined) return;
  const seen = join(one.directory, 'seen');
  one.replace('mkfs.ext4', `cp ${one.records.path('u')} ${seen}; exec /usr/sbin/mkfs.ext4 "$@"`);
  await one.ensure();
  assert.ok(existsSync(seen));
  assert.equal(JSON.parse(readFileSync(seen, 'utf8')).state, 'formatting');
});
