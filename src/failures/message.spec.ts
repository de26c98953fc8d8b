import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FAILURES, type FailureCode } from './catalogue.ts';
import { EVENTS, type EventMeaning } from './events.ts';
import { askedOnce, codeIn, messageOf, remedyOf, sentenceOf, shorten } from './message.ts';

const CODES = Object.keys(FAILURES) as FailureCode[];

test('a message ends in its code, which is found in it wherever it travelled', () => {
  for (const code of CODES) {
    for (const detail of ['', 'so it says']) {
      const message = messageOf(code, 'rds1:pvc-1', detail);
      assert.ok(message.startsWith('rds1:pvc-1: ') && message.endsWith(` [${code}]`), message);
      assert.equal(codeIn(`failed to provision: rpc error: code = X desc = ${message} (retry)`), code);
      assert.ok(message.includes(detail), message);
    }
  }
  assert.equal(codeIn('a [NO-CODE] of others'), undefined);
});

test('figures are given in readable units', () => {
  const GiB = 2 ** 30;
  const said: readonly (readonly [FailureCode, string, string])[] = [
    ['RC-SPACE', `${5 * GiB} of ${20 * GiB}`, 'the pool has 5 GiB free, 20 GiB needed with the reserve'],
    ['RC-PROMISE', `${30 * GiB} of ${20 * GiB}`, 'the pool would promise 30 GiB, overCommitRatio allows 20 GiB'],
    ['RC-SMALL', `${GiB}`, 'the source has 1 GiB, more than the request allows'],
    ['RC-EMPTY', `${GiB}`, 'the source holds no usable image: its copy has less than 1 GiB'],
    ['RC-EMPTY', '1', 'the source holds no usable image'],
    ['RC-LAG', `${GiB}`, 'the RDS accepted the new size and still shows 1 GiB'],
    ['RC-GROW', `${GiB} failure: no`, 'the RDS refused to grow the image, which has 1 GiB: failure: no'],
    ['RC-ELSEWHERE', 'fast pvc-1', 'the source is in pool fast (pvc-1)'],
    ['NODE-SIZE', `${GiB} of ${2 * GiB}`, 'the node still sees 1 GiB of 2 GiB after a rescan'],
  ];
  for (const [code, detail, sentence] of said) assert.equal(sentenceOf(code, detail), sentence);
});

test('two sizes that look the same are distinguished by their bytes', () => {
  assert.match(
    sentenceOf('RC-SPACE', '10737418239 of 10737418240'),
    /10 GiB \(10737418239 bytes\).*\(10737418240 bytes\)/,
  );
});

test('a detail that is not understood is shown as it is', () => {
  for (const code of CODES) assert.match(sentenceOf(code, 'zzz'), /zzz/, code);
});

test('the texts are sentences that fit together and into an Event', () => {
  for (const code of CODES) {
    const { what, event } = FAILURES[code];
    assert.match(what, /^(?!The |It |A )[^.]*[^.,;: ]$/, code);
    assert.match(remedyOf(code), /^(?:[A-Z].*[^.,;: ])?$/, code);
    assert.doesNotMatch(what, /detail|\bbox\b/, code);
    assert.ok(Buffer.byteLength(messageOf(code, '', '')) < 512, code);
    if (event !== undefined) assert.equal((EVENTS[event] as EventMeaning).advice, undefined, event);
  }
});

test('a command that had ended said that it retries', () => {
  for (const code of CODES) {
    const message = askedOnce(messageOf(code, 'rds1', 'so it says'));
    assert.doesNotMatch(message, /Retrying|\. \.|\.\./, code);
    assert.ok(message.endsWith(` [${code}]`), message);
  }
  assert.equal(
    askedOnce(messageOf('RDS-UNSENT', 'rds1', 'its time was over')),
    'rds1: the command was not sent: its time was over. If this repeats, the RDS is too slow for its load [RDS-UNSENT]',
  );
});

test('the full stop of other words is not doubled', () => {
  assert.equal(
    sentenceOf('NODE-MOUNT', 'failed.\n mount: see dmesg.\n'),
    'mounting failed: failed.\n mount: see dmesg',
  );
});

test('a long message loses neither what to do nor its code', () => {
  const whole = messageOf('RC-SLOT', 'x', 'ü'.repeat(2000));
  const short = shorten(whole, 1024);
  assert.ok(Buffer.byteLength(short) <= 1024);
  assert.ok(short.endsWith(`…. ${remedyOf('RC-SLOT')} [RC-SLOT]`), short);
  assert.equal(shorten('ab\ud800', 1024), 'ab\ufffd');
  assert.equal(shorten('üüü', 6), 'üüü');
  assert.equal(shorten('üüüü', 6), 'ü…');
});
