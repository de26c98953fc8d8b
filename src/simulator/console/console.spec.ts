import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Statement } from './console.ts';
import { ScriptFailure } from './errors.ts';
import { memoryConsole, output } from './memory-menus.testing.ts';

test('running a line stops a chain at the first command that fails', async () => {
  assert.equal(await output(':put 1; /disk/remove nope; :put 2'), '1\r\nno such item\r\n');
});

test('running a line prints the text of an error that nothing caught', async () => {
  assert.equal(await output(':error "no luck"'), 'no luck (:error; line 1)\r\n');
  assert.equal(await output('/disk/add slot=refuse'), 'failure: refused\r\n');
});

test('running a line ends every line in CRLF', async () => {
  assert.equal(await output(':put a; :put "b c"'), 'a\r\nb c\r\n');
});

test('hooks see every command before it runs, those in brackets and blocks included', async () => {
  const seen: Statement[] = [];
  const fixture = memoryConsole({ beforeStatement: (statement) => void seen.push(statement) });
  await output(':if ([:len [/disk find where mounted]]=1) do={/disk/set pool comment=x}', fixture);
  assert.deepEqual(
    seen.map(({ path, command }) => [path, command]),
    [
      [undefined, ':if'],
      [undefined, ':len'],
      ['/disk', 'find'],
      ['/disk', 'set'],
    ],
  );
  assert.equal(seen[3]?.text, '/disk/set pool comment=x');
});

test('hooks see a command before its arguments are evaluated, and every bracket of those once', async () => {
  const seen: string[] = [];
  const fixture = memoryConsole({
    beforeStatement: ({ text }) => {
      seen.push(text);
      // What changes while the command is held here, its arguments see.
      if (text.startsWith('/disk/set')) fixture.menus.filesystem.insert({ label: 'pool', uuid: 'u' });
    },
  });
  const proof = '/disk/btrfs/filesystem find where label="pool" and $xU>[/disk get pool uptime]';
  const picked = `:pick [/disk find where slot~"p"] 0 [:len [${proof}]]`;
  await output(`:local xU 1h; /disk/set [${picked}] comment=x`, fixture);
  assert.deepEqual(seen, [
    ':local xU 1h',
    `/disk/set [${picked}] comment=x`,
    picked,
    '/disk find where slot~"p"',
    `:len [${proof}]`,
    proof,
    '/disk get pool uptime',
  ]);
  assert.deepEqual(
    fixture.menus.disk.calls.map(({ command, ids }) => [command, ids]),
    [['set', ['*1']]],
  );
});

test('hooks may fail a command, which the script can catch', async () => {
  const fixture = memoryConsole({
    beforeStatement: ({ command }) => {
      if (command === 'add') {
        throw new ScriptFailure('action timed out');
      }
    },
  });
  assert.equal(await output(':onerror e in={/disk/add slot=x} do={:put "<$e>"}', fixture), '<action timed out>\r\n');
});

test('hooks may kill the script, which nothing catches', async () => {
  const fixture = memoryConsole({
    beforeStatement: ({ command }) => {
      if (command === 'add') {
        throw new Error('killed');
      }
    },
  });
  const line = ':put 1; :onerror e in={:do {/disk/add slot=x} on-error={:put 2}} do={:put 3}; :put 4';
  await assert.rejects(output(line, fixture), /^Error: killed$/);
  assert.deepEqual(fixture.menus.disk.calls, []);
});

test('hooks are awaited', async () => {
  let finished = 0;
  const fixture = memoryConsole({
    beforeStatement: async () => {
      await Promise.resolve();
      finished += 1;
    },
  });
  assert.equal(await output(':put 1; :put 2', fixture), '1\r\n2\r\n');
  assert.equal(finished, 2);
});

test('two scripts at once take turns between commands', async () => {
  const { console } = memoryConsole();
  let printed = '';
  const write = (text: string) => {
    printed += text.trim();
  };
  await Promise.all([console.run(':put a; :put a; :put a', write), console.run(':put b; :put b; :put b', write)]);
  assert.equal(printed, 'ababab');
});

test('two scripts at once leave room for others while one loops forever', async () => {
  const { console } = memoryConsole({
    beforeStatement: ({ text }) => {
      if (text === ':nothing' && others > 20) {
        throw new Error('enough');
      }
    },
  });
  let others = 0;
  const endless = assert.rejects(
    console.run(':while (true) do={:nothing}', () => {}),
    /enough/,
  );
  while (others <= 20) {
    await console.run(':put 1', () => {
      others += 1;
    });
  }
  await endless;
});

const fragments = [
  ':put ',
  ':if ',
  ':local x ',
  ':foreach x in=',
  ':onerror e in={',
  '} do={',
  ':do {',
  '} on-error={',
  '/disk/',
  'print ',
  'find ',
  'where ',
  'get ',
  'detail ',
  'as-value ',
  'slot=',
  'mounted',
  ' and ',
  '$x',
  '"',
  '\\',
  '(',
  ')',
  '[',
  ']',
  '{',
  '}',
  ';',
  '=',
  '->',
  '.',
  '~',
  '!',
  '-',
  '1',
  '*2',
  'a',
  ' ',
  '\t',
  'é',
  '\ud800',
  '\n',
];

test('any input is answered: arbitrary text', async () => {
  const fixture = memoryConsole();
  await fc.assert(
    fc.asyncProperty(fc.string({ unit: 'binary', maxLength: 60 }), async (line) => {
      assert.equal(typeof (await output(line, fixture)), 'string');
    }),
    { numRuns: 500 },
  );
});

test('any input is answered: tokens in any order', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.constantFrom(...fragments), { maxLength: 25 }), async (tokens) => {
      const text = await output(tokens.join(''));
      assert.ok(text === '' || text.endsWith('\r\n'));
    }),
    { numRuns: 1500 },
  );
});
