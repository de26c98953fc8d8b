import assert from 'node:assert/strict';
import { test } from 'node:test';
import { grouped, humanValue, withUnit } from './human-values.ts';
import { memoryConsole, output } from './memory-menus.testing.ts';

const lines = async (line: string, fixture = memoryConsole()) =>
  (await output(line, fixture)).split('\r\n').slice(0, -1);

test('print at the console shows details, broken between words at 80 columns', async () => {
  assert.deepEqual(await lines('/disk print detail without-paging'), [
    'Flags: M - mounted, t - nvme-tcp-export',
    ' 0 M  slot="pool" type=hardware size=7 681 574 174 720 fs-label=pool mounted=yes',
    '    nvme-tcp-export=no uptime="00:01:30"',
    ' 1 t  slot="pvc-1" type=file size=53 687 091 200 file-size=50.0GiB comment="one;',
    '    two" mounted=no nvme-tcp-export=yes',
  ]);
});

test('print at the console breaks a word that fits no line', async () => {
  const fixture = memoryConsole();
  fixture.menus.disk.insert({ slot: 'x', comment: 'a'.repeat(200) });
  const printed = await lines('/disk print detail where slot=x', fixture);
  assert.deepEqual(printed.slice(1), [
    ' 0    slot="x"',
    `    comment=${'a'.repeat(68)}`,
    `    ${'a'.repeat(76)}`,
    `    ${'a'.repeat(56)}`,
  ]);
  assert.equal(printed[2]?.length, 80);
});

test('print at the console shows a row without any of the properties', async () => {
  assert.deepEqual(await lines('/disk print detail proplist=comment where slot=pool'), [
    'Flags: M - mounted, t - nvme-tcp-export',
    ' 0 M  ',
  ]);
});

test('print at the console fills a line to its last column', async () => {
  const fixture = memoryConsole();
  fixture.menus.disk.insert({ slot: 'x', comment: `${'a'.repeat(56)} b` });
  assert.deepEqual((await lines('/disk print detail where slot=x', fixture)).slice(1), [
    ` 0    slot="x" comment="${'a'.repeat(56)}`,
    '    b"',
  ]);
});

test('print at the console quotes a model and not a path, and shows no pair for disabled', async () => {
  const fixture = memoryConsole();
  Object.assign(fixture.menus.disk.commands, { set: ['numbers', 'disabled'] });
  fixture.menus.disk.insert({ slot: 'x', model: '/pool/x.img', 'file-path': '/pool/x.img', disabled: false });
  assert.equal(
    (await lines('/disk print detail where slot=x', fixture))[1],
    ' 0    slot="x" model="/pool/x.img" file-path=/pool/x.img',
  );
});

test('print at the console shows the flags header even when no row matches', async () => {
  assert.deepEqual(await lines('/disk print detail where slot=none'), ['Flags: M - mounted, t - nvme-tcp-export']);
  assert.deepEqual(await lines('/disk print where slot=none'), ['Flags: M - mounted, t - nvme-tcp-export']);
});

test('print at the console shows a padded table', async () => {
  assert.deepEqual(await lines('/disk print proplist=slot,size'), [
    'Flags: M - mounted, t - nvme-tcp-export',
    'Columns: SLOT, SIZE',
    '#     SLOT     SIZE             ',
    '0  M  "pool"   7 681 574 174 720',
    '1  t  "pvc-1"  53 687 091 200   ',
  ]);
});

test('print at the console shows ids in place of numbers on request', async () => {
  assert.match((await lines('/disk print show-ids')).at(-1) ?? '', /^\*2 /);
  assert.match((await lines('/disk print detail show-ids where slot=pool'))[1] ?? '', /^\*1 M {2}slot="pool"/);
});

test('print at the console shows a line per row with terse', async () => {
  assert.deepEqual(await lines('/disk print terse proplist=slot,file-size,comment'), [
    ' 0 M slot="pool"',
    ' 1 t slot="pvc-1" file-size=50.0GiB comment="one; two"',
  ]);
});

test('print at the console shows a property per line for a singleton', async () => {
  assert.deepEqual(await lines('/system/identity print'), ['  name: rds']);
});

test('print at the console hides flags that cannot be set', async () => {
  const fixture = memoryConsole();
  fixture.menus.disk.insert({ slot: 'x', empty: true });
  Object.assign(fixture.menus.disk.flags, { empty: 'E' });
  assert.deepEqual(await lines('/disk print detail where slot=x', fixture), [
    'Flags: M - mounted, t - nvme-tcp-export, E - empty',
    ' 0 E  slot="x"',
  ]);
});

test('numbers at the console: groups digits', () => {
  assert.deepEqual([0n, 512n, 1024n, 53_687_091_200n].map(grouped), ['0', '512', '1 024', '53 687 091 200']);
});

test('numbers at the console: steps the unit up only above 1024', () => {
  const sizes = [0n, 1024n, 1025n, 2n ** 30n, 50n * 2n ** 30n, 3n * 2n ** 40n];
  assert.deepEqual(sizes.map(withUnit), ['0B', '1024B', '1.0KiB', '1024.0MiB', '50.0GiB', '3.0TiB']);
});

test('numbers at the console: chooses the form by the property', () => {
  assert.equal(humanValue('/disk', 'file-size', 2n ** 31n), '2.0GiB');
  assert.equal(humanValue('/file', 'size', 2n ** 31n), '2.0GiB');
  assert.equal(humanValue('/disk', 'size', 2n ** 31n), '2 147 483 648');
  assert.equal(humanValue('/disk', 'nvme-tcp-server-port', 4420n), '4420');
});
