import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ros } from './script.ts';
import { script } from './script-builder.ts';

test('statements follow one another, blocks nest, and every variable has a name of its own', () => {
  const built = script((s) => {
    const sum = s.let(ros`0`);
    s.each(ros`{1;2}`, (number) => {
      const twice = s.let(ros`(2*${number})`);
      s.if(
        ros`${twice}>2`,
        () => s.set(sum, ros`(${sum}+${twice})`),
        () => s.run(ros`:delay 1s`),
      );
    });
    s.run(ros`:put ${sum}`);
  });
  assert.equal(
    built.text,
    ':local xA 0;:foreach xB in={1;2} do={:local xC (2*$xB);:if ($xC>2) do={:set xA ($xA+$xC)} else={:delay 1s}};:put $xA',
  );
});

test('an error is passed over, or handled with its words', () => {
  const built = script((s) => {
    s.attempt(() => s.run(ros`/disk remove x`));
    s.attempt(
      () => s.run(ros`/disk remove y`),
      (words) => s.fail('RC-LEFT', words),
    );
    s.eachEntry(ros`{"a"=1}`, (key, value) => s.run(ros`:put (${key}.${value})`));
    s.while(ros`false`, () => s.fail('RC-RACE'));
  });
  assert.equal(
    built.text,
    ':onerror xA in={/disk remove x} do={};:onerror xB in={/disk remove y} do={:error ("RC-LEFT ".$xB)};' +
      ':foreach xC,xD in={"a"=1} do={:put ($xC.$xD)};:while (false) do={:error "RC-RACE"}',
  );
});

test('the names that the frame has are never given, and there is an end to the others', () => {
  const names: string[] = [];
  assert.throws(
    () =>
      script((s) => {
        for (;;) names.push(s.let().text);
      }),
    /RangeError: a script has at most 60 variables/,
  );
  assert.equal(new Set(names).size, 60);
  assert.ok(!names.includes('$xU') && !names.includes('$xN'));
});

test('what is no variable cannot be set', () => {
  assert.throws(() => script((s) => s.set(ros`1`, ros`2`)), /TypeError: not a variable: 1/);
});
