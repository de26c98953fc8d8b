import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CONDITIONS, conditionMessage } from '../failures/conditions.ts';
import { messageOf } from '../failures/message.ts';
import { kinds } from '../kubernetes/kinds.ts';
import {
  answering,
  clusterOf,
  contents,
  HALF_RECEIVED,
  lost,
  NOW,
  nodeId,
  sceneOf,
  snapshot,
  snapshotId,
  uuid,
  volume,
  volumeId,
} from './readings.fixture.ts';
import type { Row, Scene } from './scene.ts';

const KNOWN = {
  [volumeId(1)]: ['apps', 'data'],
  [snapshotId(1)]: ['apps', 'monday'],
  [volumeId(2)]: ['apps', 'restored'],
} as const;
const FAMILY = contents(
  [volume(1, { publishedNodeIds: [nodeId('worker-2')] }), volume(2, { from: 1 })],
  [snapshot(1, 1, 48)],
);

function row(scene: Scene, id: string): Row {
  return scene.rows.find((one) => one.id === id) ?? assert.fail(id);
}

test('volumes and snapshots stand below what they came from, with the names that Kubernetes has for them', () => {
  const scene = sceneOf({ backends: [answering(FAMILY)], cluster: clusterOf(KNOWN) });
  assert.deepEqual(
    scene.rows.map(({ id, level, namespace, name }) => [id, level, `${namespace}/${name}`]),
    [
      [volumeId(1), 0, 'apps/data'],
      [snapshotId(1), 1, 'apps/monday'],
      [volumeId(2), 2, 'apps/restored'],
    ],
  );
  assert.deepEqual(row(scene, volumeId(1)).nodes, ['worker-2']);
  assert.equal(row(scene, snapshotId(1)).takenAt, NOW - 48 * 3_600_000);
  assert.equal(row(scene, volumeId(2)).size, 10 * 2 ** 30);
  assert.deepEqual(scene.matters, []);
});

test('a node that the cluster does not know is shown by its id', () => {
  const stranger = contents([volume(1, { publishedNodeIds: [nodeId('gone')] })], []);
  const scene = sceneOf({ backends: [answering(stranger)], cluster: clusterOf(KNOWN) });
  assert.deepEqual(row(scene, volumeId(1)).nodes, [nodeId('gone')]);
});

test('what nothing refers to is an orphan, and one matter for all of them', () => {
  const { [volumeId(2)]: _, ...others } = KNOWN;
  const scene = sceneOf({ backends: [answering(FAMILY)], cluster: clusterOf(others) });
  assert.equal(row(scene, volumeId(2)).orphan, true);
  assert.equal(row(scene, volumeId(1)).orphan, undefined);
  assert.deepEqual(
    scene.matters.map(({ urgency, ids }) => [urgency, ids]),
    [['look', [volumeId(2)]]],
  );
});

test('nothing is an orphan while Kubernetes cannot be asked, names nothing of the driver, or an RDS cannot be read', () => {
  const backends = [answering(FAMILY)];
  const scenes = [
    sceneOf({ backends, cluster: { is: 'off' } }),
    sceneOf({ backends, cluster: { is: 'unseen', because: 'no connection' } }),
    sceneOf({ backends, cluster: clusterOf({}) }),
    sceneOf({ backends: [lost(answering(FAMILY))], cluster: clusterOf({ [volumeId(9)]: ['apps', 'other'] }) }),
  ];
  for (const { rows } of scenes) {
    assert.equal(rows.length, 3);
    assert.ok(rows.every(({ orphan }) => orphan === undefined));
  }
  assert.match(scenes[2]?.matters[0]?.says ?? '', /^Kubernetes names no volume/);
});

test('what an RDS last reported stays while it does not answer, and says of when it is', () => {
  const scene = sceneOf({ backends: [lost(answering(FAMILY))], cluster: clusterOf(KNOWN) });
  const [backend] = scene.backends;
  assert.equal(backend?.answers, false);
  assert.equal(backend?.readAt, NOW - 600_000);
  assert.equal(backend?.pools.length, 1);
  assert.equal(scene.rows.length, 3);
  const [matter] = scene.matters;
  assert.deepEqual([matter?.urgency, matter?.code], ['act', 'RDS-UNREACHABLE']);
  assert.deepEqual(matter?.commands, ['rose-csi doctor --config rose-csi.yaml']);
});

