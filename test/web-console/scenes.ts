/** What the page is shown with: scenes as readings would make them, the same on every day. */
import { messageOf } from '../../src/failures/message.ts';
import { kinds } from '../../src/kubernetes/kinds.ts';
import { StorageError } from '../../src/storage/errors.ts';
import type { InventorySnapshot, InventoryVolume } from '../../src/storage/inventory.ts';
import {
  answering,
  clusterOf,
  contents,
  DRIVER,
  lost,
  type Names,
  NOW,
  nodeId,
  pairOf,
  replica,
  sceneOf,
  snapshot,
  snapshotId,
  volume,
  volumeId,
  withCopy,
} from '../../src/web-console/readings.fixture.ts';
import type { Scene, WhyScene } from '../../src/web-console/scene.ts';

const GiB = 2n ** 30n;

/** Claims with their sizes in GiB, the node that they are used on, and how many days back snapshots of them go. */
const CLAIMS: readonly (readonly [string, string, bigint, string | undefined, number])[] = [
  ['db', 'postgres-data-0', 200n, 'worker-2', 7],
  ['db', 'postgres-data-1', 200n, 'worker-3', 3],
  ['home', 'nextcloud', 800n, 'worker-1', 5],
  ['media', 'jellyfin-config', 20n, 'worker-1', 2],
  ['monitoring', 'prometheus-db-prometheus-0', 120n, 'worker-3', 0],
  ['git', 'gitea-shared-storage', 60n, 'worker-2', 4],
];
const DAYS = ['sunday', 'saturday', 'friday', 'thursday', 'wednesday', 'tuesday', 'monday'];

interface Parts {
  readonly volumes: InventoryVolume[];
  readonly snapshots: InventorySnapshot[];
  readonly names: Record<string, readonly [string, string]>;
}

/** A house in order: claims in use, snapshots of every night, and a restore of one of them. */
function household(): Parts {
  const parts: Parts = { volumes: [], snapshots: [], names: {} };
  let number = 0;
  for (const [index, [namespace, name, size, node, days]] of CLAIMS.entries()) {
    parts.volumes.push(
      volume(index, {
        sizeBytes: size * GiB,
        ...(node !== undefined && { publishedNodeIds: [nodeId(node)], exported: true }),
      }),
    );
    parts.names[volumeId(index)] = [namespace, name];
    for (let day = 0; day < days; day += 1) {
      const taken = snapshot(number, index, day * 24 + 9.5);
      parts.snapshots.push({ ...taken, name: { ...taken.name, bytes: size * GiB } });
      parts.names[snapshotId(number)] = [namespace, `${name}-${DAYS[day]}`];
      number += 1;
    }
  }
  parts.volumes.push(volume(90, { from: 1, sizeBytes: 250n * GiB, publishedNodeIds: [nodeId('worker-2')] }));
  parts.names[volumeId(90)] = ['db', 'postgres-restore-test'];
  return parts;
}

function event(
  involved: readonly [kind: string, namespace: string, name: string],
  message: string,
  seconds: number,
  count = 1,
) {
  const [kind, namespace, name] = involved;
  const lastTimestamp = new Date(NOW - seconds * 1000).toISOString();
  return kinds.event.schema.parse({ involvedObject: { kind, namespace, name }, message, count, lastTimestamp });
}

/** Nothing is there yet. */
export function empty(): Scene {
  return sceneOf({ backends: [answering(contents([], []))], cluster: clusterOf({}) });
}

/** What one sees on most days. */
export function living(): Scene {
  const { volumes, snapshots, names } = household();
  const orphan = volume(91, { sizeBytes: 40n * GiB });
  const events = [
    event(
      ['PersistentVolumeClaim', 'lab', 'scratch'],
      messageOf('RC-PROMISE', 'pvc-41c0', `${2100n * GiB} ${2000n * GiB}`),
      190,
      4,
    ),
    event(['VolumeSnapshot', 'home', 'nextcloud-now'], messageOf('RDS-UNREACHABLE', 'backend rds1', ''), 2900, 2),
  ];
  return sceneOf({
    backends: [answering(contents([...volumes, orphan], snapshots))],
    cluster: clusterOf(names, { events }),
  });
}

/** The same when the RDS has not answered for ten minutes. */
export function rdsDown(): Scene {
  const { volumes, snapshots, names } = household();
  return sceneOf({ backends: [lost(answering(contents(volumes, snapshots)))], cluster: clusterOf(names) });
}

/** A console that was started while the RDS was down, and Kubernetes, too. */
export function nothingSeen(): Scene {
  const because = 'listing PersistentVolumes: connect ECONNREFUSED 127.0.0.1:6443';
  return sceneOf({ backends: [lost(answering(undefined))], cluster: { is: 'unseen', because } });
}

