import assert from 'node:assert/strict';
import { test } from 'node:test';
import { memoryConsole, output, put } from './memory-menus.testing.ts';

test('find gives ids in the order of the rows', async () => {
  assert.equal(await put('[/disk find]'), '*1;*2');
});

test('find gives an empty array when nothing matches', async () => {
  assert.equal(await put('[:len [/disk/find where slot=none]]'), '0');
});

const cases: readonly (readonly [expression: string, text: string])[] = [
  ['[/disk get pvc-1 size]', '53687091200'],
  ['[/disk/get *2 size]', '53687091200'],
  ['[/disk get "*2" value-name=size]', '53687091200'],
  ['[/disk get number=pvc-1 value-name=slot]', 'pvc-1'],
  ['[/disk get [find slot=pvc-1] slot]', 'pvc-1'],
  ['[/disk get pvc-1 .id]', '*2'],
  ['[/disk get pool comment]', ''],
  ['([/disk get pvc-1]->"type")', 'file'],
  ['[:typeof ([/disk get pvc-1]->".id")]', 'id'],
  ['[/system/identity get name]', 'rds'],
  ['([/system/identity get]->"name")', 'rds'],
  ['[/disk get *99 size]', 'no such item (4)'],
  ['[/disk get ({*99}->0) size]', 'no such item (4)'],
  ['[/disk get none size]', 'no such item'],
  ['[/disk get [find slot=none] size]', 'no such item'],
  ['[/disk get ([find slot=none]->0) size]', 'no such item'],
  ['[/disk get [find] size]', 'invalid internal item number'],
  ['[/disk get pool nope]', 'input does not match any value of value-name'],
  ['[/disk get 0 size]', 'no such item'],
];
for (const [expression, text] of cases) {
  test(`get: ${expression} gives ${text === '' ? 'nothing to see' : text}`, async () => {
    assert.equal(await put(expression), text);
  });
}

const references: readonly (readonly [reference: string, ids: readonly string[]])[] = [
  ['*2', ['*2']],
  ['numbers=*2', ['*2']],
  ['numbers="*1"', ['*1']],
  ['pvc-1', ['*2']],
  ['*1,*2', ['*1', '*2']],
  ['pool,pvc-1', ['*1', '*2']],
  ['*2,pvc-1', ['*2']],
  ['[/disk find]', ['*1', '*2']],
  ['([/disk find]->1)', ['*2']],
  ['[:pick [/disk find] 0 1]', ['*1']],
  ['[:pick [find where slot=pvc-1] 0 [:len [/disk find where mounted]]]', ['*2']],
  ['{"pool";*2}', ['*1', '*2']],
];
for (const [reference, ids] of references) {
  test(`commands on items: take ${reference}`, async () => {
    const fixture = memoryConsole();
    assert.equal(await output(`/disk/enable ${reference}`, fixture), '');
    assert.deepEqual(fixture.menus.disk.calls, [{ command: 'enable', ids, args: new Map() }]);
  });
}

const refusals: readonly (readonly [reference: string, text: string])[] = [
  ['*99', 'no such item (4)'],
  ['none', 'no such item'],
  ['*1,*99', 'no such item (4)'],
  ['[find slot=none]', 'expected item id (line 1 column 14)'],
  ['""', 'expected item id (line 1 column 14)'],
  ['[:nothing]', 'expected item id (line 1 column 14)'],
  ['[:pick [find] 0 [:len [/disk find where slot=none]]]', 'expected item id (line 1 column 14)'],
  ['({1}->0)', 'no such item'],
];
for (const [reference, text] of refusals) {
  test(`commands on items: refuse ${reference}`, async () => {
    const fixture = memoryConsole();
    assert.equal(await output(`/disk/remove ${reference}`, fixture), `${text}\r\n`);
    assert.deepEqual(fixture.menus.disk.calls, []);
  });
}

test('commands on items refuse a name that several items have', async () => {
  const fixture = memoryConsole();
  fixture.menus.disk.insert({ slot: 'pool' });
  assert.equal(await output('/disk/remove pool', fixture), 'failure: more than one item is named pool\r\n');
});

test('commands on items pass the other arguments on', async () => {
  const fixture = memoryConsole();
  await output('/disk/set pvc-1 comment="x" size=[:len "ab"]', fixture);
  assert.deepEqual(fixture.menus.disk.calls, [
    {
      command: 'set',
      ids: ['*2'],
      args: new Map<string, unknown>([
        ['comment', 'x'],
        ['size', 2n],
      ]),
    },
  ]);
});

test('commands on items are silent, and add gives the new id to who asks', async () => {
  assert.equal(await output('/disk/set pvc-1 comment=x; /disk/remove pvc-1; /disk/add slot=new'), '');
  assert.equal(await output(':put [/disk/add slot=new]'), '*3\r\n');
  assert.equal(
    await output(':local i [/disk/add slot=new]; :put [:typeof $i]; :put [/disk get $i slot]'),
    'id\r\nnew\r\n',
  );
});

test('print as a value prints nothing when bare', async () => {
  assert.equal(await output('/disk print detail as-value'), '');
});

test('print as a value gives ambiguous text to :put', async () => {
  assert.equal(
    await put('[/disk print as-value proplist=.id,slot,comment]'),
    '.id=*1;slot=pool;.id=*2;comment=one; two;slot=pvc-1',
  );
});

test('print as a value gives an array of keyed arrays, unset properties absent', async () => {
  const rows = ':local xR [/disk print detail as-value where slot=pool];';
  assert.equal(await output(`${rows} :put [:len $xR]; :put ($xR->0->"fs-label")`), '1\r\npool\r\n');
  assert.equal(await output(`${rows} :put [:typeof ($xR->0->"comment")]`), 'nothing\r\n');
  assert.equal(await output(`${rows} :put [:typeof ($xR->0->"mounted")]; :put ($xR->0->".id")`), 'bool\r\n*1\r\n');
});

test('print as a value needs detail for all properties', async () => {
  const mounted = (flags: string) => put(`[:typeof ([/disk print as-value ${flags}]->0->"mounted")]`);
  assert.equal(await mounted(''), 'nothing');
  assert.equal(await mounted('detail'), 'bool');
});

test('print as a value gives one keyed array for a singleton', async () => {
  assert.equal(await put('[/system identity print as-value]'), 'name=rds');
});

test('print as a value counts', async () => {
  assert.equal(await output('/disk print count-only where mounted'), '1\r\n');
  assert.equal(await output(':put ([/disk print count-only]+1)'), '3\r\n');
});

test('print as a value restricts and orders', async () => {
  const slots = (rest: string) => put(`[/disk print as-value proplist=slot ${rest}]`);
  assert.equal(await slots('from=pvc-1'), 'slot=pvc-1');
  assert.equal(await slots('from=*1 where slot=pvc-1'), '');
  assert.equal(await slots('order-by=size'), 'slot=pvc-1;slot=pool');
  assert.equal(await slots('order-by=file-size'), 'slot=pvc-1;slot=pool');
  assert.equal(await slots('order-by=slot'), 'slot=pool;slot=pvc-1');
});

test('print as a value refuses properties that the menu does not have', async () => {
  assert.equal(await output('/disk print proplist=slot,nope'), 'input does not match any value of proplist\r\n');
  assert.equal(await output('/disk print order-by=nope'), 'input does not match any value of order-by\r\n');
});
