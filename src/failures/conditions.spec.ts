import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CONDITIONS, type ConditionCode, codesOf, conditionMessage } from './conditions.ts';
import { EVENTS, type EventMeaning } from './events.ts';
import { shorten } from './message.ts';

const CODES = Object.keys(CONDITIONS) as ConditionCode[];

test('a message says what it is about, what was found, what to do, and ends in its code', () => {
  assert.equal(
    conditionMessage('pool pool of rds1', { code: 'PoolDiskWarning', detail: 'nvme1: 4' }),
    'pool pool of rds1: a disk of the pool gives a critical warning: nvme1: 4. ' +
      'Look at /disk/smart-info of that disk, and replace it before it fails [PoolDiskWarning]',
  );
});

test('of a message that is too long what was found is cut, and never what to do, nor the code', () => {
  for (const code of CODES) {
    const message = conditionMessage('rds1:pvc-1', { code, detail: 'x'.repeat(2000) });
    const short = shorten(message, 1024);
    assert.equal(Buffer.byteLength(short), 1024);
    assert.ok(short.endsWith(`. ${CONDITIONS[code].remedy} [${code}]`), short);
  }
});

test('every condition has an Event of its own, which is a warning and leaves the advice to the message', () => {
  for (const code of CODES) {
    const { type, advice }: EventMeaning = EVENTS[code];
    assert.deepEqual([type, advice], ['Warning', undefined], code);
  }
});

test('what the code of CSI allows: one CamelCase word, and of each text what fits into 128 bytes', () => {
  for (const code of CODES) {
    assert.match(code, /^(?:[A-Z][a-z]+)+$/);
    assert.ok(CONDITIONS[code].what.length <= 80, code);
    assert.match(CONDITIONS[code].what, /^[a-zB].*[^.]$/);
  }
});

test('who sees a condition of what', () => {
  assert.deepEqual(codesOf({ about: 'pool' }), codesOf({ about: 'pool', seenBy: 'controller' }));
  assert.ok(codesOf({ seenBy: 'node' }).includes('ConnectionLost'));
  assert.equal(codesOf({}).length, CODES.length);
});
