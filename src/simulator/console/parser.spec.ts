import assert from 'node:assert/strict';
import { test } from 'node:test';
import { memoryConsole, output } from './memory-menus.testing.ts';

/** Lines that do not parse, with the text that the console prints (docs/routeros.md, 1.4). */
const refusals: readonly (readonly [what: string, line: string, text: string])[] = [
  ['an unknown builtin', ':nope 1', 'bad command name nope (line 1 column 2)'],
  ['a builtin without its colon', 'put 1', 'the simulator does not carry out put without its colon (line 1 column 1)'],
  [
    'a path without its slash',
    'disk print',
    'the simulator does not carry out disk without its slash (line 1 column 1)',
  ],
  [':global, which outlives a script', ':global x 1', 'the simulator does not carry out :global (line 1 column 2)'],
  ['an unknown menu beside it', '/ip/nope/print', 'bad command name nope (line 1 column 5)'],
  [
    'a parameter that the device has',
    ':put message=1',
    'the simulator does not carry out :put message= (line 1 column 6)',
  ],
  ['an unknown command of a menu', '/disk/nope', 'bad command name nope (line 1 column 7)'],
  ['an unknown command, space form', '/disk btrfs nope', 'bad command name nope (line 1 column 13)'],
  ['an unknown menu', '/nope/print', 'bad command name nope (line 1 column 2)'],
  ['a command of no menu', ':put [find]', 'the simulator does not carry out find without its colon (line 1 column 7)'],
  ['an unknown argument', '/disk/add nope=1', 'bad parameter nope (line 1 column 11)'],
  ['an argument of another command', '/disk/remove slot=x', 'bad parameter slot (line 1 column 14)'],
  [
    'an argument that is not simulated',
    '/disk/print follow',
    'the simulator does not carry out /disk/print follow (line 1 column 13)',
  ],
  ['an unknown argument of a builtin', ':if (true) then={}', 'bad parameter then (line 1 column 12)'],
  [
    'an unknown argument in a nested block',
    ':if (false) do={:do {/disk/add x=1} on-error={}}',
    'bad parameter x (line 1 column 32)',
  ],
  ['an unknown command in brackets', ':put [:len [/disk/nope]]', 'bad command name nope (line 1 column 19)'],
  ['bytes, not characters, in the column', ':put "\u00e9\u2705"; :nope', 'bad command name nope (line 1 column 16)'],
  ['an argument without its value', '/disk/add slot= type=file', 'expected end of command (line 1 column 16)'],
  ['an argument without its value at the end', '/disk/add slot=', 'expected end of command (line 1 column 16)'],
  ['an argument given twice', '/disk/add slot=a slot=b', 'expected end of command (line 1 column 18)'],
  ['a stray word', '/disk/add slot=a b', 'expected end of command (line 1 column 18)'],
  ['a stray value', ':put 1 2', 'expected end of command (line 1 column 8)'],
  ['something glued to a string', ':put "a"b', 'expected end of command (line 1 column 9)'],
  ['a flag with a value', '/disk/print detail=yes', 'bad parameter detail (line 1 column 13)'],
  ['a builtin glued to its value', ':put"a"', 'expected end of command (line 1 column 5)'],
  ['a command glued to its condition', '/disk/find"a"', 'expected end of command (line 1 column 11)'],
  ['arguments glued together', '/disk/add slot="a"type=file', 'expected end of command (line 1 column 19)'],
  ['a builtin argument without its value', ':foreach x in= do={}', 'expected end of command (line 1 column 15)'],
  [':set on what is no variable', ':set ("a"->0) 1', 'syntax error (line 1 column 6)'],
  ['arithmetic without parentheses', ':put 1+1', 'expected end of command (line 1 column 7)'],
  ['an element without parentheses', ':local a {1}; :put $a->0', 'expected end of command (line 1 column 22)'],
  ['a path without a command', '/disk', 'expected command name (line 1 column 6)'],
  ['a slash alone', '/', 'expected command name (line 1 column 2)'],
  ['a colon alone', ':', 'expected command name (line 1 column 2)'],
  ['an empty command', ':put 1;;:put 2', 'expected command name (line 1 column 8)'],
  ['an empty bracket', ':put []', 'expected command name (line 1 column 7)'],
  ['a builtin without its value', ':put', 'expected input value (line 1 column 5)'],
  ['a block that is missing', ':if (true)', 'expected input value (line 1 column 11)'],
  ['an empty where', '/disk/find where', 'expected input value (line 1 column 17)'],
  ['a command on items without items', '/disk/remove', 'expected item id (line 1 column 13)'],
  ['an undeclared variable', ':put $x', 'bad variable name x (line 1 column 7)'],
  ['a variable of another block', ':if (true) do={:local x 1}; :put $x', 'bad variable name x (line 1 column 35)'],
  ['a variable read in its own declaration', ':local x ($x+1)', 'bad variable name x (line 1 column 12)'],
  ['an undeclared variable being set', ':set x 1', 'bad variable name x (line 1 column 6)'],
  ['the variable _ of :onerror', ':onerror _ in={} do={}', 'bad variable name _ (line 1 column 10)'],
  ['a variable with a dash', ':local a-b 1', 'bad variable name a-b (line 1 column 8)'],
  [':onerror out of order', ':onerror e do={} in={}', 'expected end of command (line 1 column 18)'],
  ['the error variable inside in=', ':onerror e in={:put $e} do={}', 'bad variable name e (line 1 column 22)'],
  ['an apostrophe', "/disk/print where slot='x'", 'syntax error (line 1 column 24)'],
  ['an apostrophe around a value', "/disk/add slot='x'", 'syntax error (line 1 column 16)'],
  ['an unfinished string', ':put "abc', 'syntax error (line 1 column 10)'],
  ['an unfinished bracket', ':put [:len "a"', 'syntax error (line 1 column 15)'],
  ['an unfinished block', ':if (true) do={:put 1', 'syntax error (line 1 column 22)'],
  ['an unfinished group', ':put (1+1', 'syntax error (line 1 column 10)'],
  ['a closing brace too many', ':put 1}', 'syntax error (line 1 column 7)'],
  ['a closing bracket too many', ':put 1]', 'syntax error (line 1 column 7)'],
  ['a comment', '# note', 'syntax error (line 1 column 1)'],
  ['a bare word in an expression', ':put (abc)', 'syntax error (line 1 column 7)'],
  ['a decimal fraction', ':put (1.5)', 'syntax error (line 1 column 7)'],
  ['a number beyond 64 bits', ':put (9223372036854775808)', 'syntax error (line 1 column 7)'],
  ['a variable as the key of a literal', ':local k "a"; :put {$k=1}', 'syntax error (line 1 column 21)'],
  ['a line feed', ':put 1\n:put 2', 'syntax error (line 1 column 7)'],
  ['a carriage return', ':put 1\r', 'syntax error (line 1 column 7)'],
  ['a bare word compared with a text', '/disk/find where "x"=slot', 'syntax error (line 1 column 22)'],
  ['a slash in an unquoted condition', '/disk/find where slot=a/b:c', 'expected end of command (line 1 column 26)'],
];

