import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FAILURES } from '../../failures/catalogue.ts';
import { remedyOf } from '../../failures/message.ts';
import type { EventNote } from '../../kubernetes/cluster.ts';
import { RdsError, type RdsErrorCode } from '../../rds/index.ts';
import { StorageError } from '../../storage/errors.ts';
import { failure } from '../../storage/failures.ts';
import { claimReference } from './claims.ts';
import { FailureEvents, type Subject } from './failure-events.ts';

const LASTING_MS = 60_000;
const claim: Subject = { key: 'pvc-1', about: claimReference('shop', 'data', 'uid') };
const volume: Subject = { ...claim };

function start() {
  const told: EventNote[] = [];
  let nowMs = 1_000_000;
  const recorder = { record: (_about: unknown, note: EventNote) => void told.push(note) };
  return {
    told,
    failures: new FailureEvents({ recorder, lastingMs: LASTING_MS, now: () => nowMs }),
    pass(ms: number) {
      nowMs += ms;
    },
  };
}

const fails = (code: RdsErrorCode) =>
  failure(new RdsError(code, 'so it says'), 'pvc-1', { signal: new AbortController().signal });

const HEAL: readonly RdsErrorCode[] = [
  'RC-NOSNAP',
  'RC-SIZE',
  'RC-LAG',
  'RC-RACE',
  'RC-LEFT',
  'RC-PUB',
  'RC-MODE',
  'RC-USED',
  'RC-SENDING',
  'RDS-LATE',
  'RDS-WAITING',
  'RDS-UNSENT',
  'RDS-CANCELLED',
  'RDS-UNEXPECTED',
] as RdsErrorCode[];
const PASS: readonly RdsErrorCode[] = ['RC-POOL', 'RC-HALF', 'RDS-REFUSED', 'RDS-UNREACHABLE', 'RDS-UNKNOWN', 'RC-CUT'];
const CODES = Object.keys(FAILURES).filter((code): code is RdsErrorCode => /^(RC|RDS)-/.test(code));

test('each refusal that needs someone is reported at once or when it lasts, with one advice, and the others never', () => {
  for (const code of CODES) {
    const { told, failures, pass } = start();
    const error = fails(code);
    failures.failed(volume, error);
    const atOnce = told.length;
    pass(LASTING_MS);
    failures.failed(volume, error);
    const expected = HEAL.some((one) => one === code) ? [0, 0] : PASS.some((one) => one === code) ? [0, 1] : [1, 2];
    assert.deepEqual([atOnce, told.length], expected, code);
    const [note] = told;
    if (note === undefined) continue;
    assert.match(note.message, /^pvc-1: .*so it says/, code);
    assert.ok(note.message.endsWith(`. ${remedyOf(code)} [${code}]`), note.message);
  }
});

test('trouble that was over in between, or that no one met for a while, begins again', () => {
  const { told, failures, pass } = start();
  for (const between of [() => failures.succeeded(claim), () => pass(15 * 60_000)]) {
    failures.failed(claim, fails('RDS-UNREACHABLE'));
    pass(LASTING_MS - 1);
    failures.failed(claim, fails('RDS-UNREACHABLE'));
    between();
    pass(1);
  }
  failures.failed(claim, fails('RDS-UNREACHABLE'));
  pass(LASTING_MS - 1);
  failures.failed(claim, fails('RC-POOL'));
  pass(1);
  failures.failed(claim, fails('RC-POOL'));
  assert.deepEqual(told, []);
});

test('the absence of what a claim is made from is reported; that of a volume is reported elsewhere, and a mistake is not', () => {
  const { told, failures } = start();
  failures.failed(claim, new StorageError('RC-NOSRC', '', 'no such snapshot'));
  failures.failed(volume, new StorageError('DRV-ABSENT', '', 'no such volume'));
  failures.failed(claim, new StorageError('DRV-INVALID', '', 'a mistake'));
  failures.failed(claim, new Error('a defect'));
  failures.failed(volume, fails('RC-NOVOL'));
  assert.deepEqual(
    told.map(({ reason }) => reason),
    ['SourceGone', 'VolumeMissing'],
  );
});

test('it remembers a thousand objects, and forgets the one that failed longest ago', () => {
  const { told, failures, pass } = start();
  const objects = Array.from({ length: 1001 }, (_, index) => ({ ...claim, key: `pvc-${index}` }));
  for (const object of objects) failures.failed(object, fails('RDS-UNREACHABLE'));
  pass(LASTING_MS);
  for (const object of objects.toReversed()) failures.failed(object, fails('RDS-UNREACHABLE'));
  assert.equal(told.length, 1000);
});
