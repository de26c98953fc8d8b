import assert from 'node:assert/strict';
import { test } from 'node:test';
import { StorageError } from '../storage/errors.ts';
import { commandsFor } from './page/commands.ts';
import {
  answering,
  clusterOf,
  contents,
  lost,
  pairOf,
  replica,
  sceneOf,
  snapshot,
  snapshotId,
  volume,
  volumeId,
  withCopy,
} from './readings.fixture.ts';
import type { Row, Scene } from './scene.ts';

const copyIdOf = (number: number) => snapshotId(number).replace('rds1:', 'rds2:');
/** One whole copy, one that has lost its original, one snapshot that is being sent, one that was cut off, and two without a copy. */
const SNAPSHOTS = [
  withCopy(1, 1, 50, 'copied'),
  withCopy(2, 1, 49, 'alone'),
  withCopy(3, 1, 3, 'sending'),
  withCopy(4, 1, 2, 'half-received'),
  withCopy(5, 1, 9, 'missing'),
  withCopy(6, 1, 1, 'missing'),
];
const SENDING = {
  name: SNAPSHOTS[2]?.name ?? '',
  bytes: 4096n,
  status: 'running',
  isOurs: true,
  isStill: false,
};
const ORIGINALS = [1, 3, 4, 5, 6].map((number) => {
  const { createdAtSeconds } = SNAPSHOTS[number - 1] ?? assert.fail();
  const made = snapshot(number, 1, 0);
  return { ...made, name: { ...made.name, createdAtSeconds } };
});
const BACKENDS = [answering(contents([volume(1)], ORIGINALS)), replica(SNAPSHOTS)];
const NAMES = { [volumeId(1)]: ['apps', 'data'], [snapshotId(2)]: ['apps', 'monday'] } as const;

function shown(facts: Parameters<typeof pairOf>[1] = {}, names: Parameters<typeof clusterOf>[0] = NAMES): Scene {
  return sceneOf({
    backends: BACKENDS,
    pairs: [pairOf(SNAPSHOTS, { sending: SENDING, ...facts })],
    cluster: clusterOf(names),
  });
}

function row(scene: Scene, id: string): Row {
  return scene.rows.find((one) => one.id === id) ?? assert.fail(id);
}

test('a pair tells how far its copies lag behind, and what is being sent with its bytes', () => {
  const [pair] = shown().pairs ?? [];
  assert.deepEqual(pair, {
    from: { backend: 'rds1', pool: 'pool1', answers: true },
    to: { backend: 'rds2', pool: 'copies', answers: true },
    copies: 2,
    missing: 4,
    oldestMissing: Number(SNAPSHOTS[4]?.createdAtSeconds) * 1000,
    newestCopy: Number(SNAPSHOTS[1]?.createdAtSeconds) * 1000,
    alone: 1,
    halfReceived: 1,
    sending: { id: snapshotId(3), bytes: 4096, status: 'running' },
  });
  assert.equal(sceneOf({ backends: BACKENDS, cluster: { is: 'off' } }).pairs, undefined);
});

test('a snapshot shows its copies with where they are and when they came, or why it has none', () => {
  const scene = shown();
  assert.deepEqual(row(scene, snapshotId(1)).copies, [
    {
      what: 'copy',
      backend: 'rds2',
      pool: 'copies',
      takenAt: Number(SNAPSHOTS[0]?.createdAtSeconds) * 1000,
      id: copyIdOf(1),
      received: '2026-11-20 11:00:00',
    },
  ]);
  assert.equal(row(scene, snapshotId(1)).uncopied, undefined);
  assert.deepEqual(
    [3, 4, 5].map((number) => [
      row(scene, snapshotId(number)).uncopied,
      row(scene, snapshotId(number)).copies?.[0]?.what,
    ]),
    [
      ['sending', 'being received'],
      ['half-received', 'half-received'],
      ['missing', undefined],
    ],
  );
});

