import assert from 'node:assert/strict';
import { test } from 'node:test';
import { output } from './memory-menus.testing.ts';

/** Scripts and the lines that they print. */
const scripts: readonly (readonly [what: string, line: string, printed: readonly string[]])[] = [
  ['takes the do branch', ':if (1=1) do={:put a} else={:put b}', ['a']],
  ['takes the else branch', ':if (1=2) do={:put a} else={:put b}', ['b']],
  ['skips without else', ':if (1=2) do={:put a}; :put c', ['c']],
  ['takes a condition in brackets', ':if [:len ""] do={:put a}', ['cannot apply :if to num']],
  ['visits elements in order', ':foreach x in={3;1;"b"} do={:put $x}', ['3', '1', 'b']],
  ['visits nothing in nothing', ':foreach x in=[:nothing] do={:put $x}; :put end', ['end']],
  ['refuses to visit a text', ':foreach x in="a,b" do={:put $x}', ['invalid value for argument in']],
  ['visits nothing in an empty array', ':foreach x in={} do={:put $x}; :put end', ['end']],
  [
    'visits unkeyed elements under their index, then keyed ones sorted',
    ':foreach k,v in={"z"=1;5;"a"=2;6} do={:put "$k=$v"}',
    ['0=5', '1=6', 'a=2', 'z=1'],
  ],
  ['visits the values of keyed elements', ':foreach v in={"z"=1;"a"=2} do={:put $v}', ['2', '1']],
  ['counts up', ':for i from=1 to=3 do={:put $i}', ['1', '2', '3']],
  ['counts by steps', ':for i from=5 to=1 step=-2 do={:put $i}', ['5', '3', '1']],
  ['counts nothing downwards without a step', ':for i from=2 to=1 do={:put $i}; :put end', ['end']],
  ['refuses a step of 0', ':for i from=1 to=2 step=0 do={}', ['invalid value for argument of :for']],
  ['repeats while', ':local i 0; :while ($i<3) do={:set i ($i+1)}; :put $i', ['3']],
  ['repeats do while, at least once', ':local i 9; :do {:set i ($i+1)} while=($i<3); :put $i', ['10']],
  ['catches with on-error', ':do {:error x; :put 1} on-error={:put caught}; :put 2', ['caught', '2']],
  ['leaves on-error alone on success', ':do {:put 1} on-error={:put caught}', ['1']],
  ['passes an error of on-error on', ':do {:error x} on-error={:error y}; :put 2', ['y (:error; line 1)']],
  [
    'catches with onerror, the text in $e',
    ':onerror e in={:error "RC-1"} do={:put "<$e>"}',
    ['<RC-1 (:error; line 1)>'],
  ],
  ['catches what the device refuses', ':onerror e in={/disk/add slot=refuse} do={:put $e}', ['failure: refused']],
  ['leaves onerror alone on success', ':onerror e in={:put 1} do={:put $e}; :put 2', ['1', '2']],
  [
    'catches with the innermost handler',
    ':onerror e in={:onerror f in={:error a} do={:error b}} do={:put $e}',
    ['b (:error; line 1)'],
  ],
  ['sees outer variables and changes them', ':local x 1; :do {:set x 2}; :put $x', ['2']],
  ['hides outer variables by inner ones', ':local x 1; :do {:local x 2; :put $x}; :put $x', ['2', '1']],
  ['starts each turn of a loop afresh', ':for i from=1 to=2 do={:local x; :put "<$x>"; :set x 5}', ['<>', '<>']],
  ['declares a variable again', ':local x 1; :local x 2; :put $x', ['2']],
  ['sets an element by key', ':local a {"k"=1}; :set ($a->"k") 2; :set ($a->"l") 3; :put $a', ['k=2;l=3']],
  ['sets an element by index', ':local a {1;2}; :set ($a->1) 9; :put $a', ['1;9']],
  ['sets a nested element', ':local a {"k"={1;2}}; :set ($a->"k"->0) 9; :put ($a->"k")', ['9;2']],
  ['leaves a copy alone', ':local a {1}; :local b $a; :set ($a->0) 2; :put $b', ['1']],
  ['refuses an index out of range', ':local a {1}; :set ($a->1) 2', ['no such element']],
  ['refuses elements of a text', ':local a "x"; :set ($a->0) 2', ['cannot set an element of what is not an array']],
  ['waits', ':delay 1ms; :delay 0; :put end', ['end']],
  ['refuses a delay that is no time', ':delay "soon"', ['invalid value for argument delay-time']],
  ['refuses a delay without end', ':delay 9999w', ['invalid value for argument delay-time']],
  ['refuses a delay into the past', ':delay -1', ['invalid value for argument delay-time']],
];

for (const [what, line, printed] of scripts) {
  test(`control structures and variables: ${what}`, async () => {
    assert.equal(await output(line), printed.map((text) => `${text}\r\n`).join(''));
  });
}
