import type { BackendObject } from './find.ts';

/** When something was first seen without a reference: Unix seconds by id. */
export type FirstSeen = Readonly<Record<string, number>>;

export interface Verdict {
  /** What to remember for the next pass. */
  readonly firstSeen: FirstSeen;
  /** Seen without a reference in at least two passes, a grace period apart. */
  readonly orphans: readonly BackendObject[];
  /** So much looks orphaned at once that something else is wrong; then nothing is called an orphan. */
  readonly isMass: boolean;
}

export interface Rules {
  /** Milliseconds since the epoch. */
  readonly now: number;
  readonly graceSeconds: number;
  /** Everything that the inventory found, orphan or not. */
  readonly total: number;
}

/** What looks orphaned at once without making the answer of Kubernetes doubtful: a few, or a tenth of all. */
const FEW = 3;
const SHARE = 0.1;

/** Entries that are remembered at most: one has about 75 bytes, and a ConfigMap holds 1 MiB. */
const MAX_REMEMBERED = 5_000;

/**
 * Judges one pass. The age of an orphan counts from when we first saw it so, never from a time that the RDS reports, and
 * what has a reference again is forgotten.
 */
export function judge(
  found: readonly BackendObject[],
  earlier: FirstSeen,
  { now, graceSeconds, total }: Rules,
): Verdict {
  if (found.length > Math.max(FEW, total * SHARE)) {
    return { firstSeen: earlier, orphans: [], isMass: true };
  }
  const seconds = Math.floor(now / 1000);
  // A time of our own that lies ahead was written under a wrong clock, and counts from now.
  const since = (id: string) => Math.min(earlier[id] ?? seconds, seconds);
  const remembered = found.slice(0, MAX_REMEMBERED).map(({ id }): [string, number] => [id, since(id)]);
  const firstSeen = Object.fromEntries(remembered);
  const orphans = found.filter(({ id }) => earlier[id] !== undefined && seconds - since(id) >= graceSeconds);
  return { firstSeen, orphans, isMass: false };
}

/** The text that {@link printFirstSeen} wrote. Anything else is as good as nothing: then all begins again. */
export function parseFirstSeen(text: string | undefined): FirstSeen {
  try {
    const parsed: unknown = JSON.parse(text ?? '{}');
    if (typeof parsed !== 'object' || parsed === null) return {};
    return Object.fromEntries(Object.entries(parsed).filter(([, value]) => Number.isSafeInteger(value)));
  } catch {
    return {};
  }
}

export function printFirstSeen(firstSeen: FirstSeen): string {
  return JSON.stringify(firstSeen);
}
