import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import type { DoctorReport } from '../../src/doctor/doctor.ts';
import { QUIRKS as ALL } from '../../src/simulator/quirks/quirks.ts';
import { TRANSFER_QUIRKS } from '../../src/simulator/quirks/transfer-quirks.ts';
import { inventory } from '../support/console.ts';
import { findingOf, startExaminedRds } from './rds.ts';

/** Without those that show only where there are two RDS: replicas.spec.ts has them. */
const QUIRKS = ALL.filter(({ name }) => !TRANSFER_QUIRKS.some((quirk) => quirk.name === name));

/** The test that must notice a way in which an RDS may differ, and what it must come to. */
const NOTICED: Readonly<Record<string, readonly [id: string, verdict: string]>> = {
  'exit-status-1-on-failure': ['exit-status', 'differs'],
  'exit-status-missing': ['exit-status', 'differs'],
  'error-texts-other': ['refusals', 'fits'],
  'error-texts-bare': ['refusals', 'fits'],
  'growth-refused': ['growth', 'differs'],
  'growth-ignored': ['growth', 'differs'],
  'growth-needs-unexport': ['growth', 'differs'],
  'growth-shown-late': ['growth', 'differs'],
  'shrink-truncates': ['growth', 'differs'],
  'file-size-resizes': ['existing-file', 'differs'],
  'file-size-zeroes': ['existing-file', 'differs'],
  'file-size-ignored': ['existing-file', 'differs'],
  'images-preallocated': ['allocation', 'differs'],
  'slot-limit-24': ['slots', 'unusable'],
  'slot-limit-40': ['slots', 'fits'],
  'slot-without-dashes': ['slots', 'unusable'],
  'slot-upper-case': ['slots', 'unusable'],
  'nqn-ignored-until-export': ['nqn', 'differs'],
  'nqn-hidden-until-export': ['nqn', 'differs'],
  'default-nqn-is-slot': ['nqn', 'fits'],
  'name-is-path': ['names', 'unusable'],
  'top-level-is-id': ['names', 'differs'],
  'parent-takes-id': ['names', 'unusable'],
  'removal-shows-dead': ['removal', 'differs'],
  'removal-busy-at-first': ['removal', 'differs'],
  'removal-while-in-use': ['removal', 'differs'],
  'creation-time-old-form': ['creation-time', 'differs'],
  'creation-time-unset': ['creation-time', 'differs'],
  'output-wrapped-at-80': ['long-lines', 'differs'],
  'output-line-feeds': ['long-lines', 'differs'],
  'json-numbers-as-text': ['json-types', 'differs'],
  'json-bools-as-words': ['json-types', 'differs'],
  'json-unset-is-null': ['json-types', 'differs'],
  'json-unset-is-empty': ['json-types', 'differs'],
  'command-limit-4096': ['command-length', 'fits'],
  'command-limit-2048': ['command-length', 'unusable'],
  'one-session': ['sessions', 'differs'],
  'one-channel': ['sessions', 'differs'],
  'third-channel-hangs': ['sessions', 'differs'],
  'three-channels-hang': ['sessions', 'differs'],
  'comment-limit-64': ['comments', 'unusable'],
  'comment-cut-at-64': ['comments', 'unusable'],
  'comment-ascii-only': ['comments', 'differs'],
  'two-filesystems-one-label': ['labels', 'unusable'],
  'name-limit-64': ['long-names', 'unusable'],
  'name-cut-at-64': ['long-names', 'unusable'],
  'name-dashes-replaced': ['long-names', 'unusable'],
  'parent-limit-64': ['long-names', 'unusable'],
  'allow-one-host': ['allow-list', 'differs'],
  'allow-no-nqn': ['allow-list', 'differs'],
  'output-limit-16k': ['output-length', 'unusable'],
  'script-dies-with-channel': ['survival', 'differs'],
  'size-late-300ms': ['size-readable', 'differs'],
  'size-late-5s': ['size-readable', 'differs'],
  'old-version': ['version', 'unusable'],
  'no-rose-package': ['package', 'unusable'],
  'read-only-user': ['write-access', 'unusable'],
  'clock-wrong': ['clock', 'differs'],
  'received-uuid-zeros': ['received-uuid', 'differs'],
  'received-uuid-dash': ['received-uuid', 'differs'],
  'error-counters-per-device': ['pool-errors', 'differs'],
  'filesystem-health-unset': ['pool-errors', 'differs'],
  'disk-health-unset': ['disk-health', 'differs'],
  'critical-warning-in-words': ['disk-health', 'differs'],
  'empty-list-passes': ['empty-lists', 'fits'],
  'uptime-sub-second': ['uptime', 'fits'],
  'no-intervals': ['language', 'unusable'],
  'subvolume-ids-move': ['subvolume-ids', 'differs'],
  'string-subvolume-id': ['language', 'unusable'],
};

/** What a finding says apart from figures that differ each time. */
function said(report: DoctorReport, id: string): unknown {
  const finding = findingOf(report, id);
  return finding && { verdict: finding.verdict, device: finding.device, driver: finding.driver };
}

test('there is a test for every way in which a simulated RDS can differ, of the same unknown', () => {
  assert.deepEqual(new Set(Object.keys(NOTICED)), new Set(QUIRKS.map(({ name }) => name)));
});

let noticed = 0;
let strict: Promise<DoctorReport> | undefined;

for (const { name, unknown, summary } of QUIRKS) {
  const [id = '', verdict] = NOTICED[name] ?? [];
  test(`${name}: ${summary}`, async (t) => {
    strict ??= startExaminedRds(t).then(({ examine }) => examine({ write: true }));
    const usual = said(await strict, id);
    const { examine, simulator } = await startExaminedRds(t, { quirks: [name] });
    const report = await examine({ write: true, only: [id] });
    const finding = findingOf(report, id);
    assert.ok(finding, JSON.stringify(report));
    assert.equal(finding.unknown, unknown);
    assert.notDeepEqual(said(report, id), usual);
    assert.equal(finding.verdict, verdict, JSON.stringify(finding));
    assert.deepEqual(await inventory(simulator), [], 'nothing is left');
    noticed += 1;
  });
}

after(() => {
  const all = noticed === QUIRKS.length;
  console.log(`doctor: ${QUIRKS.length} switches, ${all ? 'all noticed' : `only ${noticed} noticed`}`);
});