/** All is well on the RDS, and Kubernetes does not answer. */
export function withoutKubernetes(): Scene {
  const { volumes, snapshots } = household();
  const because = 'listing PersistentVolumes: no answer within 15000 ms';
  return sceneOf({ backends: [answering(contents(volumes, snapshots))], cluster: { is: 'unseen', because } });
}

/** A claim that has waited for ten minutes. */
export function waiting(): Scene {
  const { volumes, snapshots, names } = household();
  const creationTimestamp = new Date(NOW - 600_000).toISOString();
  const claim = kinds.claim.schema.parse({
    metadata: { name: 'scratch', namespace: 'lab', creationTimestamp },
    spec: { storageClassName: 'rds' },
    status: { phase: 'Pending' },
  });
  const classes = [kinds.storageClass.schema.parse({ metadata: { name: 'rds' }, provisioner: DRIVER })];
  const cluster = clusterOf(names, { claims: [claim], classes });
  return sceneOf({ backends: [answering(contents(volumes, snapshots))], cluster });
}

/** 1,000 volumes with ten snapshots each. */
export function large(): Scene {
  const names: Record<string, readonly [string, string]> = {};
  const volumes = Array.from({ length: 1_000 }, (_, index) => {
    names[volumeId(index)] = [`team-${index % 40}`, `data-${index}`];
    return volume(index, index % 3 === 0 ? { publishedNodeIds: [nodeId(`worker-${(index % 9) / 3 + 1}`)] } : {});
  });
  const snapshots = Array.from({ length: 10_000 }, (_, index) => {
    const source = index % 1_000;
    names[snapshotId(index)] = [`team-${source % 40}`, `data-${source}-nightly-${Math.floor(index / 1_000)}`];
    return snapshot(index, source, Math.floor(index / 1_000) * 24 + (source % 24));
  });
  return sceneOf({ backends: [answering(contents(volumes, snapshots))], cluster: clusterOf(names) });
}

/** Texts that someone else may have written, each of which has broken some page before. */
export const HOSTILE = [
  '<script>globalThis.broken = true</script>',
  '<img src=x onerror="globalThis.broken=true">',
  '"><svg/onload=globalThis.broken=1>',
  "';globalThis.broken=true;'",
  '{{constructor.constructor("globalThis.broken=1")()}}',
  '\u202Egnp.elif\u202C',
  'a'.repeat(253),
  'Z\u0351\u036B\u0343\u036A\u0302\u036B\u033D\u034F\u0334\u0319\u0324\u031E\u0349\u035A\u032F\u031E\u0320\u034D'.repeat(
    8,
  ),
  '👩‍👩‍👧‍👦 مرحبا 你好',
  '$(touch /tmp/x) `id` \\',
  '</script></title><style>*{display:none}</style><script>globalThis.broken=1</script>',
  `${'\u2066\u200F'.repeat(20)}${'m'.repeat(10_000)}`,
] as const;

/** Names that are someone else's input, wherever one can stand. */
export function hostile(): Scene {
  const names: Names = Object.fromEntries(
    HOSTILE.flatMap((text, index) => [
      [volumeId(index), [text, text]],
      [snapshotId(index), [text, text]],
    ]),
  );
  const volumes = HOSTILE.map((_, index) => volume(index, { publishedNodeIds: [HOSTILE[index] ?? ''] }));
  const snapshots = HOSTILE.map((_, index) => snapshot(index, index, index));
  const events = HOSTILE.map((text, index) =>
    event(['PersistentVolumeClaim', text, text], messageOf('RDS-REFUSED', text, text), index),
  );
  const stuck = HOSTILE.map((name) =>
    kinds.claim.schema.parse({
      metadata: { name, namespace: name, creationTimestamp: new Date(NOW - 600_000).toISOString() },
      spec: { storageClassName: 'rds' },
      status: { phase: 'Pending' },
    }),
  );
  const classes = [kinds.storageClass.schema.parse({ metadata: { name: 'rds' }, provisioner: DRIVER })];
  const pairs = HOSTILE.map((text, number) => {
    const sending = { name: text, bytes: 1n, status: text, isOurs: true, isStill: true };
    const error = new StorageError('RDS-REFUSED', text, text);
    const place = { backend: text, pool: text };
    return pairOf([{ ...withCopy(number, 0, 9, 'taken'), name: text }], {
      from: place,
      to: place,
      sending,
      isStill: true,
      error,
    });
  });
  return sceneOf({
    backends: [{ ...answering(contents(volumes, snapshots, { label: HOSTILE[10] })), routerOs: HOSTILE[10] }],
    pairs,
    cluster: clusterOf(names, { events, claims: stuck, classes, unseen: [HOSTILE[0], HOSTILE[10], HOSTILE[11]] }),
  });
}

