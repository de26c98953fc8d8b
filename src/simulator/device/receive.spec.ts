import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { type DeviceUnderTest, MIB, openDevice, temporaryDirectory, testOnBackends } from './device.testing.ts';
import type { DeviceOptions } from './options.ts';

const SUBVOLUME = '/disk/btrfs/subvolume';

/** A device with the pools `pool` and `far`. */
async function twoPools(t: TestContext, options: Partial<DeviceOptions>, stateDir?: string): Promise<DeviceUnderTest> {
  const [pool = { label: 'pool', mountPoint: 'pool', sizeBytes: 2 ** 40 }] = options.pools ?? [];
  const pools = [pool, { ...pool, label: 'far', mountPoint: 'far' }];
  return openDevice(t, { ...options, pools, ...(stateDir === undefined ? {} : { stateDir }) });
}

/** The row of a subvolume by pool and full name. */
async function subvolume(under: DeviceUnderTest, fs: string, fullname: string) {
  const rows = await under.rows(SUBVOLUME);
  const found = rows.find(({ props }) => props.get('fs') === fs && props.get('fullname') === fullname);
  const of = (name: string) => found?.props.get(name);
  return {
    exists: found !== undefined,
    uuid: of('uuid'),
    receivedUuid: of('received-uuid'),
    readOnly: of('read-only'),
    name: of('name'),
    snapshot: of('snapshot'),
    parent: of('parent'),
  };
}

async function sizeOf(under: DeviceUnderTest, name: string) {
  return (await under.rows('/file')).find(({ props }) => props.get('name') === name)?.props.get('size');
}

/** The first bytes of the image of a writable subvolume, through an item of its own. */
async function beginning(under: DeviceUnderTest, directory: string, length: number): Promise<string> {
  const slot = directory.replaceAll('/', '-');
  const nqn = `nqn.2026-11.test:${slot}`;
  await under.add('/disk', {
    type: 'file',
    slot,
    'file-path': `${directory}/volume.img`,
    'mount-filesystem': false,
    'nvme-tcp-export': true,
    'nvme-tcp-server-nqn': nqn,
  });
  return (await under.device.blocks.read(nqn, 0, length)).toString();
}

/** A volume with `first` in it, a snapshot s-1 of that, then `after` and s-2. */
async function twoSnapshots(under: DeviceUnderTest): Promise<void> {
  const nqn = await under.addVolume('v-1', 4 * MIB);
  await under.device.blocks.write(nqn, 0, Buffer.from('first'));
  await under.add('/file', { name: 'pool/v-1/notes', type: 'directory' });
  await under.add('/file', { name: 'pool/v-1/notes/a.txt', contents: 'kept' });
  await under.snapshot('v-1', 's-1');
  await under.device.blocks.write(nqn, 0, Buffer.from('after'));
  await under.snapshot('v-1', 's-2');
}

testOnBackends(
  'a complete copy has the files, is read-only and carries the uuid, also after a restart',
  async (t, options) => {
    const stateDir = await temporaryDirectory(t);
    const before = await twoPools(t, options, stateDir);
    await twoSnapshots(before);
    const id = await before.device.receive({
      from: { pool: 'pool', name: 's-1' },
      to: { pool: 'far' },
      complete: true,
    });
    const source = await subvolume(before, 'pool', 's-1');
    const copy = await subvolume(before, 'far', 's-1');
    assert.deepEqual([copy.name, copy.receivedUuid, copy.readOnly], ['s-1', source.uuid, true]);
    assert.deepEqual([copy.snapshot, copy.parent], [false, ''], 'a whole one has no parent');
    assert.notEqual(copy.uuid, source.uuid);
    assert.equal(source.receivedUuid, undefined, 'what was made here has none');
    assert.equal((await before.rows(SUBVOLUME)).at(-1)?.id, id);
    assert.equal(await sizeOf(before, 'far/s-1/volume.img'), BigInt(4 * MIB));
    const usage = before.device.pools().find(({ label }) => label === 'far')?.used ?? 0;
    if (before.device.backend === 'files') assert.ok(usage > 0 && usage < MIB, 'holes stay holes');
    const rows = await Promise.all([SUBVOLUME, '/file'].map((path) => before.rows(path)));
    await before.device.close();

    const after = await twoPools(t, options, stateDir);
    assert.deepEqual(await Promise.all([SUBVOLUME, '/file'].map((path) => after.rows(path))), rows);
    await after.add(SUBVOLUME, { fs: 'far', parent: 's-1', name: 'v-2' });
    assert.equal(await beginning(after, 'far/v-2', 5), 'first');
    const note = (await after.rows('/file')).find(({ props }) => props.get('name') === 'far/v-2/notes/a.txt');
    assert.equal(note?.props.get('contents'), 'kept');
  },
);

testOnBackends('a copy that was cut off is writable, has no uuid, and less in it', async (t, options) => {
  const under = await twoPools(t, options);
  await twoSnapshots(under);
  await under.device.receive({ from: { pool: 'pool', name: 's-1' }, to: { pool: 'far' }, complete: false });
  const half = await subvolume(under, 'far', 's-1');
  assert.deepEqual([half.exists, half.receivedUuid, half.readOnly, half.snapshot], [true, undefined, false, false]);
  assert.equal(await sizeOf(under, 'far/s-1/volume.img'), BigInt(2 * MIB));
  assert.equal(await sizeOf(under, 'far/s-1/notes/a.txt'), 2n);
});

