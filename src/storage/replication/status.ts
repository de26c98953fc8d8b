import { copyOf, type Original, taken, uncopied, type View } from './decision.ts';

/** What a pass found, for users and metrics. */
export interface PairStatus {
  /** Unix seconds of the oldest snapshot without a copy; undefined where each has one. */
  readonly oldestUncopied: bigint | undefined;
  /** Unix seconds of the newest snapshot that has a copy; undefined where none has. */
  readonly newestCopy: bigint | undefined;
  readonly originals: number;
  readonly copies: number;
  /** Snapshots without a copy. */
  readonly missing: readonly Original[];
  /** What is being sent. */
  readonly sending: { readonly name: string; readonly bytes: bigint; readonly status: string } | undefined;
  /** Snapshots whose name is taken on the replica. */
  readonly taken: readonly Original[];
  /** How long what the next pass reads is likely to take, in ms. */
  readonly readMs: number;
}

/** What a view tells. */
export function statusOf(view: View, readMs: number): PairStatus {
  const missing = uncopied(view);
  const copied = view.originals.filter((original) => copyOf(original, view) !== undefined);
  const seconds = copied.map(({ parsed }) => parsed.createdAtSeconds).toSorted((a, b) => Number(a - b));
  const sending = view.transfers.find(({ isOurs }) => isOurs);
  return {
    oldestUncopied: missing[0]?.parsed.createdAtSeconds,
    newestCopy: seconds.at(-1),
    originals: view.originals.length,
    copies: view.received.filter(({ kind }) => kind === 'copy').length,
    missing,
    sending: sending && { name: sending.name, bytes: sending.bytes, status: sending.status },
    taken: taken(view),
    readMs,
  };
}

/** Age of the oldest snapshot without a copy, in seconds; 0 when each has one. */
export function lagOf({ oldestUncopied }: Pick<PairStatus, 'oldestUncopied'>, now = Date.now()): number {
  return oldestUncopied === undefined ? 0 : Math.max(0, now / 1000 - Number(oldestUncopied));
}