test('a copy whose original is gone stands in its place, with the name that it had and the command that adopts it', () => {
  const scene = shown();
  const alone = row(scene, copyIdOf(2));
  assert.deepEqual([alone.kind, alone.level, alone.name, alone.original], ['copy', 1, 'monday', { is: 'gone' }]);
  assert.deepEqual(
    commandsFor(alone, 'rose-csi.yaml').map(({ text }) => text),
    [`rose-csi replicas adopt --config rose-csi.yaml ${copyIdOf(2)}`, 'rose-csi replicas ls --config rose-csi.yaml'],
  );
  const adopted = row(shown({}, { ...NAMES, [copyIdOf(2)]: ['apps', 'adopted'] }), copyIdOf(2));
  assert.deepEqual([adopted.name, adopted.referred], ['adopted', true]);
  assert.ok(commandsFor(adopted, 'rose-csi.yaml').every(({ text }) => !text.includes('replicas adopt')));
});

test('what Kubernetes refers to and only a copy is left of is not said to be lost', () => {
  const matter = shown().matters.find(({ says }) => says.includes(snapshotId(2)));
  assert.match(matter?.says ?? '', /which is not on the backends, but for its copy on rds2\/copies$/);
  assert.equal(matter?.urgency, 'look');
  assert.deepEqual(matter?.commands, [`rose-csi replicas adopt --config rose-csi.yaml ${copyIdOf(2)}`]);
});

test('what was restored from a copy hangs on it, and the copy leads to its original', () => {
  const restored = { ...volume(7, { from: 1 }), id: volumeId(7).replace('rds1:', 'rds2:'), backend: 'rds2' };
  const [near, far] = BACKENDS;
  const found = far?.contents ?? assert.fail();
  const backends = [
    near ?? assert.fail(),
    answering({ ...found, inventory: { ...found.inventory, volumes: [restored] } }, 'rds2'),
  ];
  const scene = sceneOf({ backends, pairs: [pairOf(SNAPSHOTS)], cluster: { is: 'off' } });
  assert.deepEqual(row(scene, copyIdOf(1)).original, { is: 'there', id: snapshotId(1) });
  assert.equal(row(scene, restored.id).level, row(scene, copyIdOf(1)).level + 1);
  assert.ok(scene.rows.every(({ kind }) => kind !== 'gone'));
});

test('what lags for hours, is blocked, stands still or cannot be told needs a look, and what is merely on its way does not', () => {
  const mattersOf = (...pairs: Parameters<typeof pairOf>) =>
    sceneOf({ backends: BACKENDS, pairs: [pairOf(...pairs)], cluster: { is: 'off' } })
      .matters.filter(({ says }) => says.startsWith('rds1/pool1 to rds2/copies'))
      .map(({ urgency, code, says, ids }) => [urgency, code, says.slice('rds1/pool1 to rds2/copies: '.length), ids]);
  assert.deepEqual(mattersOf([withCopy(6, 1, 5, 'missing'), withCopy(3, 1, 1, 'sending')], { sending: SENDING }), []);
  assert.deepEqual(mattersOf([withCopy(5, 1, 9, 'missing'), withCopy(6, 1, 1, 'missing')]), [
    ['look', 'DRV-LAG', '1 without a copy for hours, the oldest 9h old', [snapshotId(5)]],
  ]);
  const [taken] = mattersOf([withCopy(5, 1, 1, 'taken')]);
  assert.deepEqual([taken?.[0], taken?.[1], taken?.[3]], ['act', 'DRV-TAKEN', [snapshotId(5)]]);
  const [still] = mattersOf([withCopy(3, 1, 1, 'sending')], { sending: SENDING, isStill: true });
  assert.match(String(still?.[2]), /^what is being sent has not moved for two minutes/);
  const error = new StorageError('RDS-REFUSED', 'rds1', 'no such command');
  const [unread] = mattersOf([], { error });
  assert.deepEqual([unread?.[0], unread?.[1]], ['look', 'RDS-REFUSED']);
});

test('while an RDS does not answer, nothing is said of what it may have by now', () => {
  const away = BACKENDS.map((state) => (state.name === 'rds2' ? lost(state) : state));
  const snapshots = [withCopy(1, 1, 50, 'copied'), withCopy(5, 1, 9, 'unknown')];
  const { pairs = [], matters } = sceneOf({ backends: away, pairs: [pairOf(snapshots)], cluster: { is: 'off' } });
  assert.deepEqual([pairs[0]?.copies, pairs[0]?.missing, pairs[0]?.to.answers], [1, undefined, false]);
  assert.ok(matters.every(({ code }) => code !== 'DRV-LAG'));
});
