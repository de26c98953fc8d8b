import assert from 'node:assert/strict';
import { test } from 'node:test';
import { printSnapshotName } from './names.ts';
import { decodeContents, decodeMade, decodeObject, decodePage } from './rows.ts';

const POOL = { label: 'pool', uuid: '11111111-2222-4333-8444-000000000000' };
const subvolume = (name: string, id: unknown) => ({ '.id': '*1', fs: 'pool', name, 'subvolume-id': id });
const disk = {
  slot: 'pvc-1',
  size: '1073741824',
  comment: 'rose:2 0123abcd 11111111-2222-3333-4444-555555555555:w:0a1b2c3d | words',
  'mount-filesystem': 'no',
  'nvme-tcp-export': 'yes',
  'nvme-tcp-server-nqn': 'nqn.x',
};

/** A whole name of a volume that asked for so many MiB. */
const volumeOf = (mebibytes: bigint) =>
  `pvc-11111111-2222-4333-8444-555555555555-01234567-n00000000-0000-0000-0000-000000000000-${mebibytes * 1_048_576n}`;

test('the subvolume with the smallest id comes first, in whatever order and form the RDS gives the ids (U12)', () => {
  const { subvolumes } = decodeObject([
    subvolume(volumeOf(2n), 300),
    disk,
    subvolume(volumeOf(3n), '9007199254740993'),
    subvolume(volumeOf(1n), 257n),
  ]);
  assert.deepEqual(
    subvolumes.map(({ name, subvolumeId }) => [name, subvolumeId]),
    [
      [volumeOf(1n), 257n],
      [volumeOf(2n), 300n],
      [volumeOf(3n), 9007199254740993n],
    ],
  );
});

test('the one that the disk item is in was not the object, as another one was older', () => {
  const rows = [subvolume(volumeOf(10n), 257), subvolume(volumeOf(1n), 258)];
  const { subvolumes } = decodeObject([...rows, { ...disk, 'file-path': `pool/${volumeOf(1n)}/volume.img` }]);
  assert.deepEqual(
    subvolumes.map(({ subvolumeId }) => subvolumeId),
    [258n, 257n],
  );
});

test('a copy that a user called like a volume and further digits was the volume, as it was older', () => {
  const { subvolumes } = decodeObject([subvolume(`${volumeOf(4n)}2`, 257), subvolume(volumeOf(4n), 258)]);
  assert.deepEqual(
    subvolumes.map(({ name }) => name),
    [volumeOf(4n)],
  );
  assert.throws(() => decodeMade([subvolume(`${volumeOf(4n)}2`, 257)]), { code: 'RC-TWO' });
});

test('a disk item is read whether its flags are booleans or words (U12)', () => {
  const words = decodeObject([disk]).disk;
  const booleans = decodeObject([
    { ...disk, size: 1073741824, 'mount-filesystem': false, 'nvme-tcp-export': true },
  ]).disk;
  assert.deepEqual(words, booleans);
  assert.deepEqual(words, {
    slot: 'pvc-1',
    size: 1073741824n,
    publications: [{ hostId: '11111111-2222-3333-4444-555555555555', mode: 'w', token: '0a1b2c3d' }],
    generation: '0123abcd',
    exported: true,
    nqn: 'nqn.x',
    mountFilesystem: false,
  });
});

test('a size that is not readable yet is unknown, not zero (U24)', () => {
  for (const size of [undefined, null, '']) {
    assert.equal(decodeObject([{ ...disk, size }]).disk?.size, undefined);
  }
});

test('a subvolume without an id is an answer that no one may act on', () => {
  assert.throws(() => decodeObject([subvolume('a', null)]), { code: 'RDS-UNEXPECTED' });
  assert.throws(() => decodePage([subvolume('', 257)], POOL), { code: 'RDS-UNEXPECTED' });
});

