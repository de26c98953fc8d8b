import { sentenceOf } from '../failures/message.ts';
import { hasCopy, type SnapshotWithCopy } from '../replicas/overview.ts';
import type { BackendState } from './backend-reading.ts';
import type { PairSide, PairState } from './pair-reading.ts';
import type { PairScene, PlaceScene, SendingScene } from './scene.ts';

/** What is shown of a pair. */
export function pairScene(pair: PairState, backends: readonly BackendState[]): PairScene {
  const { snapshots, error } = pair;
  const [missing, oldest, newest] = [uncopied(pair), uncopied(pair)[0], snapshots.findLast(hasCopy)];
  const count = (...states: readonly SnapshotWithCopy['state'][]) =>
    snapshots.filter(({ state }) => states.includes(state)).length;
  const sending = sendingScene(pair);
  return {
    from: place(pair.from, backends),
    to: place(pair.to, backends),
    copies: snapshots.filter(hasCopy).length,
    ...(count('unknown') === 0 && { missing: missing.length }),
    ...(oldest !== undefined && { oldestMissing: takenAt(oldest) }),
    ...(newest !== undefined && { newestCopy: takenAt(newest) }),
    alone: count('alone'),
    halfReceived: count('half-received'),
    ...(sending !== undefined && { sending }),
    ...(error !== undefined && { unread: sentenceOf(error.code, error.detail) }),
  };
}

/** Snapshots that are known to have no copy, the oldest first. */
export function uncopied({ snapshots }: Pick<PairState, 'snapshots'>): SnapshotWithCopy[] {
  return snapshots.filter((one) => !hasCopy(one) && one.state !== 'unknown');
}

function takenAt({ createdAtSeconds }: SnapshotWithCopy): number {
  return Number(createdAtSeconds) * 1000;
}

function sendingScene({ sending, snapshots, isStill }: PairState): SendingScene | undefined {
  if (sending === undefined) return undefined;
  const { name, bytes, status } = sending;
  const id = snapshots.find((one) => one.name === name)?.id ?? name;
  return { id, bytes: Number(bytes), status, ...(isStill && { still: true as const }) };
}

function place({ backend, pool }: PairSide, backends: readonly BackendState[]): PlaceScene {
  const answers = backends.some(({ name, error }) => name === backend && error === undefined);
  return { backend, pool, answers };
}