/** Partial volumes, duplicates, copies whole and half, sources that are gone, and what belonged to another cluster. */
export function partial(): Scene {
  const { volumes, snapshots, names } = household();
  const odd = [
    volume(80, { state: 'no-disk-item', sizeBytes: undefined }),
    volume(81, { state: 'no-subvolume', subvolume: undefined }),
    volume(82, { duplicates: ['pvc-of-a-race'] }),
  ];
  const adopted = volume(83);
  const left = snapshot(84, 85, 2000);
  const copy = (kind: 'copy' | 'half-received' | 'nested', number: number, pool: string) => {
    const { name } = snapshot(number, 0, 9.5);
    return {
      kind,
      name,
      createdAtSeconds: name.createdAtSeconds,
      backend: 'rds1',
      pool,
      subvolume: 'x',
      uuid: `u-${number}`,
    };
  };
  const found = contents(
    [...volumes, ...odd, { ...adopted, name: { ...adopted.name, owner: '0badcafe' } }],
    [...snapshots, left],
  );
  const inventory = {
    ...found.inventory,
    copies: [copy('copy', 0, 'cold'), copy('half-received', 1, 'cold'), copy('nested', 2, 'pool1')],
  };
  return sceneOf({ backends: [answering({ ...found, inventory })], cluster: clusterOf(names) });
}

/** Copies on a second RDS: whole, being received, cut off, blocked, late, and of originals that are gone. */
export function copied(): Scene {
  const { volumes, snapshots, names } = household();
  const states = ['copied', 'copied', 'taken', 'half-received', 'missing', 'sending'] as const;
  const pairs = snapshots.map(({ name }, number) => {
    const source = volumes.findIndex((one) => one.name.uuid === name.sourceUuid);
    const hours = (NOW / 1000 - Number(name.createdAtSeconds)) / 3600;
    return { ...withCopy(number, source, hours, states[number] ?? 'copied'), bytes: name.bytes };
  });
  const all = [...pairs, withCopy(70, 0, 300, 'alone'), withCopy(71, 72, 500, 'alone')];
  const sent = all.find(({ state }) => state === 'sending');
  const sending = { name: sent?.name ?? '', bytes: 7n * GiB, status: 'running', isOurs: true, isStill: true };
  return sceneOf({
    backends: [answering(contents(volumes, snapshots)), replica(all)],
    pairs: [pairOf(all, { sending, isStill: true }), { ...pairOf([]), ...WAY_BACK }],
    cluster: clusterOf({ ...names, [snapshotId(70)]: ['db', 'postgres-data-0-november'] }),
  });
}

const WAY_BACK = { from: { backend: 'rds2', pool: 'copies' }, to: { backend: 'rds1', pool: 'pool1' } } as const;

/** The same while the second RDS does not answer. */
export function replicaDown(): Scene {
  const { volumes, snapshots, names } = household();
  const all = snapshots
    .slice(0, 3)
    .map((_, number) => withCopy(number, 0, number * 24 + 9.5, number === 2 ? 'unknown' : 'copied'));
  return sceneOf({
    backends: [answering(contents(volumes, snapshots)), lost(replica(all))],
    pairs: [pairOf(all)],
    cluster: clusterOf(names),
  });
}

/** What `why` answers about a claim with which all is well. */
export const FINE: WhyScene = {
  result: 'fine',
  chain: [
    { what: 'PersistentVolumeClaim db/postgres-data-0', how: 'Bound, 200Gi', state: 'fine' },
    { what: 'PersistentVolume pvc-00009e37-79b1-4000-8000-00000000009e', how: 'Bound, ReadWriteOnce', state: 'fine' },
    { what: 'VolumeAttachment to worker-2', how: 'attached', state: 'fine' },
    { what: 'Pod postgres-0 on worker-2', how: 'Running', state: 'fine' },
    { what: 'RDS, rds1', how: '200 GiB, pool pool1, exported, published to worker-2', state: 'fine' },
  ],
  findings: [],
  notSeen: [],
};

/** What `why` answers about a claim whose pool has no room. */
export const STUCK: WhyScene = {
  result: 'stuck',
  chain: [
    { what: 'PersistentVolumeClaim db/postgres-data-0', how: 'Pending, 200 GiB', state: 'stuck' },
    { what: 'StorageClass rose-csi', how: 'provisioner rds.rose-csi.io', state: 'fine' },
    { what: 'RDS rds1', how: 'nothing is there yet, 12 GiB for new volumes', state: 'waiting' },
    { what: 'Node worker-1', how: 'could not be looked at', state: 'unknown' },
  ],
  findings: [
    {
      state: 'stuck',
      what: 'The driver refuses to make the volume of the claim.',
      why: 'The pool has too little free space.',
      message: HOSTILE[0],
      next: 'Delete snapshots or volumes that are no longer needed, add disks, or ask for less.',
      command: 'rose-csi snapshots ls --config rose-csi.yaml',
    },
  ],
  notSeen: ['Nodes: you may not list them'],
};
