import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { answersFrom } from './answers.ts';
import { OF_THIS_MACHINE, redacted } from './redact.ts';
import { isGood, makeReportFolder, type ProveReport, reportPage, writeReport } from './report.ts';
import { UNKNOWNS } from './unknowns.ts';

const SEEN = {
  unknown: 'U5',
  source: 'doctor',
  verdict: 'fits',
  device: 'an image of 1 GiB | took 0 bytes',
} as const;

function reportWith(changes: Partial<ProveReport> = {}): ProveReport {
  return {
    format: 1,
    startedAt: '2026-11-30T12:00:00.000Z',
    version: '0.1.0',
    target: { kind: 'chr', routerOs: '7.24.5 (stable)', board: 'CHR QEMU', accelerator: 'kvm' },
    answers: answersFrom([SEEN]),
    suites: [{ name: 'doctor', state: 'passed', said: 'fits', seconds: 31 }],
    left: [],
    ...changes,
  };
}

test('the page names every unknown, with what the device did or why that was not seen', () => {
  const page = reportPage(reportWith());
  for (const { id } of UNKNOWNS) assert.match(page, new RegExp(`^\\| [✓◐?] \\| ${id} \\| .+ \\| .{10,} \\|$`, 'm'));
  assert.match(page, /^\| ✓ \| U5 \| .* \| ✓ an image of 1 GiB \\\| took 0 bytes \(doctor\) \|$/m);
  assert.match(page, /^\| \? \| U13 \| .* \| not seen: it needs a second machine/m);
  assert.match(page, new RegExp(`^1 unknowns settled, 0 in part, ${UNKNOWNS.length - 1} open\\.$`, 'm'));
  assert.match(page, /on a CHR: CHR QEMU, RouterOS 7\.24\.5 \(stable\), in QEMU \(kvm\)\. 2026-11-30/);
});

test('it is good when nothing failed and nothing is left', () => {
  assert.ok(isGood(reportWith()));
  assert.ok(!isGood(reportWith({ left: ['pvc-1'] })));
  const [suite] = reportWith().suites;
  assert.ok(suite);
  assert.ok(!isGood(reportWith({ suites: [{ ...suite, state: 'failed' }] })));
  assert.ok(isGood(reportWith({ suites: [{ ...suite, state: 'not run' }] })));
});

test('nothing of the folder holds a secret, whatever it stands in', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'rose-csi-prove-'));
  t.after(() => rm(folder, { recursive: true }));
  await makeReportFolder(folder);
  const device = 'rds.example.net said no to 192.0.2.7';
  const answers = answersFrom([{ ...SEEN, device }]);
  const transcripts = new Map([['console', '/user/add name=csi password="hunter2"\nhunter2\nrds.example.net\n']]);
  await writeReport(folder, reportWith({ answers }), transcripts, [
    ['rds.example.net', '(host)'],
    ['hunter2', '(password)'],
  ]);
  for (const name of ['report.md', 'report.json', 'transcripts/console.txt']) {
    const text = await readFile(join(folder, name), 'utf8');
    for (const secret of ['hunter2', 'rds.example', '192.0.2.7'])
      assert.ok(!text.includes(secret), `${name}: ${secret}`);
  }
  const { answers: read } = JSON.parse(await readFile(join(folder, 'report.json'), 'utf8'));
  assert.equal(read[4].seen[0].device, '(host) said no to (address)');
});

test('keys, fingerprints, hardware addresses and serial numbers go, and what is none of them stays', () => {
  const secret = [
    'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIB rose',
    '-----BEGIN OPENSSH PRIVATE KEY-----\nabc\n-----END OPENSSH PRIVATE KEY-----',
    `SHA256:${'A'.repeat(43)}`,
    'mac-address=52:54:00:AB:CD:EF',
    'software-id: ABCD-EFGH',
    '"serial-number":"HF1234567"',
    'fe80::5054:ff:fe00:1',
  ].join('\n');
  const clean = redacted(secret, []);
  for (const text of ['AAAA', 'abc', '52:54', 'ABCD', 'HF1234567', 'fe80']) assert.ok(!clean.includes(text), clean);
  const kept =
    'RouterOS 7.24.5 at 12:34:56, uuid 5d1c9a43-0b5e-4c39-8f4e-2a7b1c3d4e5f, slot pvc-1, 1w2d03:04:05, U7, csi-test/v5@v5.3.1/pkg';
  assert.equal(
    redacted(kept, [
      ['', 'x'],
      ['U7'.slice(0, 1), 'y'],
    ]),
    kept,
  );
});

