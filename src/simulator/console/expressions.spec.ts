import assert from 'node:assert/strict';
import { test } from 'node:test';
import { memoryConsole, output, put } from './memory-menus.testing.ts';

/** Expressions and what `:put` prints for them. */
const results: readonly (readonly [expression: string, text: string])[] = [
  ['(1+2*3)', '7'],
  ['((1+2)*3)', '9'],
  ['(7/2)', '3'],
  ['(7%4)', '3'],
  ['(10-3-2)', '5'],
  ['(5-3)', '2'],
  ['(-5+3)', '-2'],
  ['(-(5+3))', '-8'],
  ['(0x10)', '16'],
  ['(9223372036854775807)', '9223372036854775807'],
  ['("a"."b".3)', 'ab3'],
  ['("x".(1+2))', 'x3'],
  ['("a"="a")', 'true'],
  ['("a"!="b")', 'true'],
  ['(2048=2048)', 'true'],
  ['(2048="2048")', 'false'],
  ['(true="true")', 'false'],
  ['(*2B=*2B)', 'true'],
  ['(*2B="*2B")', 'false'],
  ['([:nothing]="")', 'false'],
  ['(1<2)', 'true'],
  ['(2<=2)', 'true'],
  ['(1>2)', 'false'],
  ['(3>=4)', 'false'],
  ['(1s<00:01:00)', 'true'],
  ['(100ms)', '00:00:00.100'],
  ['(1d2h3m4s)', '1d02:03:04'],
  ['(1d00:00:05)', '1d00:00:05'],
  ['(1w2d03:04:05)', '1w2d03:04:05'],
  ['(999w)', '999w00:00:00'],
  ['(93784s=1d02:03:04)', 'true'],
  ['(93784s>=1d02:03:04)', 'true'],
  ['(00:01:30<[:totime "90s"])', 'false'],
  ['(7d=1w)', 'true'],
  ['("OK"."abc"." ".[/disk get pool uptime])', 'OKabc 00:01:30'],
  ['(!true)', 'false'],
  ['(!(1=2) and yes)', 'true'],
  ['(true or false and false)', 'true'],
  ['(true||false)', 'true'],
  ['(true&&no)', 'false'],
  ['("abc"~"^a.c\\$")', 'true'],
  ['("abc"~"^b")', 'false'],
  ['({1;2;"a"}->2)', 'a'],
  ['({1;2}->5)', ''],
  ['({"a"="b";"c"=1}->"c")', '1'],
  ['({a=1}->"a")', '1'],
  ['({a=1}->"b")', ''],
  ['({{1;2};{3}}->0->1)', '2'],
  ['([:nothing]->0)', ''],
  ['({})', ''],
  ['{"a";1;true}', 'a;1;true'],
  ['{"z"=1;"a"="b"}', 'a=b;z=1'],
  ['("<$(1+1)>")', '<2>'],
  ['(yes)', 'true'],
  ['hello', 'hello'],
  ['-5', '-5'],
  ['*2B', '*2B'],
];

/** Expressions that fail while running, with the text of the error. */
const failures: readonly (readonly [expression: string, text: string])[] = [
  ['(1+2 . 3)', 'cannot apply + to num and str'],
  ['(1+"2")', 'cannot apply + to num and str'],
  ['("1"<2)', 'cannot apply < to str and num'],
  ['("a"<"b")', 'cannot apply < to str and str'],
  ['(90s>"1m")', 'cannot apply > to time and str'],
  ['(90s>60)', 'cannot apply > to time and num'],
  ['(90s>[:totime "soon"])', 'cannot apply > to time and nothing'],
  ['(!1)', 'cannot apply ! to num'],
  ['(-"1")', 'cannot apply - to str'],
  ['(1 and true)', 'cannot apply and to num'],
  ['(true or "x")', 'cannot apply or to str'],
  ['(5~"5")', 'cannot apply ~ to num and str'],
  ['({1}."a")', 'cannot apply . to array and str'],
  ['({1}={1})', 'cannot apply = to array and array'],
  ['("abc"->0)', 'cannot apply -> to str and num'],
  ['(1/0)', 'division by zero'],
  ['(1%0)', 'division by zero'],
  ['(9223372036854775807+1)', 'number out of range'],
  ['("a"~"\\\\d")', 'failure: bad regexp: \\d is not in POSIX ERE'],
];

for (const [expression, text] of results) {
  test(`expressions: ${expression} gives ${text === '' ? 'nothing to see' : text}`, async () => {
    assert.equal(await put(expression), text);
  });
}
for (const [expression, text] of failures) {
  test(`expressions: ${expression} fails`, async () => {
    assert.equal(await put(expression), text);
  });
}

test('expressions: evaluates both sides of and and or: there is no short circuit', async () => {
  const line = (operator: string, left: string) =>
    `:local x {0}; :if (${left} ${operator} ([:tonum [:tostr [/disk get nope size]]]>0)) do={:put 1} else={:put 2}`;
  assert.equal(await output(line('or', 'true')), 'no such item\r\n');
  assert.equal(await output(line('and', 'false')), 'no such item\r\n');
  assert.equal(await output(line('||', 'true')), 'no such item\r\n');
  assert.equal(await output(line('&&', 'false')), 'no such item\r\n');
});

test('expressions: runs every bracket of an expression, left to right', async () => {
  const order: string[] = [];
  const fixture = memoryConsole({ beforeStatement: ({ text }) => void order.push(text) });
  await output(':put ([:len "a"]=1 or [:len "bb"]=[:tonum "2"])', fixture);
  assert.deepEqual(order.slice(1), [':len "a"', ':len "bb"', ':tonum "2"']);
});

test('expressions: refuses to build a text without bound', async () => {
  const line = ':local x "0123456789"; :for i from=1 to=60 do={:set x ($x.$x)}; :put "survived"';
  assert.equal(await output(line), 'action failed (6)\r\n');
});

test('expressions: refuses to convert an array that doubles at every level', async () => {
  const line = (use: string) => `:local x {}; :for i from=1 to=60 do={:set x {$x;$x}}; :put ${use}`;
  assert.equal(await output(line('$x')), 'action failed (6)\r\n');
  assert.equal(await output(line('[:serialize to=json value=$x]')), 'action failed (6)\r\n');
});

test('expressions: matches more expressions than it keeps compiled', async () => {
  const line = ':local n 0; :for i from=1 to=250 do={:if ("<$i>"~"<$i>") do={:set n ($n+1)}}; :put $n';
  assert.equal(await output(line), '250\r\n');
});

test('expressions: refuses to convert an array nested without bound', async () => {
  const line = ':local x {1}; :for i from=1 to=300 do={:set x {$x}}; :put $x';
  assert.equal(await output(line), 'action failed (6)\r\n');
});
