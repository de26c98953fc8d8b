import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Ere } from './ere.ts';
import { EreProblem } from './ere-parser.ts';

const matches: readonly (readonly [pattern: string, yes: readonly string[], no: readonly string[]])[] = [
  ['abc', ['abc', 'xabcx'], ['ab', 'ABC', '']],
  ['^abc$', ['abc'], ['xabc', 'abcx']],
  ['a|b', ['a', 'xb'], ['c', '']],
  ['^(ab|c)+$', ['ab', 'cab', 'abab'], ['', 'abx']],
  ['^a*$', ['', 'aaa'], ['b']],
  ['^ab?c$', ['ac', 'abc'], ['abbc']],
  ['^a{2}$', ['aa'], ['a', 'aaa']],
  ['^a{2,}$', ['aa', 'aaaa'], ['a']],
  ['^a{1,3}$', ['a', 'aaa'], ['', 'aaaa']],
  ['^(ab){0,2}$', ['', 'ab', 'abab'], ['ababab']],
  ['^a.c$', ['abc', 'a✅c'], ['ac', 'abbc']],
  ['^[0-9]+$', ['0', '42'], ['', '4a']],
  ['^[^0-9]$', ['a', '^'], ['1']],
  ['^[]a]$', [']', 'a'], ['b']],
  ['^[^]a]$', ['b'], [']', 'a']],
  ['^[a-]$', ['a', '-'], ['b']],
  ['^[\\.]$', ['\\', '.'], ['a']],
  ['^[[:digit:][:upper:]_]+$', ['A1_'], ['a']],
  ['^a\\.b$', ['a.b'], ['axb']],
  ['\\^\\$', ['^$'], ['']],
  ['(^|/)x', ['x', 'a/x'], ['ax']],
  ['a$|^b', ['xa', 'bx'], ['ax', 'xb']],
  ['^snap-.{36}-', [`snap-${'a'.repeat(36)}-`], [`snap-${'a'.repeat(35)}-`]],
  ['}', ['}'], ['{']],
];

const refused = [
  '\\d',
  '\\w',
  '\\b',
  '\\n',
  '\\1',
  '\\',
  'a\\',
  '(?:a)',
  '(?=a)',
  '(?<a>b)',
  'a*?',
  'a+?',
  'a**',
  'a+*',
  'a{1}{2}',
  '*a',
  '+',
  '?',
  '^*',
  '(*a)',
  'a|*b',
  '{1}',
  'a{',
  'a{1',
  'a{x}',
  'a{2,1}',
  'a{256}',
  'a{,2}',
  'a{1,2,3}',
  '(',
  ')',
  '(a',
  'a)',
  '()',
  'a|',
  '|a',
  '',
  '[',
  '[]',
  '[a',
  '[b-a]',
  '[[:nope:]]',
  '[[.a.]]',
  '[[=a=]]',
];

for (const [pattern, yes, no] of matches) {
  test(`POSIX extended regular expressions: ${pattern} matches what it should`, () => {
    const ere = new Ere(pattern);
    for (const text of yes) {
      assert.equal(ere.matches(text), true, `${JSON.stringify(text)} should match`);
    }
    for (const text of no) {
      assert.equal(ere.matches(text), false, `${JSON.stringify(text)} should not match`);
    }
  });
}

for (const pattern of refused) {
  test(`POSIX extended regular expressions: refuses ${JSON.stringify(pattern)}`, () => {
    assert.throws(() => new Ere(pattern), EreProblem);
  });
}

test('POSIX extended regular expressions: refuses expressions too deep or too large', () => {
  assert.throws(() => new Ere(`${'('.repeat(10_000)}a${')'.repeat(10_000)}`), EreProblem);
  assert.throws(() => new Ere('((a{200}){200}){200}'), EreProblem);
});

test('POSIX extended regular expressions: takes time proportional to the text, whatever the expression', () => {
  const started = process.hrtime.bigint();
  assert.equal(new Ere('^(a+)+(a|aa)*$').matches(`${'a'.repeat(2000)}b`), false);
  assert.ok(process.hrtime.bigint() - started < 5_000_000_000n);
});

test('POSIX extended regular expressions: agrees with the JavaScript engine where both have the construct', () => {
  const atom = fc.constantFrom('a', 'b', '.', '[ab]', '[^a]', '(a|b)', '(ab)', 'a|b');
  const piece = fc.tuple(atom, fc.constantFrom('', '', '*', '+', '?', '{2}', '{1,2}')).map((parts) => parts.join(''));
  const pattern = fc
    .tuple(fc.constantFrom('', '^'), fc.array(piece, { minLength: 1, maxLength: 4 }), fc.constantFrom('', '$'))
    .map(([start, pieces, end]) => `${start}${pieces.join('')}${end}`);
  const text = fc.string({ unit: fc.constantFrom('a', 'b', 'c'), maxLength: 8 });
  fc.assert(
    fc.property(pattern, text, (given, sample) => {
      assert.equal(new Ere(given).matches(sample), new RegExp(given, 'u').test(sample));
    }),
    { numRuns: 500 },
  );
});

test('POSIX extended regular expressions: refuses arbitrary text or takes it, and never fails otherwise', () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom(...'ab^$.*+?{}[]()|\\-,:1') }), fc.string(), (pattern, text) => {
      try {
        assert.equal(typeof new Ere(pattern).matches(text), 'boolean');
      } catch (error) {
        assert.ok(error instanceof EreProblem);
      }
    }),
  );
});