test('the same readings make the same scene while the RDS answers, so that nothing new is sent', () => {
  const later = { ...FAMILY, at: NOW + 15_000 };
  const of = (found: typeof FAMILY) => sceneOf({ backends: [answering(found)], cluster: clusterOf(KNOWN) });
  assert.deepEqual(of(later), of(FAMILY));
});

test('what is wrong with a pool or a volume is said in the words of every other place', () => {
  const cutOff = { code: 'ImageSmaller', detail: '1 MiB of 10 GiB' } as const;
  const found = contents([volume(1, { conditions: [cutOff] }), volume(2, { conditions: [cutOff] })], []);
  const missing = { conditions: [{ code: 'PoolDeviceMissing', detail: '' }], examined: ['PoolDeviceMissing'] } as const;
  const pools = found.pools.map((pool) => ({ ...pool, health: missing }));
  const scene = sceneOf({ backends: [answering({ ...found, pools })], cluster: clusterOf(KNOWN) });
  assert.deepEqual(scene.backends[0]?.conditions, [
    {
      code: 'PoolDeviceMissing',
      says: `pool pool1: ${CONDITIONS.PoolDeviceMissing.what}`,
      remedy: CONDITIONS.PoolDeviceMissing.remedy,
    },
  ]);
  assert.deepEqual(
    scene.matters.filter(({ code }) => code !== undefined).map(({ code, says, ids }) => [code, says, ids]),
    [
      ['PoolDeviceMissing', 'rds1/pool1: a device of the pool is missing', undefined],
      ['ImageSmaller', '2 volumes: the image on the RDS is smaller than the volume', [volumeId(1), volumeId(2)]],
    ],
  );
});

test('partial volumes, copies and pools that are nearly full need a look', () => {
  const found = contents([volume(1, { state: 'no-disk-item' })], [snapshot(1, 1, 1)]);
  const full = {
    ...found,
    pools: found.pools.map((pool) => ({ ...pool, free: 2n ** 30n })),
    inventory: { ...found.inventory, copies: [HALF_RECEIVED] },
  };
  const scene = sceneOf({ backends: [answering(full)], cluster: clusterOf(KNOWN) });
  assert.equal(row(scene, volumeId(1)).lacks, 'disk item');
  assert.deepEqual(
    row(scene, snapshotId(1)).copies?.map(({ what, pool }) => [what, pool]),
    [['half-received', 'pool1']],
  );
  assert.deepEqual(
    scene.matters.map(({ urgency, says }) => `${urgency} ${says}`),
    [
      'act Pool pool1 of rds1 has 1 GiB of 4 TiB free, less than its reserve of 100 GiB and a tenth of it',
      `act PersistentVolume pvc-${uuid('volume', 2)} (apps/restored) refers to ${volumeId(2)}, which is not on the backends`,
      'look 1 partial volume: a part is missing, left out by a call that was interrupted or lost in a reset of the RDS',
      `look rds1/pool1: half-received, named like ${snapshotId(1)}`,
    ],
  );
  assert.deepEqual(scene.matters.at(-1)?.commands, ['remove u-1']);
});

test('claims and snapshots of the driver that have waited for two minutes need a look, others do not', () => {
  const ago = (seconds: number) => new Date(NOW - seconds * 1000).toISOString();
  const claim = (name: string, seconds: number, storageClassName: string, phase = 'Pending') =>
    kinds.claim.schema.parse({
      metadata: { name, namespace: 'apps', creationTimestamp: ago(seconds) },
      spec: { storageClassName },
      status: { phase },
    });
  const cluster = clusterOf(KNOWN, {
    claims: [
      claim('late', 300, 'rds'),
      claim('new', 5, 'rds'),
      claim('other', 300, 'nfs'),
      claim('bound', 300, 'rds', 'Bound'),
    ],
    classes: [kinds.storageClass.schema.parse({ metadata: { name: 'rds' }, provisioner: 'rds.rose-csi.io' })],
    snapshots: [
      kinds.snapshot.schema.parse({
        metadata: { name: "it's", namespace: 'apps', creationTimestamp: ago(300) },
        spec: { source: {}, volumeSnapshotClassName: 'rds' },
        status: { readyToUse: false },
      }),
    ],
    snapshotClasses: [kinds.snapshotClass.schema.parse({ metadata: { name: 'rds' }, driver: 'rds.rose-csi.io' })],
  });
  const { matters } = sceneOf({ backends: [answering(FAMILY)], cluster });
  assert.deepEqual(
    matters.map(({ subject, commands }) => [subject?.name, ...commands]),
    [
      ['late', 'rose-csi why pvc/late -n apps --config rose-csi.yaml'],
      ["it's", `rose-csi why 'vs/it'\\''s' -n apps --config rose-csi.yaml`],
    ],
  );
});

