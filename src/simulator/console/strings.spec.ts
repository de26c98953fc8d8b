import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { memoryConsole, output, put } from './memory-menus.testing.ts';

const escapes: Readonly<Record<string, string>> = {
  '\\"': '"',
  '\\\\': '\\',
  '\\$': '$',
  '\\?': '?',
  '\\n': '\n',
  '\\r': '\r',
  '\\t': '\t',
  '\\a': '\x07',
  '\\b': '\b',
  '\\f': '\f',
  '\\v': '\v',
  '\\_': ' ',
  '\\41': 'A',
  '\\ff': '\ff',
  '\\E2\\9C\\85': '✅',
  '\\EF\\BB\\BFx': '\uFEFFx',
  '\\00': '\0',
};
for (const [sequence, text] of Object.entries(escapes)) {
  test(`quoted strings: reads ${sequence}`, async () => {
    assert.equal(await output(`:put "<${sequence}>"`), `<${text}>\r\n`);
  });
}

for (const sequence of ['\\q', '\\e2', '\\E', '\\Eg', '\\ ', '\\.', '\\d', "\\'"]) {
  test(`quoted strings: refuses ${sequence}`, async () => {
    assert.equal(await output(`:put "ab${sequence}"`), 'syntax error (line 1 column 9)\r\n');
  });
}

test('quoted strings: refuses bytes that are not UTF-8', async () => {
  assert.equal(await output(':put "\\E2\\9C"'), 'syntax error (line 1 column 6)\r\n');
});

test('quoted strings: refuses a raw question mark and raw control characters', async () => {
  assert.equal(await output(':put "a?"'), 'syntax error (line 1 column 8)\r\n');
  assert.equal(await output(':put "a\x1b"'), 'syntax error (line 1 column 8)\r\n');
});

test('quoted strings: turns a raw tab into four spaces', async () => {
  assert.equal(await put('"a\tb"'), 'a    b');
});

test('quoted strings: keeps what is not live', async () => {
  assert.equal(await put('"a;b=[c]{d}(e)#|&<>!é"'), 'a;b=[c]{d}(e)#|&<>!é');
});

test('what is live inside quotes: expands variables, expressions and commands', async () => {
  assert.equal(await output(':local x 5; :put "<$x> <$($x+1)> <$[:len "abc"]>"'), '<5> <6> <3>\r\n');
});

test('what is live inside quotes: runs an unescaped command: the injection that quoting must prevent', async () => {
  const fixture = memoryConsole();
  await output('/disk/set pvc-1 comment="$[/disk/remove pvc-1]"', fixture);
  assert.deepEqual(
    fixture.menus.disk.calls.map(({ command }) => command),
    ['remove'],
  );
});

test('what is live inside quotes: refuses a dollar sign that begins nothing', async () => {
  assert.equal(await output(':put "5$"'), 'syntax error (line 1 column 9)\r\n');
});

test('what is live inside quotes: ends a name at the first character that cannot be in one', async () => {
  assert.equal(await output(':local x 5; :put "$x-$x_"'), '5-5_\r\n');
});

/** An encoder of the spec's own, by the rule of docs/routeros.md, 3. */
function encode(text: string): string {
  return [...Buffer.from(text)]
    .map((byte) => {
      const character = String.fromCharCode(byte);
      return /[A-Za-z0-9 ._/:@%+,=~-]/.test(character)
        ? character
        : `\\${byte.toString(16).toUpperCase().padStart(2, '0')}`;
    })
    .join('');
}

test('encoded text comes back as it was', async () => {
  const fixture = memoryConsole();
  await fc.assert(
    fc.asyncProperty(fc.string({ unit: 'binary' }), async (text) => {
      fc.pre(text.isWellFormed());
      assert.equal(await output(`:put "${encode(text)}"`, fixture), `${text}\r\n`);
    }),
    { numRuns: 300 },
  );
});

test('encoded text passes through an argument and a where clause', async () => {
  await fc.assert(
    fc.asyncProperty(fc.string({ unit: 'binary', minLength: 1 }), async (text) => {
      fc.pre(text.isWellFormed());
      const fixture = memoryConsole();
      const line = `/disk/add slot="${encode(text)}"; :put [:len [/disk/find where slot="${encode(text)}"]]`;
      assert.equal(await output(line, fixture), '1\r\n');
    }),
    { numRuns: 100 },
  );
});
