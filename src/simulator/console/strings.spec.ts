import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { memoryConsole, output, put } from './memory-menus.testing.ts';

describe('quoted strings', () => {
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
    it(`reads ${sequence}`, async () => {
      assert.equal(await output(`:put "<${sequence}>"`), `<${text}>\r\n`);
    });
  }

  for (const sequence of ['\\q', '\\e2', '\\E', '\\Eg', '\\ ', '\\.', '\\d', "\\'"]) {
    it(`refuses ${sequence}`, async () => {
      assert.equal(await output(`:put "ab${sequence}"`), 'syntax error (line 1 column 9)\r\n');
    });
  }

  it('refuses bytes that are not UTF-8', async () => {
    assert.equal(await output(':put "\\E2\\9C"'), 'syntax error (line 1 column 6)\r\n');
  });

  it('refuses a raw question mark and raw control characters', async () => {
    assert.equal(await output(':put "a?"'), 'syntax error (line 1 column 8)\r\n');
    assert.equal(await output(':put "a\x1b"'), 'syntax error (line 1 column 8)\r\n');
  });

  it('turns a raw tab into four spaces', async () => {
    assert.equal(await put('"a\tb"'), 'a    b');
  });

  it('keeps what is not live', async () => {
    assert.equal(await put('"a;b=[c]{d}(e)#|&<>!é"'), 'a;b=[c]{d}(e)#|&<>!é');
  });
});

describe('what is live inside quotes', () => {
  it('expands variables, expressions and commands', async () => {
    assert.equal(await output(':local x 5; :put "<$x> <$($x+1)> <$[:len "abc"]>"'), '<5> <6> <3>\r\n');
  });

  it('runs an unescaped command: the injection that quoting must prevent', async () => {
    const fixture = memoryConsole();
    await output('/disk/set pvc-1 comment="$[/disk/remove pvc-1]"', fixture);
    assert.deepEqual(
      fixture.menus.disk.calls.map(({ command }) => command),
      ['remove'],
    );
  });

  it('refuses a dollar sign that begins nothing', async () => {
    assert.equal(await output(':put "5$"'), 'syntax error (line 1 column 9)\r\n');
  });

  it('ends a name at the first character that cannot be in one', async () => {
    assert.equal(await output(':local x 5; :put "$x-$x_"'), '5-5_\r\n');
  });
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

describe('encoded text', () => {
  it('comes back as it was', async () => {
    const fixture = memoryConsole();
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'binary' }), async (text) => {
        fc.pre(text.isWellFormed());
        assert.equal(await output(`:put "${encode(text)}"`, fixture), `${text}\r\n`);
      }),
      { numRuns: 300 },
    );
  });

  it('passes through an argument and a where clause', async () => {
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
});