test('failures are Events that bear a code, newest first, whoever wrote them', () => {
  const event = (name: string, message: string, seconds: number) =>
    kinds.event.schema.parse({
      involvedObject: { kind: 'PersistentVolumeClaim', namespace: 'apps', name },
      message,
      count: 3,
      lastTimestamp: new Date(NOW - seconds * 1000).toISOString(),
    });
  const cluster = clusterOf(KNOWN, {
    events: [
      event('full', `rpc error: code = ResourceExhausted desc = ${messageOf('RC-SPACE', '', '1 2')}`, 60),
      event('other', 'Back-off pulling image', 1),
      event('away', messageOf('RDS-UNREACHABLE', 'backend rds1', ''), 5),
    ],
  });
  const { failures } = sceneOf({ backends: [answering(FAMILY)], cluster });
  assert.deepEqual(
    failures.map(({ code, about, count, subject }) => [code, about, count, subject?.kind]),
    [
      ['RDS-UNREACHABLE', 'PersistentVolumeClaim apps/away', 3, 'pvc'],
      ['RC-SPACE', 'PersistentVolumeClaim apps/full', 3, 'pvc'],
    ],
  );
  assert.match(failures[1]?.remedy ?? '', /^Delete snapshots or volumes/);
});

test('what only a node sees of a volume is told by its Event', () => {
  const message = conditionMessage('rds1:pvc-1 (apps/data)', { code: 'ConnectionLost', detail: '' });
  const of = (reason: string) =>
    kinds.event.schema.parse({ involvedObject: { kind: 'Node', name: 'worker-1' }, reason, message });
  const cluster = clusterOf(KNOWN, { events: [of('ConnectionLost'), of('SomethingElse')] });
  const { failures } = sceneOf({ backends: [answering(FAMILY)], cluster });
  assert.deepEqual(
    failures.map(({ code, says, about }) => [code, says, about]),
    [['ConnectionLost', CONDITIONS.ConnectionLost.what, 'Node worker-1']],
  );
});

test('what could not be listed is said', () => {
  const cluster = clusterOf(KNOWN, { unseen: ['Nodes: HTTP status 403'] });
  assert.deepEqual(sceneOf({ backends: [answering(FAMILY)], cluster }).cluster, {
    is: 'asked',
    unseen: ['Nodes: HTTP status 403'],
  });
});

test('a name that would reorder what stands beside it is shown as what it is', () => {
  const cluster = clusterOf({ ...KNOWN, [volumeId(1)]: ['apps', '\u202Egnp.elif'] });
  assert.equal(row(sceneOf({ backends: [answering(FAMILY)], cluster }), volumeId(1)).name, '\\u202egnp.elif');
});

test('an RDS that answers and is not fit as configured needs someone, with what to do', () => {
  const unfit = { ...answering(FAMILY), problems: [{ code: 'RDS-UNSUPPORTED', found: 'RouterOS 7.20' }] as const };
  const scene = sceneOf({ backends: [unfit], cluster: clusterOf(KNOWN) });
  assert.deepEqual(
    scene.backends[0]?.conditions.map(({ code }) => code),
    ['RDS-UNSUPPORTED'],
  );
  assert.deepEqual(
    scene.matters.map(({ urgency, code }) => [urgency, code]),
    [['act', 'RDS-UNSUPPORTED']],
  );
});

