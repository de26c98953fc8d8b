import { node } from '../../../support/calls.ts';
import { sharedBlock } from '../../../support/requests.ts';
import type { HeldCall } from './held-call.ts';
import {
  createAgain,
  deleteVolume,
  expand,
  lifeOnTwo,
  onNodes,
  publishTo,
  snapshotVolume,
  unpublishFrom,
} from './moves.ts';

/** A publication to node 1, or to node 2 beside it. */
function publication(
  name: string,
  {
    isItemLost = false,
    isThere = false,
    isShared = false,
  }: Partial<Record<'isItemLost' | 'isThere' | 'isShared', boolean>>,
): HeldCall {
  const number = isShared ? 2 : 1;
  const after = isShared ? onNodes(1, 2) : onNodes(1);
  return {
    name,
    after,
    moves: lifeOnTwo(isShared ? 2 : 1),
    ...(isShared ? { capability: sharedBlock } : {}),
    further: [[unpublishFrom(1), ...(isShared ? [unpublishFrom(2)] : []), deleteVolume, createAgain, publishTo(1)]],
    unrepeated: { from: after, moves: [unpublishFrom(number), expand] },
    async prepare(cluster) {
      const volume = await cluster.own();
      cluster.about({ volume });
      if (isItemLost) await cluster.loseItem();
      if (isThere || isShared) await publishTo(1).make(cluster);
      return {
        call: cluster.publication(number),
        async answered(reply) {
          cluster.published(number, (reply as { publishContext: Record<string, string> }).publishContext);
          await cluster.write();
        },
        givenUp() {
          if (!isThere) volume.open.add(node(number));
        },
      };
    },
  };
}

interface Taking {
  /** Numbers of the nodes that have it before. */
  readonly from: readonly number[];
  /** The node that it is taken from; undefined takes it from all. */
  readonly number: number | undefined;
  readonly isItemLost?: boolean;
}

function unpublication(name: string, { from, number, isItemLost = false }: Taking): HeldCall {
  const left = number === undefined ? [] : from.filter((one) => one !== number);
  const isShared = from.length > 1;
  return {
    name,
    after: onNodes(...left),
    moves: lifeOnTwo(isShared ? 2 : 1),
    ...(isShared ? { capability: sharedBlock } : {}),
    further: left.length === 0 ? [[deleteVolume, createAgain, publishTo(2), expand]] : [],
    ...(from.length > 0 ? { unrepeated: { from: onNodes(...from), moves: [expand, snapshotVolume] } } : {}),
    async prepare(cluster) {
      const volume = await cluster.own();
      cluster.about({ volume });
      for (const one of from) await publishTo(one).make(cluster);
      if (isItemLost) await cluster.loseItem();
      const taken = number === undefined ? from.map(node) : [node(number)];
      const nodeId = number === undefined ? '' : node(number);
      return {
        call: (controller) => controller.controllerUnpublishVolume({ volumeId: volume.id, nodeId }),
        answered() {
          for (const one of taken) volume.nodes.delete(one);
        },
        givenUp() {
          for (const one of taken) if (volume.nodes.delete(one)) volume.open.add(one);
        },
      };
    },
  };
}

/** ControllerPublishVolume and ControllerUnpublishVolume in their forms. */
export const NODE_CALLS: readonly HeldCall[] = [
  publication('ControllerPublishVolume', {}),
  publication('ControllerPublishVolume, disk item lost', { isItemLost: true }),
  publication('ControllerPublishVolume, published already', { isThere: true }),
  publication('ControllerPublishVolume, shared by a second node', { isShared: true }),
  unpublication('ControllerUnpublishVolume', { from: [1], number: 1 }),
  unpublication('ControllerUnpublishVolume, from all nodes', { from: [1], number: undefined }),
  unpublication('ControllerUnpublishVolume, from one of two nodes', { from: [1, 2], number: 1 }),
  unpublication('ControllerUnpublishVolume, not published', { from: [], number: 1 }),
  unpublication('ControllerUnpublishVolume, disk item lost', { from: [], number: 1, isItemLost: true }),
];
