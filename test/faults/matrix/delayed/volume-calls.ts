import { MiB } from '../../../support/calls.ts';
import type { HeldCall } from './held-call.ts';
import {
  ABSENT,
  createAgain,
  createSmaller,
  deleteVolume,
  expand,
  FREE,
  LIFE,
  onNodes,
  publishTo,
  snapshotVolume,
  unpublishFrom,
} from './moves.ts';

function deletion(name: string, isItemLost: boolean): HeldCall {
  return {
    name,
    after: ABSENT,
    moves: LIFE,
    further: [
      [createAgain, publishTo(1), expand],
      [createAgain, publishTo(1), unpublishFrom(1), deleteVolume, createAgain, publishTo(1)],
    ],
    async prepare(cluster) {
      const volume = await cluster.own();
      cluster.about({ volume });
      if (isItemLost) await cluster.loseItem();
      return {
        call: (controller) => controller.deleteVolume({ volumeId: volume.id }),
        answered() {
          volume.standing = 'gone';
        },
      };
    },
  };
}

function expansion(name: string, isInUse: boolean): HeldCall {
  const from = isInUse ? onNodes(1) : FREE;
  return {
    name,
    after: from,
    moves: [...LIFE, createSmaller],
    further: [[...(isInUse ? [unpublishFrom(1)] : []), deleteVolume, createSmaller, publishTo(1)]],
    unrepeated: {
      from,
      moves: isInUse ? [expand, unpublishFrom(1)] : [expand, publishTo(1), snapshotVolume, deleteVolume],
    },
    async prepare(cluster) {
      const volume = await cluster.own(2n * MiB);
      cluster.about({ volume });
      if (isInUse) await publishTo(1).make(cluster);
      const requiredBytes = 3n * MiB;
      return {
        call: (controller) =>
          controller.controllerExpandVolume({ volumeId: volume.id, capacityRange: { requiredBytes } }),
        async answered() {
          cluster.expanded(requiredBytes);
          if (isInUse) await cluster.write(volume, Number(2n * MiB));
        },
        givenUp() {
          volume.mayBeLarger = true;
        },
      };
    },
  };
}

/** DeleteVolume and ControllerExpandVolume in their forms. */
export const VOLUME_CALLS: readonly HeldCall[] = [
  deletion('DeleteVolume', false),
  deletion('DeleteVolume, disk item lost', true),
  expansion('ControllerExpandVolume', false),
  expansion('ControllerExpandVolume, published', true),
];
