import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { MAX_ANSWER_BYTES, MAX_COMMAND_BYTES, parseAnswer, wrap } from './envelope.ts';
import { RouterOsError, type RouterOsErrorKind } from './errors.ts';
import type { JsonRow } from './routeros.ts';
import { join, ros } from './script.ts';

const NONCE = '0123456789abcdef';

function parse(output: string): readonly JsonRow[] {
  return parseAnswer(Buffer.from(output), NONCE).rows;
}

function errorOf(read: () => unknown): RouterOsError {
  try {
    read();
  } catch (error) {
    assert.ok(error instanceof RouterOsError, String(error));
    return error;
  }
  assert.fail('no error was thrown');
}

function assertKind(output: string, kind: RouterOsErrorKind): RouterOsError {
  const error = errorOf(() => parse(output));
  assert.equal(error.kind, kind, `${JSON.stringify(output)}: ${error.detail}`);
  return error;
}

/** JSON as RouterOS writes it: control characters escaped, none of them raw. */
const rows = fc.array(
  fc.dictionary(
    fc.string({ unit: 'binary', maxLength: 8 }),
    fc.oneof(fc.string({ unit: 'binary' }), fc.integer(), fc.boolean(), fc.constant(null), fc.array(fc.string())),
    { noNullPrototype: true },
  ),
  { maxLength: 5 },
);

const lines = (values: readonly unknown[]): string =>
  values.map((value) => `${JSON.stringify(value).replaceAll('\x7F', '\\u007f')}\r\n`).join('');

test('wrap is one line around the script', () => {
  assert.equal(
    wrap(ros`:put 1`, NONCE),
    `:local xN "${NONCE}";:onerror e in={:put 1;:put ("OK".$xN." ".[/system/resource get uptime])} ` +
      'do={:put ("ER".$xN." ".[:tostr $e]." ".$xN)}',
  );
});

test('wrap lets a script that writes begin only while it may', () => {
  const command = wrap(ros`/disk remove x`, NONCE, 93784);
  const due = ':onerror e in={:local xU 93784s;:if ([/system/resource get uptime]>=$xU) do={:error "RC-LATE"};/disk';
  assert.ok(command.includes(due), command);
});

test('wrap does not double the semicolon that ends a script', () => {
  assert.equal(wrap(ros`:put ${';'}; ; `, NONCE), wrap(ros`:put ${';'}`, NONCE));
});

test('wrap holds no marker itself, so that its echo is not an answer', () => {
  assert.equal(errorOf(() => parse(wrap(ros`:put 1`, NONCE))).kind, 'unknown');
});

test('wrap refuses a line that is longer than 4 KiB and names its length', () => {
  const long = join(Array.from({ length: 600 }, () => ros`:put 1`));
  assert.throws(() => wrap(long, NONCE), /RangeError: a command of 4\d{3} bytes is longer than 4096/);
  const room = MAX_COMMAND_BYTES - wrap(ros``, NONCE).length;
  assert.equal(wrap(ros`:put ${'x'.repeat(room - 8)}`, NONCE).length, MAX_COMMAND_BYTES);
  assert.throws(() => wrap(ros`:put ${'x'.repeat(room - 7)}`, NONCE), RangeError);
});

test('parseAnswer, all went well: gives back the rows that were printed, in order', () => {
  fc.assert(fc.property(rows, (values) => assert.deepEqual(parse(`${lines(values)}OK${NONCE}\r\n`), values)));
});

test('parseAnswer, all went well: does not mind control bytes anywhere, inside of tokens and of UTF-8 sequences too', () => {
  const noise = fc.array(fc.tuple(fc.nat(), fc.constantFrom(0, 9, 10, 13, 27, 127)), { maxLength: 20 });
  fc.assert(
    fc.property(rows, noise, (values, insertions) => {
      const bytes = [...Buffer.from(`${lines(values)}OK${NONCE}\r\n`)];
      for (const [at, byte] of insertions) {
        bytes.splice(at % (bytes.length + 1), 0, byte);
      }
      assert.deepEqual(parseAnswer(Buffer.from(bytes), NONCE).rows, values);
    }),
  );
});

test('parseAnswer, all went well: takes rows back to back, spaced, and as the array of a whole result set', () => {
  assert.deepEqual(parse(`{"a":1}{"b":2}  {"c":3} OK${NONCE}`), [{ a: 1 }, { b: 2 }, { c: 3 }]);
  assert.deepEqual(parse(`[{"a":1},{"b":2}]\r\n[]\r\n{"c":"}{\\""}\r\nOK${NONCE}`), [{ a: 1 }, { b: 2 }, { c: '}{"' }]);
  assert.deepEqual(parse(`OK${NONCE}`), []);
});

test('parseAnswer, all went well: ignores what a console prints after the marker', () => {
  assert.deepEqual(parse(`{"a":1}\r\nOK${NONCE}\r\ntrue\r\n`), [{ a: 1 }]);
});

test('parseAnswer, all went well: keeps every digit of a number', () => {
  const [row] = parse(`{"big":9223372036854775807,"float":9007199254740993.000000,"small":2048.000000}OK${NONCE}`);
  assert.deepEqual(row, { big: 9223372036854775807n, float: 9007199254740993n, small: 2048 });
});