test('a page gives each volume its disk item, whatever order they come in, and knows whether there is more', () => {
  const uuid = (digit: string) => '00000000-0000-4000-8000-000000000000'.replaceAll('0', digit);
  const name = (digit: string) => `pvc-${uuid(digit)}-01234567-n00000000-0000-0000-0000-000000000000-1048576`;
  const slot = (digit: string) => `pvc-${uuid(digit).replaceAll('-', '').slice(0, 28)}`;
  const rows = [{ more: true }, subvolume(name('b'), 2), { ...disk, slot: slot('c') }, { ...disk, slot: slot('b') }];
  const page = decodePage([...rows, subvolume(name('a'), 1), subvolume('pvc-by-hand', 3)], POOL);
  assert.equal(page.more, true);
  assert.deepEqual(
    page.objects.map(({ subvolume: { name: of, fs }, disk: item }) => [of, fs, item?.slot]),
    [
      [name('a'), 'pool', undefined],
      [name('b'), 'pool', slot('b')],
      ['pvc-by-hand', 'pool', undefined],
    ],
  );
  assert.deepEqual(decodePage([], POOL), { objects: [], more: false, rivals: [] });
});

test('where a pool receives in a subvolume, what lies in it came by a transfer, and nothing in it is an object', () => {
  const snapshot = printSnapshotName({
    uuid: '19d5f0aa-0000-4000-8000-000000000001',
    owner: '0123abcd',
    sourceUuid: '19d5f0aa-0000-4000-8000-000000000002',
    createdAtSeconds: 1n,
    bytes: 1n << 20n,
  });
  const kind = (fullname: string, more: Record<string, unknown>, receivesIn?: string) => {
    const row = { ...subvolume(snapshot, 300), fullname, ...more };
    return decodePage([row], { ...POOL, receivesIn }).objects[0]?.subvolume.kind;
  };
  const [whole, half, untold] = [
    { 'read-only': true, 'received-uuid': 'a1' },
    { 'read-only': false },
    { 'read-only': true, 'received-uuid': '-' },
  ];
  for (const root of ['', '/', '<FS_ROOT>/']) {
    const inside = `${root}copies/${snapshot}`;
    assert.deepEqual(
      [whole, half, untold].map((row) => kind(inside, row, 'copies')),
      ['copy', 'half-received', 'half-received'],
      inside,
    );
    for (const [place, receivesIn] of [
      [inside, undefined],
      [inside, 'other'],
      [`${root}copies/more/${snapshot}`, 'copies'],
    ] as const)
      assert.deepEqual(
        [whole, half, untold].map((row) => kind(place, row, receivesIn)),
        ['nested', 'nested', 'nested'],
        place,
      );
    assert.deepEqual(
      [whole, half, untold].map((row) => kind(`${root}${snapshot}`, row, 'copies')),
      ['copy', 'half-received', 'own'],
    );
  }
});

test('a number of missing devices was taken for none, and so was any form that is not known (U41)', () => {
  const isMissing = (shown: unknown) => {
    const pool = { 'fs-label': 'pool', size: '10', free: '5', volumes: 0, snapshots: 0 };
    return decodeContents([{ of: 'pool', 'missing-devs': shown }, pool]).get('pool')?.facts.isDeviceMissing;
  };
  assert.deepEqual([1, '2', true, 'yes'].map(isMissing), [true, true, true, true]);
  assert.deepEqual([0, '0', false, 'no'].map(isMissing), [false, false, false, false]);
  assert.deepEqual([undefined, '', 'nvme2', '*'].map(isMissing), [undefined, undefined, undefined, undefined]);
});

test('a counter of errors in a form that is not known was decoded as one that is not shown', () => {
  const counters = (shown: unknown) => {
    const pool = { 'fs-label': 'pool', size: '10', free: '5', volumes: 0, snapshots: 0 };
    const facts = decodeContents([{ of: 'pool', 'read-errors': shown }, pool]).get('pool')?.facts;
    return [...(facts?.errors ?? [])];
  };
  assert.deepEqual(counters(''), []);
  assert.deepEqual(counters('7'), [['read-errors', 7n]]);
  assert.deepEqual(counters([1, 2]), [['read-errors', 3n]]);
  assert.deepEqual(counters('1;sda'), [['read-errors', undefined]]);
});
