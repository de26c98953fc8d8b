import assert from 'node:assert/strict';
import { test } from 'node:test';
import { stripVTControlCharacters } from 'node:util';
import fc from 'fast-check';
import { contextAnswering } from '../console.fixture.ts';
import type { DoctorReport } from '../doctor.ts';
import type { NamedFinding } from '../finding.ts';
import { printMarkdown } from './markdown.ts';
import { printReport } from './table.ts';

const named = { id: 'x', title: 'a test', needs: 'read' } as const;

function reportOf(findings: readonly NamedFinding[], changes: Partial<DoctorReport> = {}): DoctorReport {
  return {
    format: 1,
    startedAt: '2026-11-23T12:34:56.000Z',
    write: true,
    interrupted: false,
    exitCode: 0,
    notTestable: [],
    backends: [{ name: 'rds1', complete: true, findings }],
    ...changes,
  };
}

const print = (report: DoctorReport, width = 80) => printReport(report, { width, colour: false });

test('no line of the report is longer than the terminal is wide', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: 'grapheme-ascii', minLength: 1, maxLength: 300 }),
      fc.integer({ min: 80, max: 200 }),
      (text, width) => {
        const report = reportOf([{ ...named, verdict: 'fits', device: text, driver: text }]);
        for (const line of print(report, width).split('\n')) assert.ok(line.length <= width, line);
      },
    ),
  );
});

test('what cannot be tested comes last, and only when the rest could be', () => {
  const notTestable = [{ unknown: 'U13', title: 'whether it holds', do: 'Look.' }];
  const whole = print(reportOf([], { notTestable }));
  assert.match(
    whole,
    /\nFits, as far as can be determined over SSH\.\n\nNot testable from here\n\n- U13 whether it holds\. Look\.\n$/,
  );
  const away = print(
    reportOf([], { notTestable, exitCode: 2, backends: [{ name: 'far', complete: false, findings: [] }] }),
  );
  assert.doesNotMatch(away, /Not testable|U13/);
  assert.match(away, /\nCould not be examined to the end: far\.\n$/);
});

test('colours are there when they are wanted, and change nothing else', () => {
  const report = reportOf([{ ...named, verdict: 'unusable', device: 'no', driver: 'no' }], { exitCode: 1 });
  const coloured = printReport(report, { width: 80, colour: true });
  assert.ok(coloured.includes('\x1b[31m✗'));
  assert.equal(stripVTControlCharacters(coloured), print(report));
});

test('the conclusion follows from the report', () => {
  const cases: readonly [Partial<DoctorReport>, RegExp][] = [
    [{}, /^Fits, as far as can be determined over SSH\.$/m],
    [{ write: false }, /^Fits, as far as reading can tell\./m],
    [{ exitCode: 1 }, /^Not usable as it is/m],
    [{ exitCode: 2, backends: [{ name: 'far', complete: false, findings: [] }] }, /to the end: far\.$/m],
    [{ exitCode: 2, interrupted: true }, /^Interrupted/m],
    [
      {
        backends: [
          { name: 'b', complete: true, findings: [{ ...named, verdict: 'untested', device: '', driver: '' }] },
        ],
      },
      /^Fits in what could be tested/m,
    ],
  ];
  for (const [changes, words] of cases) assert.match(print(reportOf([], changes)), words);
});

test('the page for a bug report holds no secret, wherever it stands, and keeps what is none', () => {
  const { backend } = contextAnswering([]);
  const device = `csi@192.0.2.1:22 and [fe80::1%ether1], 2001:db8::7, 10.1.2.3 with /etc/rose-csi/key, SHA256:${'A'.repeat(43)}; at 12:34:56 | 7.24.1`;
  const report = reportOf([{ ...named, verdict: 'fits', device, driver: 'rose-csi copes', details: { a: 1 } }]);
  const page = printMarkdown(report, { version: '1.2.3', backends: [backend], withAddresses: false });
  for (const secret of ['192.0.2.1', 'fe80', '2001', '10.1.2.3', '/etc/rose-csi', 'SHA256', 'csi@']) {
    assert.ok(!page.includes(secret), `${secret} in ${page}`);
  }
  for (const kept of [
    'rose-csi copes',
    '12:34:56',
    '7.24.1',
    '2026-11-23T12:34:56.000Z',
    'a=1',
    '\\|',
    'rose-csi 1.2.3',
  ]) {
    assert.ok(page.includes(kept), `${kept} in ${page}`);
  }
  const open = printMarkdown(report, { version: '1.2.3', backends: [backend], withAddresses: true });
  assert.ok(open.includes('192.0.2.1') && !open.includes('csi@') && !open.includes('SHA256'));
});
