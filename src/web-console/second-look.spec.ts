import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  answering,
  clusterOf,
  contents,
  firstSceneOf,
  HALF_RECEIVED,
  sceneOf,
  volume,
  volumeId,
} from './readings.fixture.ts';
import { FIRST_LOOK, lookedAgain } from './second-look.ts';

const lostItem = volume(1, { state: 'no-disk-item', conditions: [{ code: 'DiskItemLost', detail: '' }] });
const seen = { volumes: [lostItem, volume(2)], snapshots: [], copies: [HALF_RECEIVED] };

test('what one look finds is doubtful, and what the next one finds again is so', () => {
  const first = lookedAgain(seen, FIRST_LOOK);
  assert.deepEqual([first.inventory.volumes[0]?.conditions, first.look.twice.size, first.look.once], [[], 0, 2]);
  const second = lookedAgain(seen, first.look);
  assert.deepEqual(second.inventory.volumes[0]?.conditions, lostItem.conditions);
  assert.deepEqual([[...second.look.twice], second.look.once], [[volumeId(1), 'u-1'], 0]);
});

test('what is whole again at the second look was a call at work, and has to be seen twice again', () => {
  const whole = { ...seen, volumes: [volume(1), volume(2)], copies: [] };
  const { look } = lookedAgain(whole, lookedAgain(seen, FIRST_LOOK).look);
  assert.deepEqual([look.once, look.unwell, look.unfinished.size], [0, [], 0]);
  assert.equal(lookedAgain(seen, look).look.once, 2);
});

test('another thing that is wrong with the same volume is looked at for itself', () => {
  const first = lookedAgain(seen, FIRST_LOOK);
  const other = { ...seen, volumes: [volume(1, { conditions: [{ code: 'ExportLost', detail: '' }] })], copies: [] };
  assert.deepEqual(lookedAgain(other, first.look).inventory.volumes[0]?.conditions, []);
});

test('a lost disk item, and a lost export, are matters of volumes that Kubernetes knows', () => {
  const exportLost = volume(3, { conditions: [{ code: 'ExportLost', detail: '' }] });
  const rest = volume(4, { state: 'no-disk-item', conditions: [{ code: 'DiskItemLost', detail: '' }] });
  const names = { [volumeId(1)]: ['apps', 'data'], [volumeId(3)]: ['apps', 'other'] } as const;
  const backends = [answering(contents([lostItem, exportLost, rest], []))];
  const { matters } = sceneOf({ backends, cluster: clusterOf(names) });
  assert.deepEqual(
    matters.flatMap(({ urgency, code, says, ids }) =>
      says.includes('orphan') ? [] : [[urgency, code ?? says.split(':')[0], ids]],
    ),
    [
      ['act', 'DiskItemLost', [volumeId(1)]],
      ['act', 'ExportLost', [volumeId(3)]],
      ['look', '1 partial volume', [volumeId(4)]],
    ],
  );
});

test('a volume that is made between the reading of its RDS and that of Kubernetes is not said to be lost', () => {
  const backends = [answering(contents([volume(2)], []))];
  const cluster = clusterOf({ [volumeId(1)]: ['apps', 'new'], [volumeId(2)]: ['apps', 'data'] });
  const once = firstSceneOf({ backends, cluster });
  assert.deepEqual([once.matters, once.lookedAtAgain], [[], 1]);
  const twice = sceneOf({ backends, cluster });
  assert.deepEqual(
    twice.matters.map(({ code, says }) => [code, says.includes(volumeId(1))]),
    [['VolumeMissing', true]],
  );
  assert.equal(twice.lookedAtAgain, undefined);
});
