import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseJsonOptions, toJson } from './json.ts';
import { output, put } from './memory-menus.testing.ts';
import { RosArray, type Value } from './value.ts';

const cases: readonly (readonly [what: string, value: string, json: string])[] = [
  ['a num', '5', '5'],
  ['a num beyond 2^53', '9007199254740993', '9007199254740993'],
  ['a bool', 'true', 'true'],
  ['nothing', '[:nothing]', 'null'],
  ['a text', '"a\\"b\\\\c"', '"a\\"b\\\\c"'],
  ['control characters, escaped', '"a\\r\\n\\t\\00"', '"a\\r\\n\\t\\u0000"'],
  ['an id', '*2B', '"*2B"'],
  ['a time', '1h30m15s', '"01:30:15"'],
  ['an array', '{1;"a";true}', '[1,"a",true]'],
  ['an empty array', '{}', '[]'],
  ['keys, sorted', '{"z"=1;"a"=2;"B"=3}', '{"B":3,"a":2,"z":1}'],
  [
    'rows',
    '[/disk print detail as-value proplist=slot,comment]',
    '[{"slot":"pool"},{"comment":"one; two","slot":"pvc-1"}]',
  ],
  ['one row, still in an array', '[/disk print as-value proplist=slot where slot=pool]', '[{"slot":"pool"}]'],
  ['no rows', '[/disk print as-value where slot=none]', '[]'],
  ['the row of a singleton, bare', '[/system/identity print as-value]', '{"name":"rds"}'],
];

for (const [what, value, json] of cases) {
  test(`:serialize to=json: writes ${what}`, async () => {
    assert.equal(await put(`[:serialize to=json options=json.no-string-conversion value=${value}]`), json);
  });
}

test(':serialize to=json turns a text of digits into a number unless told not to', async () => {
  assert.equal(await put('[:serialize to=json value="2048"]'), '2048.000000');
  assert.equal(await put('[:serialize to=json value={"a"="007"}]'), '{"a":7.000000}');
  assert.equal(await put('[:serialize to=json value="2048" options=json.no-string-conversion]'), '"2048"');
});

test(':serialize to=json takes a list of options', async () => {
  const options = 'options=(json.pretty,json.no-string-conversion)';
  assert.equal(
    await output(`:put [:serialize to=json ${options} value={"a"="1";"b"={}}]`),
    '{\r\n    "a": "1",\r\n    "b": []\r\n}\r\n',
  );
});

test(':serialize to=json refuses what it does not know', async () => {
  assert.equal(await put('[:serialize to=xml value=1]'), 'input does not match any value of to');
  assert.match(await put('[:serialize to=dsv value=1]'), /the simulator does not carry out :serialize to=dsv/);
  assert.equal(
    await put('[:serialize to=json options=json.No-String-Conversion value=1]'),
    'input does not match any value of options',
  );
  assert.equal(await put('[:serialize to=json value={1;"a"=2}]'), 'cannot serialize an array with and without keys');
});

test(':serialize to=json needs its value', async () => {
  assert.equal(await output(':put [:serialize to=json]'), 'expected input value (line 1 column 25)\r\n');
});

test(':serialize to=json writes what any JSON parser reads', () => {
  const value: fc.Arbitrary<Value> = fc.letrec<{ value: Value }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 4 },
      fc.string({ unit: 'binary' }),
      fc.boolean(),
      fc.integer().map(BigInt),
      fc.array(tie('value')).map((list) => new RosArray(list)),
      fc.dictionary(fc.string(), tie('value')).map((keyed) => new RosArray([], new Map(Object.entries(keyed)))),
    ),
  })).value;
  fc.assert(
    fc.property(value, fc.boolean(), (given, pretty) => {
      const json = toJson(given, { ...parseJsonOptions('json.no-string-conversion'), pretty });
      assert.deepEqual(JSON.parse(json), plain(given));
    }),
  );
});

/** The value as JSON.parse would give it. */
function plain(value: Value): unknown {
  if (value instanceof RosArray) {
    return value.keyed.size > 0
      ? Object.fromEntries([...value.keyed].map(([key, element]) => [key, plain(element)]))
      : value.list.map(plain);
  }
  return typeof value === 'bigint' ? Number(value) : value;
}
