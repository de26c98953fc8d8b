import assert from 'node:assert/strict';
import { status } from '@grpc/grpc-js';
import { MiB, outcome } from '../../../support/calls.ts';
import { fromSnapshot, fromVolume } from '../../../support/requests.ts';
import { until } from '../../../support/until.ts';
import type { Ground } from '../scenarios.ts';
import type { Cluster } from './cluster.ts';
import type { HeldCall, Refusal } from './held-call.ts';
import {
  createAgain,
  deleteSnapshot,
  deleteVolume,
  expand,
  FREE,
  LIFE,
  type Move,
  publishTo,
  unpublishFrom,
  WITH_SNAPSHOT,
} from './moves.ts';
import type { Volume } from './told.ts';

/** A creation of what `plan` says. */
function creation(
  name: string,
  plan: (cluster: Cluster, ground: Ground) => Volume | Promise<Volume>,
  more: Partial<HeldCall> = {},
): HeldCall {
  return {
    name,
    after: FREE,
    moves: LIFE,
    unrepeated: { from: FREE, moves: [deleteVolume] },
    further: [
      [publishTo(1), expand, unpublishFrom(1)],
      [publishTo(1), unpublishFrom(1), deleteVolume],
      [deleteVolume, createAgain, publishTo(1)],
    ],
    ...more,
    async prepare(cluster, ground) {
      const volume = await plan(cluster, ground);
      cluster.about({ volume });
      return {
        call: (controller) => controller.createVolume(volume.request),
        answered: () => cluster.created(),
        givenUp() {
          volume.standing = 'open';
        },
      };
    },
  };
}

const restored = (bytes: bigint) => (cluster: Cluster, ground: Ground) =>
  cluster.plan(bytes, ground.earlier, fromSnapshot(ground.snapshotId));

async function restoredFromOwn(cluster: Cluster): Promise<Volume> {
  const snapshot = cluster.planSnapshot(await cluster.own());
  await cluster.takeSnapshot(snapshot);
  cluster.about({ snapshot });
  return cluster.plan(MiB, snapshot.bytes, fromSnapshot(snapshot.id));
}

/** Its source may be deleted once it is made, and then it cannot be made again. */
const createFromSource: Move = {
  ...createAgain,
  leadsTo: (situation) => (situation.snapshot === 'there' ? createAgain.leadsTo(situation) : undefined),
};

const ITEM_REFUSED: Refusal = { kind: 'fail', at: { path: '/disk', command: 'add' }, error: 'failure: no luck today' };
const GROWTH_REFUSED: Refusal = {
  kind: 'fail',
  at: { path: '/disk', command: 'set', text: 'file-size=' },
  error: 'failure: no luck today',
};

/** The image of a volume that has none yet cannot be attached, so the volume is recreated. */
const ATTACHING_REFUSED: Refusal = {
  kind: 'fail',
  at: { path: '/disk', command: 'add', text: 'attached again' },
  error: 'failure: no luck today',
};

/** An earlier call came no further than its subvolume. */
async function partial(cluster: Cluster): Promise<Volume> {
  const volume = cluster.plan(2n * MiB);
  cluster.stack.simulator.faults.arm({ kind: 'kill', at: { path: '/disk', command: 'add' }, when: 'before' });
  assert.equal(await outcome(cluster.controller.createVolume(volume.request)), 'UNAVAILABLE');
  return volume;
}

/** Another process makes a volume of the same name, of another size, right before this one does, which then withdraws its own. */
const beaten: HeldCall = {
  name: 'CreateVolume, another request was faster',
  after: FREE,
  moves: LIFE,
  further: [[deleteVolume, createAgain, publishTo(1)]],
  holds: ({ command }) => command === 'remove',
  async prepare(cluster) {
    const volume = cluster.plan(MiB);
    cluster.about({ volume });
    const larger = { ...volume.request, capacityRange: { requiredBytes: 2n * MiB } };
    const { faults } = cluster.stack.simulator;
    const at = { path: '/disk/btrfs/subvolume', command: 'add' };
    const meeting = faults.arm({ kind: 'stall', at, ms: 'untilReleased', disconnect: false });
    return {
      async call(controller) {
        const call = isTaken(controller.createVolume(larger));
        if (volume.standing === 'gone') {
          await until(async () => meeting.standing === 1);
          await cluster.create(volume, volume.request, cluster.other);
          meeting.release();
        }
        await call;
      },
      answered: () => undefined,
    };
  },
};

/** Resolves when the call is told that there is another volume of the name. */
async function isTaken(call: Promise<unknown>): Promise<void> {
  const code = await call.then(
    () => status.OK,
    (error: { code?: number }) => {
      if (error.code !== status.ALREADY_EXISTS) throw error;
      return error.code;
    },
  );
  assert.equal(code, status.ALREADY_EXISTS, 'another request has the name');
}

/** CreateVolume in its forms, the roll-back of one that failed among them. */
export const CREATIONS: readonly HeldCall[] = [
  creation('CreateVolume', (cluster) => cluster.plan(2n * MiB)),
  creation('CreateVolume from a snapshot', restoredFromOwn, {
    after: WITH_SNAPSHOT,
    moves: [publishTo(1), unpublishFrom(1), expand, deleteVolume, createFromSource, deleteSnapshot],
    unrepeated: { from: WITH_SNAPSHOT, moves: [deleteVolume] },
  }),
  creation('CreateVolume from a snapshot, larger', restored(3n * MiB)),
  creation('CreateVolume from a volume', (cluster, { volumeId, now }) => cluster.plan(MiB, now, fromVolume(volumeId))),
  creation('CreateVolume of a partial one', partial),
  creation('CreateVolume of a partial one, again', partial, {
    refusal: ATTACHING_REFUSED,
    holds: ({ command, path, text }) => command === 'remove' || (path === '/disk' && !text.includes('file-size=')),
  }),
  creation('CreateVolume, disk item refused', (cluster) => cluster.plan(2n * MiB), { refusal: ITEM_REFUSED }),
  creation('CreateVolume from a snapshot, disk item refused', restored(MiB), { refusal: ITEM_REFUSED }),
  creation('CreateVolume from a snapshot, growth refused', restored(3n * MiB), { refusal: GROWTH_REFUSED }),
  beaten,
];