for (const [what, line, text] of refusals) {
  test(`parsing: refuses ${what}`, async () => {
    assert.equal(await output(line), `${text}\r\n`);
  });
}

test('parsing: refuses deep nesting instead of exhausting the stack', async () => {
  for (const [open, close] of [
    ['(', ')'],
    ['[:len ', ']'],
    ['{', '}'],
    ['!', ''],
  ] as const) {
    const text = await output(`:put ${'('}${open.repeat(50_000)}1${close.repeat(50_000)})`);
    assert.match(text, /^syntax error \(line 1 column \d+\)\r\n$/);
  }
});

test('parsing: takes long chains of operators, and refuses endless ones', async () => {
  assert.equal(await output(`:put (0${'+1'.repeat(2000)})`), '2000\r\n');
  assert.match(await output(`:put (0${'+1'.repeat(50_000)})`), /^syntax error \(line 1 column \d+\)\r\n$/);
  assert.match(await output(`:put ({1}${'->0'.repeat(50_000)})`), /^syntax error \(line 1 column \d+\)\r\n$/);
});

for (const line of [
  '/disk/btrfs/subvolume/add name=a',
  '/disk/btrfs/subvolume add name=a',
  '/disk btrfs subvolume add name=a',
  '/disk  btrfs/subvolume  add   name=a  ;',
]) {
  test(`parsing: finds the command in ${line}`, async () => {
    const fixture = memoryConsole();
    assert.equal(await output(line, fixture), '');
    assert.deepEqual(fixture.menus.subvolume.calls, [{ command: 'add', ids: [], args: new Map([['name', 'a']]) }]);
  });
}

test('parsing: takes the enclosing menu for a command without a path in brackets', async () => {
  const fixture = memoryConsole();
  assert.equal(await output('/disk/remove [find slot="pvc-1"]', fixture), '');
  assert.deepEqual(fixture.menus.disk.calls, [{ command: 'remove', ids: ['*2'], args: new Map() }]);
});

test('parsing: hands unquoted words to the menu as they stand', async () => {
  const fixture = memoryConsole();
  await output('/disk/add slot=0123 type=yes comment=1s size=(1+1)', fixture);
  assert.deepEqual(
    fixture.menus.disk.calls[0]?.args,
    new Map<string, unknown>([
      ['slot', '0123'],
      ['type', 'yes'],
      ['comment', '1s'],
      ['size', 2n],
    ]),
  );
});

test('parsing: prints nothing for an empty line', async () => {
  assert.equal(await output('   '), '');
});

test('parsing before running runs nothing when a later part does not parse', async () => {
  const fixture = memoryConsole();
  assert.equal(
    await output('/disk/add slot=new; :put "one"; /disk/add slot=$oops', fixture),
    'bad variable name oops (line 1 column 49)\r\n',
  );
  assert.deepEqual(fixture.menus.disk.calls, []);
});

test('parsing before running lets no on-error catch it', async () => {
  for (const line of [':do {/disk/nope} on-error={:put "caught"}', ':onerror e in={/disk/nope} do={:put "caught"}']) {
    assert.match(await output(line), /^bad command name nope \(line 1 column \d+\)\r\n$/);
  }
});
