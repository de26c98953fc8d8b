import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HandClock } from '../../clock.testing.ts';
import { quirkyDevice } from '../../quirks/quirky-device.testing.ts';
import { MIB, openDevice } from '../device.testing.ts';

const FILE = '/file';

test('pools, subvolumes, images and plain files, named without a leading slash', async (t) => {
  const device = await openDevice(t, { clock: new HandClock('2026-01-02T03:04:05Z') });
  await device.addVolume('v-1', MIB);
  await device.add(FILE, { name: '/pool/notes.txt', contents: 'hello' });
  const rows = (await device.rows(FILE)).map((row) => Object.fromEntries(row.props));
  const time = { 'last-modified': '2026-01-02 03:04:05' };
  assert.deepEqual(rows, [
    { name: 'pool', type: 'disk' },
    { name: 'pool/v-1', type: 'directory', ...time },
    { name: 'pool/v-1/volume.img', type: '.img file', size: BigInt(MIB), ...time },
    { name: 'pool/notes.txt', type: '.txt file', size: 5n, contents: 'hello', ...time },
  ]);
});

test('print detail: the name on a line of its own, and no quotes', async (t) => {
  const { run } = await quirkyDevice(t, []);
  const directory = `pool/${'d'.repeat(80)}`;
  await run(`/file/add name=pool/notes.txt contents="hello"; /file/add name=${directory} type=directory`);
  const proplist = 'proplist=name,type,size,last-modified';
  assert.equal(
    await run(`/file/print detail ${proplist} where name~"notes"`),
    ' 0   name=pool/notes.txt|     type=.txt file size=5B last-modified=2026-01-02 12:00:00',
  );
  assert.equal(
    await run(`/file/print detail ${proplist} where type=directory`),
    ` 0   name=pool/${'d'.repeat(65)}|     ${'d'.repeat(15)}|     type=directory last-modified=2026-01-02 12:00:00`,
  );
});

test('what add refuses', async (t) => {
  const device = await openDevice(t);
  await device.addVolume('v-1', MIB);
  await device.snapshot('v-1', 's-1');
  const cases: readonly [Readonly<Record<string, string>>, RegExp][] = [
    [{ contents: 'x' }, /name must be specified/],
    [{ name: 'elsewhere/x' }, /^invalid value for argument name$/],
    [{ name: 'pool/missing/x' }, /no such directory/],
    [{ name: 'pool/v-1' }, /already have file/],
    [{ name: 'pool/v-1/volume.img' }, /already have file/],
    [{ name: 'pool/s-1/x' }, /Read-only file system/],
    [{ name: 'pool/x', type: 'link' }, /^invalid value for argument type$/],
    [{ name: 'pool/x', contents: 'x'.repeat(60 * 1024 + 1) }, /^invalid value for argument contents$/],
  ];
  for (const [args, message] of cases) {
    await assert.rejects(device.add(FILE, args), { name: 'DeviceFailure', message }, JSON.stringify(args));
  }
});

test('remove takes plain files and empty directories only', async (t) => {
  const device = await openDevice(t);
  await device.addVolume('v-1', MIB);
  await device.snapshot('v-1', 's-1');
  await device.add(FILE, { name: 'pool/dir', type: 'directory' });
  await device.add(FILE, { name: 'pool/dir/x' });
  const refused: readonly [string, RegExp][] = [
    ['pool', /the simulator does not carry out/],
    ['pool/v-1', /the simulator does not carry out/],
    ['pool/v-1/volume.img', /file is in use/],
    ['pool/s-1/volume.img', /Read-only file system/],
    ['pool/dir', /directory not empty/],
  ];
  for (const [name, text] of refused) await assert.rejects(device.run(FILE, 'remove', name), text, name);
  await device.run(FILE, 'remove', 'pool/dir/x');
  await device.run(FILE, 'remove', 'pool/dir');
  assert.equal(await device.row(FILE, 'pool/dir'), undefined);
});
