import type { HeldCall } from './held-call.ts';
import {
  createAgain,
  deleteSnapshot,
  deleteVolume,
  FREE,
  type Move,
  publishTo,
  restore,
  snapshotAgain,
  unpublishFrom,
  WITH_SNAPSHOT,
} from './moves.ts';

/** What happens in the life of a snapshot and its source. */
const SNAPSHOT_LIFE: readonly Move[] = [
  restore,
  deleteSnapshot,
  snapshotAgain,
  publishTo(1),
  unpublishFrom(1),
  deleteVolume,
  createAgain,
];

function snapshotCall(name: string, isItemLost: boolean): HeldCall {
  return {
    name,
    after: WITH_SNAPSHOT,
    moves: SNAPSHOT_LIFE,
    further: [[deleteSnapshot, publishTo(1), snapshotAgain, restore]],
    unrepeated: { from: { ...FREE, snapshot: 'open' }, moves: [deleteSnapshot, deleteVolume] },
    async prepare(cluster) {
      const volume = await cluster.own();
      const snapshot = cluster.planSnapshot(volume);
      cluster.about({ volume, snapshot });
      if (isItemLost) await cluster.loseItem();
      return {
        call: (controller) => controller.createSnapshot(snapshot.request),
        answered: () => cluster.snapshotTaken(),
        givenUp() {
          snapshot.standing = 'open';
        },
      };
    },
  };
}

const refusedSnapshot: HeldCall = {
  name: 'DeleteSnapshot',
  after: FREE,
  moves: SNAPSHOT_LIFE,
  further: [[publishTo(1), snapshotAgain, unpublishFrom(1), restore]],
  async prepare(cluster) {
    const volume = await cluster.own();
    const snapshot = cluster.planSnapshot(volume);
    cluster.about({ volume, snapshot });
    await cluster.takeSnapshot();
    return {
      call: (controller) => controller.deleteSnapshot({ snapshotId: snapshot.id }),
      answered() {
        snapshot.standing = 'gone';
      },
    };
  },
};

/** CreateSnapshot and DeleteSnapshot in their forms. */
export const SNAPSHOT_CALLS: readonly HeldCall[] = [
  snapshotCall('CreateSnapshot', false),
  snapshotCall('CreateSnapshot, disk item lost', true),
  refusedSnapshot,
];
