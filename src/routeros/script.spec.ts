import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { readStringLiteral } from './routeros-text.fixture.ts';
import { join, quote, ros, type ScriptValue } from './script.ts';

const anyText = fc.string({ unit: 'binary' });
const nasty = fc
  .array(
    fc.constantFrom(
      '"',
      '\\',
      '$',
      '$(',
      '$[',
      ']',
      '}',
      ';',
      '#',
      '\n',
      '\r',
      '\t',
      '\0',
      '?',
      "'",
      '\\22',
      'é',
      '✅',
      'x',
    ),
  )
  .map((parts) => parts.join(''));

test('quote gives back the same bytes on the device, whatever the text', () => {
  fc.assert(
    fc.property(fc.oneof(anyText, nasty), (text) => {
      assert.deepEqual(readStringLiteral(quote(text)), Buffer.from(text, 'utf8'));
    }),
  );
});

test('quote leaves nothing in the line that the device could act on', () => {
  fc.assert(
    fc.property(fc.oneof(anyText, nasty), (text) => {
      assert.match(quote(text), /^"(?:[A-Za-z0-9 ._/:@%+,=~-]|\\[0-9A-F]{2})*"$/);
    }),
  );
});

test('quote writes the forms that were seen on a device', () => {
  assert.equal(quote('^snap-✅'), String.raw`"\5Esnap-\E2\9C\85"`);
  assert.equal(quote('a"$[b]\\?'), String.raw`"a\22\24\5Bb\5D\5C\3F"`);
  assert.equal(quote('\0\n'), String.raw`"\00\0A"`);
  assert.equal(quote(''), '""');
});

test('quote refuses a lone surrogate rather than change it', () => {
  assert.throws(() => quote('a\ud800b'), TypeError);
});

test('ros quotes strings, spells numbers and booleans, splices scripts', () => {
  const inner = ros`find where slot=${'pvc-1'}`;
  const script = ros`:if ([:len [/disk ${inner}]]=${1}) do={ set size=${2n ** 60n} on=${true} off=${false} }`;
  assert.equal(
    script.text,
    ':if ([:len [/disk find where slot="pvc-1"]]=1) do={ set size=1152921504606846976 on=yes off=no }',
  );
});

test('ros takes its own text raw, so escapes are written as RouterOS reads them', () => {
  assert.equal(ros`where name~"\5Esnap-"`.text, String.raw`where name~"\5Esnap-"`);
  assert.equal(ros`:put "a\"b\\";`.text, String.raw`:put "a\"b\\";`);
});

test('ros is one line, however it was laid out', () => {
  const script = ros`
      :local xV 1;
      :if ($xV=1) do={
        :put ${'a\nb'}
      }
    `;
  assert.equal(script.text, String.raw`:local xV 1;:if ($xV=1) do={:put "a\0Ab"}`);
});

test('ros keeps the spaces that were written within one line', () => {
  assert.equal(ros` a  b `.text, ' a  b ');
});

test('ros is one line of printable ASCII for any value', () => {
  fc.assert(fc.property(anyText, (text) => assert.match(ros`:put ${text};`.text, /^[ -~]*$/)));
});

test('ros refuses a value inside of a string, where it would not be quoted as a whole', () => {
  assert.throws(() => ros`:put "a ${'b'} c"`, SyntaxError);
  assert.throws(() => ros`:put "a\" ${'b'}`, SyntaxError);
});

test('ros refuses text that the device would misread', () => {
  assert.throws(() => ros`:put "open`, SyntaxError);
  assert.throws(
    () => ros`:put "two
      lines"`,
    SyntaxError,
  );
  assert.throws(() => ros`:put 1 # a comment would swallow the rest`, SyntaxError);
  assert.throws(() => ros`:put 1 \ `, SyntaxError);
  assert.throws(() => ros`:put	1`, SyntaxError);
  assert.throws(() => ros`:put "é"`, SyntaxError);
});

test('ros refuses numbers that would not arrive exactly', () => {
  for (const value of [-1, -1n, 1.5, 2 ** 53, Number.NaN, Number.POSITIVE_INFINITY]) {
    assert.throws(() => ros`${value}`, RangeError, String(value));
  }
});

test('ros refuses what is not a value, and what only looks like a script', () => {
  for (const value of [undefined, null, { text: '/system/reset-configuration' }, ['a']]) {
    assert.throws(() => ros`${value as unknown as ScriptValue}`, TypeError);
  }
});

test('join puts the separator between, a semicolon by default', () => {
  assert.equal(join([ros`a`, ros`b`, ros`c`]).text, 'a;b;c');
  assert.equal(join([ros`a`, ros`b`], ros` or `).text, 'a or b');
  assert.equal(join([]).text, '');
});
