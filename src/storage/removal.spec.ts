import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Asking, deleteSnapshot, type RdsSettings, readSnapshot } from '../rds/index.ts';
import { callWithin } from './call.ts';
import { removeWhole } from './removal.ts';

const pool = { label: 'pool', uuid: '5d1c9a43-0b5e-4c39-8f4e-2a7b1c3d4e5f', mountPoint: 'pool' };
const SETTINGS: RdsSettings = { pools: [pool], owners: ['12345678'], reserveBytes: 0n, port: 4420 };
const SNAPSHOT = { kind: 'snap', uuid: '3a0f6d1e-9c55-4f2b-8b7e-1d2c3b4a5f60' } as const;
/** Of a snapshot, but for its last digits. */
const NAME = `snap-${SNAPSHOT.uuid}-12345678-${SNAPSHOT.uuid}-1700000000-1048576`;
const CHOSEN: RdsSettings = {
  ...SETTINGS,
  chosen: { label: 'pool', name: `snap-${SNAPSHOT.uuid}-x`, uuid: SNAPSHOT.uuid, subvolumeId: 257n },
};

/** Removes from an RDS that is asked with these settings and shows so many subvolumes afterwards. @returns what was asked. */
async function remove(...rounds: readonly (readonly [RdsSettings, number])[]): Promise<string[]> {
  const left = [...rounds];
  const asked: string[] = [];
  const rds = {
    settings: SETTINGS,
    async run<T>(asking: Asking<T>): Promise<T> {
      const [settings, length] = left.shift() ?? [SETTINGS, 0];
      const operation = asking(settings);
      asked.push(operation.kind);
      return operation.decode(
        Array.from({ length }, (_, id) => ({ name: `${NAME}${'0'.repeat(id)}`, fs: 'pool', 'subvolume-id': `${id}` })),
      );
    },
  };
  const removal = {
    id: 'rds1:snap-1',
    remove: (settings: RdsSettings) => deleteSnapshot(settings, SNAPSHOT),
    read: (settings: RdsSettings) => readSnapshot(settings, SNAPSHOT),
  };
  await removeWhole(rds, removal, { wait: async () => undefined }, callWithin(1000));
  assert.equal(left.length, 0, 'it was not asked often enough');
  return asked;
}

test('what a race has left beside an object goes with it, one by one', async () => {
  assert.deepEqual(await remove([SETTINGS, 0]), ['write']);
  assert.deepEqual(await remove([CHOSEN, 2], [CHOSEN, 1], [SETTINGS, 0]), ['write', 'write', 'write']);
});

test('what takes a while to go is waited for by looking, and never removed again', async () => {
  assert.deepEqual(await remove([SETTINGS, 1], [SETTINGS, 1], [SETTINGS, 0]), ['write', 'read', 'read']);
});

test('what was made while an object was removed was removed with it', async () => {
  const forever = Array.from({ length: 21 }, () => [SETTINGS, 1] as const);
  await assert.rejects(remove(...forever), { kind: 'busy', message: /still there.*\[DRV-PENDING\]$/ });
});

test('it gives up when one of several does not go', async () => {
  assert.deepEqual(await remove([CHOSEN, 2], [CHOSEN, 2], [SETTINGS, 0]), ['write', 'write', 'read']);
});
