import assert from 'node:assert/strict';
import { test } from 'node:test';
import { output, put } from './memory-menus.testing.ts';

const cases: readonly (readonly [expression: string, text: string])[] = [
  ['[:len "abc"]', '3'],
  ['[:len "\\C3\\A9"]', '2'],
  ['[:len {1;2;"k"=3}]', '3'],
  ['[:len [:nothing]]', '0'],
  ['[:tostr 5]', '5'],
  ['[:typeof [:tostr 5]]', 'str'],
  ['[:tostr true]', 'true'],
  ['[:tostr *2B]', '*2B'],
  ['[:tostr [:nothing]]', ''],
  ['[:tostr {1;2}]', '1;2'],
  ['[:tonum "12"]', '12'],
  ['([:tonum "12"]+1)', '13'],
  ['[:typeof [:tonum "x"]]', 'nothing'],
  ['[:typeof [:tonum ""]]', 'nothing'],
  ['[:typeof [:tonum true]]', 'nothing'],
  ['[:totime "93784s"]', '1d02:03:04'],
  ['[:totime "1w2d3h4m5s"]', '1w2d03:04:05'],
  ['[:totime "1w2d03:04:05"]', '1w2d03:04:05'],
  ['[:totime "90m"]', '01:30:00'],
  ['[:totime "500ms"]', '00:00:00.500'],
  ['[:totime 1d]', '1d00:00:00'],
  ['[:typeof [:totime "93784s"]]', 'time'],
  ['[:typeof [:totime "nottime"]]', 'nothing'],
  ['[:typeof [:totime ""]]', 'nothing'],
  ['[:typeof [:totime "00:01:30.250"]]', 'nothing'],
  ['[:typeof [:totime "-5s"]]', 'nothing'],
  ['[:typeof [:totime "9999999999999s"]]', 'nothing'],
  ['[:typeof [:totime 93784]]', 'nothing'],
  ['[:len [:toarray "a,b,c"]]', '3'],
  ['[:len [:toarray ""]]', '0'],
  ['[:len [:toarray {1;2}]]', '2'],
  ['[:len [:toarray 5]]', '1'],
  ['[:pick "abcdef" 1 3]', 'bc'],
  ['[:pick "abcdef" 2]', 'c'],
  ['[:pick "abc" 1 99]', 'bc'],
  ['[:pick "abc" 5 9]', ''],
  ['[:pick {1;2;3} 1 3]', '2;3'],
  ['[:pick {1;2;3} 1]', '2'],
  ['[:len [:pick {1;2;3} 0 0]]', '0'],
  ['[:pick [/disk find] 0 1]', '*1'],
  ['[:pick [/disk find where slot~"p"] 0 [:len [/disk/btrfs/filesystem find where label=none]]]', ''],
  ['[:pick "\\C3\\A9" 0]', 'failure: range cuts a character'],
  ['[:pick "abc" "0"]', 'invalid value for argument begin'],
  ['[:find "abcabc" "c"]', '2'],
  ['[:find "\\C3\\A9c" "c"]', '2'],
  ['[:typeof [:find "abc" "x"]]', 'nothing'],
  ['[:find {1;"a"} "a"]', '1'],
  ['[:typeof [:find {1;2} 5]]', 'nothing'],
  ['[:typeof 1]', 'num'],
  ['[:typeof "1"]', 'str'],
  ['[:typeof yes]', 'bool'],
  ['[:typeof 1s]', 'time'],
  ['[:typeof *1]', 'id'],
  ['[:typeof {1}]', 'array'],
  ['[:typeof [:nothing]]', 'nothing'],
  ['[:typeof [/disk find where slot=none]]', 'array'],
  ['[:typeof ([/disk find]->0)]', 'id'],
  ['[:typeof [/disk get pool size]]', 'num'],
  ['[:typeof [/disk get pool comment]]', 'nothing'],
];

for (const [expression, text] of cases) {
  test(`builtins that compute: ${expression} gives ${text === '' ? 'nothing to see' : text}`, async () => {
    assert.equal(await put(expression), text);
  });
}

test('builtins that compute: print nothing by themselves', async () => {
  assert.equal(await output(':len "abc"; :tostr 5; :typeof 1'), '');
});

test(':parse as a dry run gives the parsed form', async () => {
  assert.equal(await put('[:parse "/disk/btrfs/subvolume/print detail"]'), '(evl /disk/btrfs/subvolume/print;detail=)');
  assert.equal(await put('[:parse ":put 1"]'), '(evl /put)');
});

test(':parse as a dry run gives the text of the problem', async () => {
  assert.equal(await put('[:parse "/disk/add nope=1"]'), 'bad parameter nope (line 1 column 11)');
  assert.equal(await put('[:parse "/nope"]'), 'bad command name nope (line 1 column 2)');
});

test(':parse as a dry run runs nothing', async () => {
  assert.equal(await output(':parse ":put 1"'), '');
});
