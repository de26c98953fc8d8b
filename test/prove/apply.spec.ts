import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { startExaminedRds } from '../doctor/rds.ts';
import { answersFrom, observationsOf } from './answers.ts';
import { changesText, linesAbout, readReport, switchChanges } from './apply.ts';
import type { ProveReport } from './report.ts';

const PAGE = readFileSync(join(import.meta.dirname, '../../docs/routeros.md'), 'utf8');

test('a device that differs in one thing is found to have just that quirk, and any other to need one', async (t) => {
  const { examine } = await startExaminedRds(t, { quirks: ['default-nqn-is-slot'] });
  const device = await examine({ write: true, only: ['nqn', 'creation-time'] });
  const changes = await switchChanges(device);
  assert.deepEqual(
    changes.map(({ unknown, check, quirks }) => ({ unknown, check, quirks })),
    [{ unknown: 'U7', check: 'nqn', quirks: ['default-nqn-is-slot'] }],
  );
  const [rds] = device.backends;
  assert.ok(rds);
  const findings = rds.findings.map((finding) =>
    finding.id === 'creation-time' ? { ...finding, device: 'of the form 0000' } : finding,
  );
  const unheard = (await switchChanges({ ...device, backends: [{ ...rds, findings }] })).find(
    ({ check }) => check === 'creation-time',
  );
  assert.deepEqual(unheard?.quirks, []);
});

test('the text names quirks, the lines of the page as they are, and what to write there', () => {
  const finding = {
    id: 'nqn',
    title: '',
    needs: 'write',
    driver: '',
    verdict: 'fits',
    device: 'default: <slot>',
  } as const;
  const doctor = { format: 1, startedAt: '', write: true, interrupted: false, exitCode: 0, notTestable: [] } as const;
  const backends = [{ name: 'rds1', complete: true, findings: [{ ...finding, unknown: 'U7' }] }];
  const report: ProveReport = {
    format: 1,
    startedAt: '2026-11-30T12:00:00.000Z',
    version: '0.1.0',
    target: { kind: 'chr', routerOs: '7.24.5', board: 'CHR' },
    answers: answersFrom(observationsOf({ ...doctor, backends })),
    suites: [],
    left: [],
  };
  const change = { unknown: 'U7', check: 'nqn', device: 'default: <slot>', simulator: 'other', quirks: ['a-quirk'] };
  const text = changesText(report, [change], PAGE);
  assert.match(text, /this is what a-quirk does: make it the default/);
  const line = PAGE.split('\n').findIndex((found) => found.startsWith('- **U7. '));
  assert.ok(text.includes(`\n    ${line + 1}: - **U7. The default NQN.**`), text);
  assert.match(text, /\+ _Seen_ \(CHR, 7\.24\.5, 2026-11-30; doctor\): default: <slot>/);
  assert.doesNotMatch(text, /U13/);
  assert.match(
    changesText({ ...report, target: { ...report.target, kind: 'stand-in' } }, [], PAGE),
    /^This report is of/,
  );
});

test('U1 is not found where U10 to U19 stand', () => {
  assert.deepEqual(linesAbout('U1', 'U10 and U12\nsee U1, U2\n'), ['2: see U1, U2']);
});

test('what is no report is refused with its path', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'rose-csi-prove-'));
  t.after(() => rm(folder, { recursive: true }));
  await writeFile(join(folder, 'report.json'), '{"format":2}');
  await assert.rejects(readReport(folder), /report\.json is no report of this version/);
  await assert.rejects(readReport(join(folder, 'none')), /ENOENT/);
});

test('a report with the wrong things in it ended in a TypeError, ran as a regular expression, or wrote to the terminal', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'rose-csi-prove-'));
  t.after(() => rm(folder, { recursive: true }));
  const answer = { id: 'U7', state: 'settled', seen: [{ device: '\x1b[2J\n  U1', source: 'doctor' }], missing: [] };
  const good = {
    format: 1,
    startedAt: '2026-11-30T12:00:00.000Z',
    target: { kind: 'chr', routerOs: '7.24.5', board: 'CHR' },
    answers: [answer],
  };
  const file = join(folder, 'report.json');
  const read = async (report: unknown) => {
    await writeFile(file, typeof report === 'string' ? report : JSON.stringify(report));
    return await readReport(file);
  };
  for (const bad of [
    JSON.stringify(good).slice(0, 100),
    { ...good, answers: [{ ...answer, id: '(U|.*)*x' }] },
    { ...good, answers: [{ ...answer, seen: undefined }] },
    { ...good, startedAt: 5 },
    { ...good, target: {} },
    { ...good, doctor: { backends: 'x' } },
    { ...good, doctor: { backends: [{ findings: [null] }] } },
  ]) {
    await assert.rejects(read(bad), /report\.json is no report of this version: [\w.]*: /);
  }
  await assert.rejects(readReport('/dev/zero'), /is no report: it is no file, or too large/);
  const text = changesText(await read(good), [], PAGE);
  assert.match(text, /\(CHR, 7\.24\.5, 2026-11-30; doctor\): \\u001b\[2J {3}U1$/m);
});
