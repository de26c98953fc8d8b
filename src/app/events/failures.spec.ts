import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Happening } from '../../kubernetes/cluster.ts';
import { EVENTS } from '../../kubernetes/reasons.ts';
import { RdsError, type RdsErrorCode, REFUSALS } from '../../rds/index.ts';
import { StorageError } from '../../storage/errors.ts';
import { failure } from '../../storage/failures.ts';
import { claimReference } from './claims.ts';
import { FailureTeller, type Subject } from './failures.ts';

const LASTING_MS = 60_000;
const claim: Subject = { key: 'pvc-1', about: claimReference('shop', 'data', 'uid'), makes: 'volume' };
const volume: Subject = { ...claim, makes: undefined };

function start() {
  const told: Happening[] = [];
  let nowMs = 1_000_000;
  const teller = { tell: (_about: unknown, happening: Happening) => void told.push(happening) };
  return {
    told,
    failures: new FailureTeller({ teller, lastingMs: LASTING_MS, now: () => nowMs }),
    pass(ms: number) {
      nowMs += ms;
    },
  };
}

const fails = (code: RdsErrorCode) =>
  failure(new RdsError(code, 'so it says'), 'pvc-1', { signal: new AbortController().signal });

const HEAL: readonly RdsErrorCode[] = [
  ...['RC-SIZE', 'RC-LAG', 'RC-RACE', 'RC-LEFT', 'RC-PUB', 'RC-MODE', 'RC-USED'],
  ...['late', 'waiting', 'unsent', 'cancelled', 'unexpected'],
] as RdsErrorCode[];
const PASS: readonly RdsErrorCode[] = ['RC-POOL', 'RC-HALF', 'failed', 'unreachable', 'unknown'];

test('each refusal that needs a person is told at once or when it lasts, with one advice, and the others never', () => {
  for (const code of [
    ...Object.keys(REFUSALS),
    'failed',
    'late',
    'waiting',
    'unsupported',
    'unreachable',
    'unauthenticated',
    'unsent',
    'unknown',
    'cancelled',
    'unexpected',
  ]) {
    const { told, failures, pass } = start();
    const error = fails(code as RdsErrorCode);
    failures.failed(volume, error);
    const atOnce = told.length;
    pass(LASTING_MS);
    failures.failed(volume, error);
    const expected = HEAL.some((one) => one === code) ? [0, 0] : PASS.some((one) => one === code) ? [0, 1] : [1, 2];
    assert.deepEqual([atOnce, told.length], expected, code);
    const [happening] = told;
    if (happening === undefined) continue;
    assert.match(happening.message, /^pvc-1: .*so it says/, code);
    const rest = error.message.slice(happening.message.length);
    assert.ok(rest === '' || rest.startsWith('; '), `${code}: the Event has its own advice`);
    assert.notEqual(EVENTS[happening.reason].advice, '', code);
  }
});

test('trouble that was over in between, or that nobody met for a while, begins anew', () => {
  const { told, failures, pass } = start();
  for (const between of [() => failures.succeeded(claim), () => pass(15 * 60_000)]) {
    failures.failed(claim, fails('unreachable'));
    pass(LASTING_MS - 1);
    failures.failed(claim, fails('unreachable'));
    between();
    pass(1);
  }
  failures.failed(claim, fails('unreachable'));
  pass(LASTING_MS - 1);
  failures.failed(claim, fails('RC-POOL'));
  pass(1);
  failures.failed(claim, fails('RC-POOL'));
  assert.deepEqual(told, []);
});

test('the absence of what a claim is made from is told; that of a volume is told otherwise, and a mistake is not', () => {
  const { told, failures } = start();
  failures.failed(claim, new StorageError('notFound', 'no such snapshot'));
  failures.failed(volume, new StorageError('notFound', 'no such volume'));
  failures.failed(claim, new StorageError('invalid', 'a mistake'));
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
  for (const object of objects) failures.failed(object, fails('unreachable'));
  pass(LASTING_MS);
  for (const object of objects.toReversed()) failures.failed(object, fails('unreachable'));
  assert.equal(told.length, 1000);
});