test('an address after an escaped line end got through, also where JSON is quoted in JSON', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'rose-csi-prove-'));
  t.after(() => rm(folder, { recursive: true }));
  await makeReportFolder(folder);
  const said = 'no\n192.0.2.7\n2001:db8::7\nkeeper\t52:54:00:ab:cd:ef "serial":"S6 7" to 2001:db8::7: refused\r\n';
  const [suite] = reportWith().suites;
  assert.ok(suite);
  const transcripts = new Map([['raw', JSON.stringify(JSON.stringify(said))]]);
  const suites = [{ ...suite, said: JSON.stringify(said), more: said }];
  await writeReport(folder, reportWith({ suites }), transcripts, [['keeper', '(user)']]);
  JSON.parse(await readFile(join(folder, 'report.json'), 'utf8'));
  for (const name of ['report.md', 'report.json', 'transcripts/raw.txt']) {
    const text = await readFile(join(folder, name), 'utf8');
    for (const secret of ['192.0', 'db8', 'keeper', '52:54', 'S6', ' 7"']) {
      assert.ok(!text.includes(secret), `${name}: ${secret}`);
    }
  }
});

test('a password, a key or a serial number was only known in one spelling', () => {
  const key = 'AAAAC3NzaC1lZDI1NTE5AAAAIBGR9LywOPdloPB4o3pipdX17E';
  const cases: readonly string[] = [
    'password=hunter2',
    'password="hun\\"ter2 hunter2"',
    '"password":"hunter2"',
    'passphrase: hunter2',
    'wpa2-pre-shared-key="hunter2"',
    'secret=hunter2',
    'private-key="hunter2',
    'serial="AB hunter2"',
    'Serial Number: hunter2',
    `${key} hunter2@example.org`,
    'b3BlbnNzaC1rZXktdjEAAAAABG5vbmUhunter2\nAAAhunter2',
    '-----BEGIN OPENSSH PRIVATE KEY-----\nhunter2',
  ];
  for (const text of cases) {
    for (const spelling of [text, JSON.stringify(text), JSON.stringify(JSON.stringify(text))]) {
      const clean = redacted(spelling, []);
      assert.ok(!/hunter2|AAAA|AB/.test(clean), `${spelling}: ${clean}`);
    }
  }
  for (const mac of ['52-54-00-AB-CD-EF', '16:27:38:49:5a:6b:7c:8d']) assert.equal(redacted(mac, []), '(mac)');
  assert.equal(redacted('"p\\\\w\\"d"', [['p\\w"d', '(password)']]), '"(password)"');
  assert.equal(redacted('Password: \n\nMikroTik', []), 'Password: \n\nMikroTik');
});

test('what a device puts in pointed brackets was HTML on the page, and not to be seen', () => {
  const page = reportPage(reportWith({ answers: answersFrom([{ ...SEEN, device: 'top-level <FS_ROOT>' }]) }));
  assert.match(page, /top-level &lt;FS_ROOT>/);
});

test('the stack of an error told the home of a user', () => {
  const stack = new Error('x').stack ?? '';
  assert.match(stack, /report\.spec\.ts/);
  assert.match(redacted(stack, OF_THIS_MACHINE), /file:\/\/\(repository\)\/test\/prove\/report\.spec\.ts/);
});

test('a folder with something else in it got a report, and a report that could not be written was found out last', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'rose-csi-prove-'));
  t.after(() => rm(folder, { recursive: true }));
  await writeFile(join(folder, 'notes.txt'), '');
  await assert.rejects(makeReportFolder(folder), /is not empty; --out takes another folder/);
  await assert.rejects(makeReportFolder(join(folder, 'notes.txt', 'report')), /ENOTDIR/);
  await makeReportFolder(join(folder, 'a new one'));
});
