import type { Cluster } from './cluster.ts';

/** Where a volume and its snapshot stand, as far as it decides what Kubernetes calls next. */
export interface Situation {
  readonly volume: boolean;
  /** Numbers of the nodes that have the volume. */
  readonly nodes: readonly number[];
  /** `open` while no one has repeated the call that was to take it. */
  readonly snapshot: 'there' | 'gone' | 'open';
  readonly grown: boolean;
  /** Nothing more that could come after it is of interest. */
  readonly over: boolean;
}

/** The volume is there, and no node has it. */
export const FREE: Situation = { volume: true, nodes: [], snapshot: 'gone', grown: false, over: false };
/** The same, and there is the snapshot. */
export const WITH_SNAPSHOT: Situation = { ...FREE, snapshot: 'there' };
/** There is no volume. */
export const ABSENT: Situation = { ...FREE, volume: false };

/** The volume is there, and these nodes have it. */
export function onNodes(...nodes: readonly number[]): Situation {
  return { ...FREE, nodes };
}

/** A later call, with what the user of the volume does then. */
export interface Move {
  readonly name: string;
  /** The situation behind it; undefined where Kubernetes makes no such call. */
  leadsTo(situation: Situation): Situation | undefined;
  make(cluster: Cluster): Promise<void>;
}

/** @param atOnce nodes that may have the volume at one time */
export function publishTo(number: number, atOnce = 1): Move {
  return {
    name: `publish to node ${number}, write`,
    leadsTo: (situation) =>
      situation.volume && situation.nodes.length < atOnce && !situation.nodes.includes(number)
        ? { ...situation, nodes: [...situation.nodes, number] }
        : undefined,
    async make(cluster) {
      await cluster.publish(number);
      await cluster.write();
    },
  };
}

/** As external-attacher does when it compares what is attached. */
function publishAgain(number: number): Move {
  return {
    name: `publish to node ${number} again, write`,
    leadsTo: (situation) => (situation.nodes.includes(number) ? situation : undefined),
    make: publishTo(number).make,
  };
}

export function unpublishFrom(number: number): Move {
  return {
    name: `unpublish from node ${number}`,
    leadsTo: (situation) =>
      situation.nodes.includes(number)
        ? { ...situation, nodes: situation.nodes.filter((one) => one !== number) }
        : undefined,
    make: (cluster) => cluster.unpublish(number),
  };
}

export const expand: Move = {
  name: 'expand',
  leadsTo: (situation) => (situation.volume && !situation.grown ? { ...situation, grown: true } : undefined),
  make: (cluster) => cluster.expand(),
};

export const deleteVolume: Move = {
  name: 'delete the volume',
  leadsTo: (situation) =>
    situation.volume && situation.nodes.length === 0 ? { ...situation, volume: false } : undefined,
  make: (cluster) => cluster.delete(),
};

export const createAgain: Move = {
  name: 'create the volume again',
  leadsTo: (situation) => (situation.volume ? undefined : { ...situation, volume: true, grown: false }),
  make: (cluster) => cluster.create(),
};

/** Of half the size that it had when it was made first. */
export const createSmaller: Move = {
  name: 'create the volume again, smaller',
  leadsTo: createAgain.leadsTo,
  async make(cluster) {
    const { volume } = cluster;
    const requiredBytes = BigInt(volume.content.length) / 2n;
    await cluster.create(volume, { ...volume.request, capacityRange: { requiredBytes } });
  },
};

/** Another snapshot than the one that everything is about. */
export const snapshotVolume: Move = {
  name: 'snapshot',
  leadsTo: (situation) => (situation.volume ? { ...situation, over: true } : undefined),
  make: (cluster) => cluster.takeSnapshot(cluster.planSnapshot()),
};

export const restore: Move = {
  name: 'restore the snapshot',
  leadsTo: (situation) => (situation.snapshot === 'there' ? { ...situation, over: true } : undefined),
  make: (cluster) => cluster.restore(),
};

export const deleteSnapshot: Move = {
  name: 'delete the snapshot',
  leadsTo: (situation) => (situation.snapshot === 'gone' ? undefined : { ...situation, snapshot: 'gone' }),
  make: (cluster) => cluster.deleteSnapshot(),
};

export const snapshotAgain: Move = {
  name: 'took the snapshot again',
  leadsTo: (situation) =>
    situation.volume && situation.snapshot === 'gone' ? { ...situation, snapshot: 'there' } : undefined,
  make: (cluster) => cluster.takeSnapshot(),
};

/** What happens in the life of a volume. */
export const LIFE: readonly Move[] = [
  publishTo(1),
  unpublishFrom(1),
  expand,
  snapshotVolume,
  deleteVolume,
  createAgain,
];

/**
 * The same where it matters which node it is.
 *
 * @param atOnce nodes that may have the volume at one time
 */
export function lifeOnTwo(atOnce: number): readonly Move[] {
  return [
    publishTo(1, atOnce),
    publishTo(2, atOnce),
    publishAgain(1),
    unpublishFrom(1),
    unpublishFrom(2),
    expand,
    snapshotVolume,
    deleteVolume,
    createAgain,
  ];
}

/** All sequences of at most so many moves that can be made from a situation, the one of none included. */
export function walksFrom(situation: Situation, moves: readonly Move[], depth: number): (readonly Move[])[] {
  if (depth === 0 || situation.over) return [[]];
  const further = moves.flatMap((move) => {
    const next = move.leadsTo(situation);
    return next === undefined ? [] : walksFrom(next, moves, depth - 1).map((walk) => [move, ...walk]);
  });
  return [[], ...further];
}