const uptime = (text: string) => parseAnswer(Buffer.from(`OK${NONCE}${text}`), NONCE).uptimeSeconds;

test('parseAnswer, the uptime behind the marker: is read in every form that RouterOS has, in whole seconds', () => {
  assert.equal(uptime(' 00:01:30\r\n'), 90);
  assert.equal(uptime(' 2d03:04:05\r\ntrue\r\n'), 183_845);
  assert.equal(uptime(' 1w2d03:04:05.250\r\n'), 788_645);
  for (const more of ['0', '5d', 'w', '00:00:01', 'done']) assert.equal(uptime(` 00:01:30\r\n${more}\r\n`), 90, more);
});

test('parseAnswer, the uptime behind the marker: is unknown when it was taken off or is none, which makes the rows no less whole', () => {
  for (const text of ['', ' ', ' 1w2d03:04', ' 1w2d03:04:0', ' forever']) {
    assert.equal(uptime(text), undefined, text);
    assert.deepEqual(parse(`{"a":1}OK${NONCE}${text}`), [{ a: 1 }]);
  }
});

test('parseAnswer, an error was reported: is a refusal when it has a code of ours, without the position that RouterOS adds', () => {
  const error = assertKind(`ERROR\r\nER${NONCE} RC-SRC no volume of this id (:error; line 1) ${NONCE}\r\n`, 'refused');
  assert.equal(error.code, 'RC-SRC');
  assert.equal(error.detail, 'no volume of this id');
  assert.equal(error.mayStillRun, false);
  assert.equal(assertKind(`ER${NONCE} RC-POOL (:error; line 1) ${NONCE}`, 'refused').code, 'RC-POOL');
  assert.equal(assertKind(`ER${NONCE} RC-POOL ${NONCE}`, 'refused').code, 'RC-POOL');
});

test('parseAnswer, an error was reported: is a failure with any other text, and rows printed before it are dropped', () => {
  const error = assertKind(`{"a":1}\r\nER${NONCE} failure: already have such entry ${NONCE}\r\nfalse`, 'failed');
  assert.equal(error.detail, 'failure: already have such entry');
  assert.equal(error.code, '');
  assertKind(`ER${NONCE} failure: not RC-POOL ${NONCE}`, 'failed');
  assertKind(`ER${NONCE}  ${NONCE}`, 'failed');
});

test('parseAnswer, an error was reported: is late when a script that was to write came after its time', () => {
  const error = assertKind(`ER${NONCE} RC-LATE (:error; line 1) ${NONCE}`, 'late');
  assert.equal(error.mayStillRun, false);
});

test('parseAnswer, an error was reported: is rejected when the console could not parse the line', () => {
  for (const text of [
    'bad command name frobnicate (line 1 column 24)',
    'bad parameter nvme-tcp-server-nqn (line 1 column 120)\r\n',
    'expected end of command (line 1 column 9)',
    'expected command name (line 1 column 9)',
    'expected input value (line 1 column 9)',
    'expected item id (line 1 column 9)',
    'syntax error (line 1 col\r\numn 5)\r\n',
  ]) {
    assertKind(text, 'rejected');
  }
});

test('parseAnswer, the outcome cannot be determined: is unknown without a marker of this very exec', () => {
  for (const text of [
    '',
    '{"a":1}\r\n',
    'OK',
    'OK0123456789abcde',
    'OKfedcba9876543210',
    `ER${NONCE} RC-POOL`,
    'not enough permissions (9)',
    'failure: something (line 1 column 2)',
    '{"a":1}\r\nsyntax error (line 1 column 2)',
    'syntax error (line 1 column 2) and more',
    'interrupted',
  ]) {
    assert.ok(assertKind(text, 'unknown').mayStillRun);
  }
});

test('parseAnswer, the outcome cannot be determined: is unknown when the rows before the marker are mangled', () => {
  for (const body of [
    '{"a":1',
    '{"a":1}}',
    'x{"a":1}',
    '{"a":}',
    '[1]',
    '["a"]',
    '1',
    '"a"',
    '{"a":1},{"b":2}',
    '{"a":"]',
  ]) {
    assertKind(`${body}\r\nOK${NONCE}`, 'unknown');
  }
});

test('parseAnswer, the outcome cannot be determined: never takes a shortened answer for a whole one', () => {
  const endings = fc.constantFrom(`OK${NONCE}`, `ER${NONCE} RC-POOL of this RDS (:error; line 1) ${NONCE}`);
  fc.assert(
    fc.property(
      rows,
      endings,
      fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
      (values, ending, part) => {
        const whole = Buffer.from(lines(values) + ending);
        const shortened = whole.subarray(0, Math.floor(whole.length * part));
        assert.equal(errorOf(() => parseAnswer(shortened, NONCE)).kind, 'unknown');
      },
    ),
  );
});

test('parseAnswer, the outcome cannot be determined: is unknown for an answer that is too long to be read', () => {
  assertKind(`${' '.repeat(MAX_ANSWER_BYTES)}OK${NONCE}`, 'unknown');
});

test('parseAnswer, the outcome cannot be determined: says why, shortly', () => {
  const error = errorOf(() => parseAnswer(Buffer.from('x'.repeat(5000)), NONCE, 'the connection was closed'));
  assert.match(error.detail, /^it printed only "x{300}…" \(the connection was closed\)$/);
});
