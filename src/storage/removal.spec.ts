import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Asking, deleteSnapshot, type RdsSettings } from '../rds/index.ts';
import { callWithin } from './call.ts';
import { untilGone } from './removal.ts';

const pool = { label: 'pool', uuid: '5d1c9a43-0b5e-4c39-8f4e-2a7b1c3d4e5f', mountPoint: 'pool' };
const BOX: RdsSettings = { pools: [pool], owners: ['12345678'], reserveBytes: 0n, port: 4420 };
const CHOSEN: RdsSettings = { ...BOX, chosen: { label: 'pool', name: 'one of several' } };
const SNAPSHOT = { kind: 'snap', uuid: '3a0f6d1e-9c55-4f2b-8b7e-1d2c3b4a5f60' } as const;

/** Removes from a box that is asked with these settings and shows so many subvolumes afterwards, round by round. */
async function remove(...rounds: readonly (readonly [RdsSettings, number])[]): Promise<number> {
  const left = [...rounds];
  const rds = {
    async run<T>(asking: Asking<T>): Promise<T> {
      const [settings, length] = left.shift() ?? [];
      assert.ok(settings, 'it was asked too often');
      const rows = Array.from({ length: length ?? 0 }, (_, id) => ({
        name: `${id}`,
        fs: 'pool',
        'subvolume-id': `${id}`,
      }));
      return asking(settings).decode(rows);
    },
  };
  const state = await untilGone(rds, (box) => deleteSnapshot(box, SNAPSHOT), callWithin(1000));
  assert.equal(left.length, 0, 'it was not asked often enough');
  return state.subvolumes.length;
}

test('what a race has left beside an object goes with it, one by one', async () => {
  assert.equal(await remove([BOX, 0]), 0);
  assert.equal(await remove([CHOSEN, 2], [CHOSEN, 1], [BOX, 0]), 0);
});

test('it gives up when one of several does not go', async () => {
  assert.equal(await remove([CHOSEN, 2], [CHOSEN, 2]), 2);
});

test('what is made while an object is removed is not removed with it', async () => {
  assert.equal(await remove([BOX, 1]), 1);
  assert.equal(await remove([CHOSEN, 1], [BOX, 1]), 1);
});
