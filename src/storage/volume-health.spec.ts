import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ConditionCode } from '../failures/conditions.ts';
import { type Asking, printVolumeName, RdsError, type RdsSettings, slotOf } from '../rds/index.ts';
import { type Backend, Backends } from './backend.ts';
import { callWithin } from './call.ts';
import { heldVolumes, listVolumeHealth } from './volume-health.ts';

const SETTINGS: RdsSettings = {
  pools: [{ label: 'pool', uuid: '5d1c9a43-0b5e-4c39-8f4e-2a7b1c3d4e5f', mountPoint: 'pool' }],
  owners: ['0123abcd'],
  reserveBytes: 0n,
  port: 4420,
};

type JsonRow = Readonly<Record<string, unknown>>;

/** Slots have the first digits of it. */
const uuidOf = (number: number) => `${String(number).padStart(8, '0')}-0000-4000-8000-000000000000`;
const idOf = (number: number) => `rds1:pvc-${uuidOf(number)}`;

const MiB = 1n << 20n;

/** A volume that was to have 1 MiB. */
const subvolume = (number: number): JsonRow => ({
  name: printVolumeName({ uuid: uuidOf(number), owner: '0123abcd', origin: { kind: 'new' }, requestedBytes: MiB }),
  'subvolume-id': 256 + number,
});
const item = (number: number, size: number | undefined = Number(MiB)): JsonRow => ({
  slot: slotOf({ kind: 'pvc', uuid: uuidOf(number) }),
  ...(size !== undefined && { size }),
});

/** An RDS that answers one look after the other with these rows, and fails when there are none left. */
function backendWith(...looks: (readonly JsonRow[])[]) {
  let asked = 0;
  const run = async <T>(asking: Asking<T>): Promise<T> => {
    const rows = looks[asked];
    asked += 1;
    if (rows === undefined) throw new RdsError('RDS-UNREACHABLE', '');
    return asking(SETTINGS).decode(rows);
  };
  const backend = { name: 'rds1', rds: { settings: SETTINGS, run } } as unknown as Backend;
  return { backend, asked: () => asked };
}

const NO_ONE = () => new Set<string>();

async function found({ backend }: ReturnType<typeof backendWith>) {
  const volumes = await heldVolumes(backend, NO_ONE, callWithin(10_000));
  return volumes.map(({ id, conditions }) => [id, ...conditions.map(({ code }) => code)]);
}

test('where all volumes are well, an RDS is looked at once', async () => {
  const rds = backendWith([subvolume(1), item(1), subvolume(2), item(2)]);
  assert.deepEqual([await found(rds), rds.asked()], [[[idOf(1)], [idOf(2)]], 1]);
});

test('a volume that was being made at the first look, or was removed since, has no condition', async () => {
  const rds = backendWith(
    [subvolume(1), subvolume(2), item(2), subvolume(3)],
    [subvolume(1), item(1), subvolume(2), item(2)],
  );
  assert.deepEqual([await found(rds), rds.asked()], [[[idOf(1)], [idOf(2)]], 2]);
});

test('of two subvolumes of one id, of which one is larger, none is found to be too small', async () => {
  const name = { uuid: uuidOf(1), owner: '0123abcd', origin: { kind: 'new' } } as const;
  const larger = { name: printVolumeName({ ...name, requestedBytes: 10n * MiB }), 'subvolume-id': 300 };
  const rds = backendWith([larger, subvolume(1), item(1)]);
  assert.deepEqual([await found(rds), rds.asked()], [[[idOf(1)]], 1]);
});

test('a volume with a second subvolume of its id was never found to be unwell', async () => {
  const name = { uuid: uuidOf(1), owner: '0123abcd', origin: { kind: 'new' } } as const;
  const larger = { name: printVolumeName({ ...name, requestedBytes: 10n * MiB }), 'subvolume-id': 300 };
  const cases: readonly (readonly [JsonRow[], ConditionCode])[] = [
    [[], 'DiskItemLost'],
    [[item(1, 4096)], 'ImageSmaller'],
  ];
  for (const [items, code] of cases) {
    const rows = [larger, subvolume(1), ...items];
    assert.deepEqual(await found(backendWith(rows, rows)), [[idOf(1), code]]);
  }
});

test('a volume that a call was at work on during either look was told to have lost its disk item', async () => {
  const rows = [subvolume(1), subvolume(2), item(2), subvolume(3)];
  for (const during of [0, 1, 2]) {
    let asked = -1;
    const running = () => {
      asked += 1;
      return new Set(asked === during ? [idOf(1), idOf(2)] : []);
    };
    const volumes = await heldVolumes(backendWith(rows, rows).backend, running, callWithin(10_000));
    assert.deepEqual(
      volumes.map(({ id, conditions, inDoubt }) => [id, conditions.map(({ code }) => code), inDoubt]),
      [
        [idOf(1), [], ['DiskItemLost']],
        [idOf(2), [], []],
        [idOf(3), ['DiskItemLost'], []],
      ],
    );
  }
});

test('a call of CSI reported what the call that was at work on a volume had not made yet', async () => {
  const rows = [subvolume(1), subvolume(2)];
  let running = NO_ONE();
  const backend = {
    name: 'rds1',
    rds: {
      settings: SETTINGS,
      run: async <T>(asking: Asking<T>) => {
        // A call that begins while the RDS is asked.
        running = new Set([idOf(1)]);
        return asking(SETTINGS).decode(rows);
      },
    },
  } as unknown as Backend;
  const listed = await listVolumeHealth(
    new Backends([backend]),
    () => running,
    { maxEntries: 0, token: '' },
    callWithin(10_000),
  );
  assert.deepEqual(
    listed.entries.map(({ id }) => id),
    [idOf(2)],
  );
});

test('what two looks have seen is a condition, and what only the second has is not yet', async () => {
  const rds = backendWith(
    [subvolume(1), subvolume(2), item(2, 4096), subvolume(3), item(3)],
    [subvolume(1), subvolume(2), item(2, 4096), subvolume(3)],
  );
  assert.deepEqual(await found(rds), [[idOf(1), 'DiskItemLost'], [idOf(2), 'ImageSmaller'], [idOf(3)]]);
});

test('an image whose size the RDS does not show yet is not smaller than its volume', async () => {
  assert.deepEqual(await found(backendWith([subvolume(1), item(1, undefined)])), [[idOf(1)]]);
});

test('an image that the RDS shows with a size of zero, as it has not read it yet, was called cut off', async () => {
  assert.deepEqual(await found(backendWith([subvolume(1), item(1, 0)])), [[idOf(1)]]);
});

test('a look that fails leaves all unknown, also the second one', async () => {
  for (const looks of [[], [[subvolume(1)]]]) {
    await assert.rejects(found(backendWith(...looks)), { message: /^backend rds1: .*\[RDS-UNREACHABLE\]$/ });
  }
});