testOnBackends('an incremental copy has its parent, and one that was cut off looks like that', async (t, options) => {
  const under = await twoPools(t, options);
  await twoSnapshots(under);
  const far = { pool: 'far' };
  const second = { from: { pool: 'pool', name: 's-2' }, to: far, parent: 's-1' };
  await assert.rejects(under.device.receive({ ...second, complete: true }), /the pool far has no copy of s-1/);
  await under.device.receive({ from: { pool: 'pool', name: 's-1' }, to: far, complete: true });
  await under.device.receive({ ...second, complete: false });
  const half = await subvolume(under, 'far', 's-2');
  assert.deepEqual([half.receivedUuid, half.readOnly, half.parent], [undefined, false, 's-1']);
  assert.equal(await sizeOf(under, 'far/s-2/volume.img'), BigInt(4 * MIB), 'its size tells nothing');
  assert.equal(await beginning(under, 'far/s-2', 5), 'first');

  await assert.rejects(under.device.receive({ ...second, complete: true }), /has s-2 already/);
  await under.run('/disk', 'remove', 'far-s-2');
  const halfId = (await under.rows(SUBVOLUME)).find(({ props }) => props.get('uuid') === half.uuid)?.id ?? '';
  await under.device.menus.find(SUBVOLUME)?.run('remove', [halfId], new Map());
  await under.device.receive({ ...second, complete: true });
  const whole = await subvolume(under, 'far', 's-2');
  const source = await subvolume(under, 'pool', 's-2');
  assert.deepEqual([whole.receivedUuid, whole.readOnly, whole.parent], [source.uuid, true, 's-1']);
  await under.add(SUBVOLUME, { fs: 'far', parent: 's-2', name: 'v-2' });
  assert.equal(await beginning(under, 'far/v-2', 5), 'after');
});

testOnBackends('inside a container of the same pool two have one name', async (t, options) => {
  const under = await twoPools(t, options);
  await twoSnapshots(under);
  await under.add(SUBVOLUME, { fs: 'pool', name: 'copies' });
  const to = { pool: 'pool', container: 'copies' };
  await under.device.receive({ from: { pool: 'pool', name: 's-1' }, to, complete: true });
  await under.device.receive({ from: { pool: 'pool', name: 's-2' }, to, parent: 's-1', complete: true });
  const [source, copy] = [await subvolume(under, 'pool', 's-1'), await subvolume(under, 'pool', 'copies/s-1')];
  assert.deepEqual([copy.name, copy.receivedUuid], [source.name, source.uuid]);
  assert.equal((await subvolume(under, 'pool', 'copies/s-2')).parent, 's-1');
  await assert.rejects(under.snapshot('s-1', 's-3'), /input does not match any value of parent/);
});

testOnBackends('a read-only snapshot of a copy keeps the uuid, a writable one does not', async (t, options) => {
  const under = await twoPools(t, options);
  await twoSnapshots(under);
  await under.device.receive({ from: { pool: 'pool', name: 's-1' }, to: { pool: 'far' }, complete: true });
  const { receivedUuid } = await subvolume(under, 'far', 's-1');
  await under.add(SUBVOLUME, { fs: 'far', parent: 's-1', name: 'writable' });
  await under.add(SUBVOLUME, { fs: 'far', parent: 's-1', name: 'frozen', 'read-only': true });
  assert.equal((await subvolume(under, 'far', 'writable')).receivedUuid, undefined);
  assert.equal((await subvolume(under, 'far', 'frozen')).receivedUuid, receivedUuid);

  await under.add(SUBVOLUME, { fs: 'pool', name: 'back' });
  const back = { from: { pool: 'far', name: 's-1' }, to: { pool: 'pool', container: 'back' }, complete: true };
  await under.device.receive(back);
  assert.equal((await subvolume(under, 'pool', 'back/s-1')).receivedUuid, receivedUuid, 'a copy of a copy, too');
});

test('what cannot be sent or received is refused, and leaves nothing', async (t) => {
  const under = await twoPools(t, {});
  await twoSnapshots(under);
  const { device } = under;
  const before = device.pools();
  const whole = { from: { pool: 'pool', name: 's-1' }, to: { pool: 'far' }, complete: true };
  const cases: readonly [object, RegExp][] = [
    [{ from: { pool: 'pool', name: 'v-1' } }, /only what is read-only can be sent/],
    [{ from: { pool: 'pool', name: 's-9' } }, /the pool pool has no subvolume "s-9"/],
    [{ to: { pool: 'none' } }, /none/],
    [{ to: { pool: 'far', container: 'none' } }, /the pool far has no subvolume "none"/],
  ];
  for (const [change, message] of cases) await assert.rejects(device.receive({ ...whole, ...change }), message);
  device.conditions.set({ pool: 'far', full: true });
  await assert.rejects(device.receive(whole), /No space left on device/);
  device.conditions.heal();
  assert.deepEqual(device.pools(), before);
});

test('a state of before there were copies is read', async (t) => {
  const stateDir = await temporaryDirectory(t);
  const before = await openDevice(t, { stateDir });
  await before.addVolume('v-1', MIB);
  await before.snapshot('v-1', 's-1');
  await before.device.close();
  const journal = join(stateDir, 'journal.jsonl');
  assert.doesNotMatch(await readFile(journal, 'utf8'), /receivedUuid/);
  const after = await openDevice(t, { stateDir });
  assert.equal(await after.get(SUBVOLUME, 's-1', 'received-uuid'), undefined);
});