test('a backend that was renamed is said to be so, and what it holds keeps its names', () => {
  const renamed = Object.fromEntries(Object.entries(KNOWN).map(([id, name]) => [id.replace('rds1:', 'old:'), name]));
  const scene = sceneOf({ backends: [answering(FAMILY)], cluster: clusterOf(renamed) });
  assert.equal(row(scene, volumeId(1)).name, 'data');
  assert.deepEqual(
    scene.matters.map(({ urgency, remedy }) => [urgency, /rename rds1 back to old/.test(remedy ?? '')]),
    [['act', true]],
  );
});

test('a copy on another backend of what Kubernetes refers to is no orphan, and is said to be a copy', () => {
  const other = { ...volume(1), id: volumeId(1).replace('rds1:', 'rds2:'), backend: 'rds2' };
  const backends = [answering(contents([volume(1)], [])), answering(contents([other], []), 'rds2')];
  const { matters, rows } = sceneOf({ backends, cluster: clusterOf({ [volumeId(1)]: ['apps', 'data'] }) });
  assert.ok(rows.every(({ orphan }) => orphan === undefined));
  assert.deepEqual(
    matters.map(({ urgency, says, ids }) => [urgency, says, ids]),
    [['look', '1 object is a copy of what Kubernetes refers to on another backend', [other.id]]],
  );
});

test('an Event bears the time and the object that it has, and one without either is still a failure', () => {
  const message = messageOf('RDS-UNREACHABLE', '', '');
  const about = (involvedObject: object, more: object = {}) =>
    kinds.event.schema.parse({ involvedObject, message, ...more });
  const events = [
    about({ kind: 'VolumeSnapshot', namespace: 'apps', name: 'monday' }, { firstTimestamp: '2026-11-20T11:00:00Z' }),
    about({ kind: 'Node', name: 'worker-1' }, { eventTime: '2026-11-20T11:30:00Z' }),
    about({ kind: 'Pod', namespace: 'apps', name: 'db' }),
    about({}),
  ];
  const { failures } = sceneOf({ backends: [answering(FAMILY)], cluster: clusterOf(KNOWN, { events }) });
  assert.deepEqual(
    failures.map(({ about: object, subject, count, at }) => [object, subject?.kind, count, at > 0]),
    [
      ['Node worker-1', undefined, 1, true],
      ['VolumeSnapshot apps/monday', 'vs', 1, true],
      ['Pod apps/db', undefined, 1, false],
      [' ', undefined, 1, false],
    ],
  );
});

test('several partial volumes are one matter, and a copy whose object nothing tells has to be decided', () => {
  const found = contents([volume(1, { state: 'no-disk-item' }), volume(2, { from: 1, state: 'no-subvolume' })], []);
  const copy = {
    kind: 'undecided',
    name: volume(1).name,
    createdAtSeconds: undefined,
    backend: 'rds1',
    pool: 'cold',
    subvolume: 'x',
    uuid: '',
  } as const;
  const inventory = { ...found.inventory, copies: [copy] };
  const scene = sceneOf({ backends: [answering({ ...found, inventory })], cluster: { is: 'off' } });
  assert.deepEqual(
    scene.matters.map(({ urgency, says }) => [urgency, says.split(':')[0]]),
    [
      ['act', 'rds1/cold'],
      ['look', '2 partial volumes'],
    ],
  );
  assert.deepEqual(row(scene, volumeId(1)).copies, [{ what: 'undecided', backend: 'rds1', pool: 'cold' }]);
});

test('what bears no status and no time has waited for long, and what is being deleted has not', () => {
  const claim = (name: string, metadata: object = {}) =>
    kinds.claim.schema.parse({ metadata: { name, ...metadata }, spec: { storageClassName: 'rds' } });
  const snapshotOf = (name: string, metadata: object = {}) =>
    kinds.snapshot.schema.parse({ metadata: { name, ...metadata }, spec: { source: {} } });
  const cluster = clusterOf(KNOWN, {
    claims: [claim('old'), claim('going', { deletionTimestamp: '2026-11-20T11:00:00Z' })],
    snapshots: [snapshotOf('without-a-class')],
    classes: [kinds.storageClass.schema.parse({ metadata: { name: 'rds' }, provisioner: 'rds.rose-csi.io' })],
  });
  const { matters } = sceneOf({ backends: [answering(FAMILY)], cluster });
  assert.deepEqual(
    matters.map(({ subject }) => subject?.name),
    ['old'],
  );
});
