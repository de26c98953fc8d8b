import type { TransferRow } from '../../rds/index.ts';
import type { Transfer } from './decision.ts';

interface Seen {
  readonly row: TransferRow;
  readonly since: number;
}

/**
 * Notices which transfers stand still: their status and bytes are what they were for a while, and in an earlier reading, so that
 * what was read of the replica in this one is younger than that. Nothing rests on it but when a
 * transfer that has stopped is believed to have failed; a process that has just begun waits for that time once more.
 */
export class Stillness {
  readonly #now: () => number;
  readonly #ms: number;
  #seen: ReadonlyMap<string, Seen> = new Map();
  #gone: readonly TransferRow[] = [];

  /** @param ms for how long, by the clock of `now`. */
  constructor(ms: number, now: () => number) {
    this.#ms = ms;
    this.#now = now;
  }

  /** What all transfers of a pool are, each told whether it stands still. */
  judge(rows: readonly TransferRow[]): Transfer[] {
    const now = this.#now();
    const seen = new Map<string, Seen>();
    const transfers = rows.map((row) => {
      const key = `${row.id} ${row.name}`;
      const before = this.#seen.get(key);
      const hasMoved = before?.row.status !== row.status || before.row.bytes !== row.bytes;
      const since = hasMoved ? now : before.since;
      seen.set(key, { row, since });
      const { id: _, ...transfer } = row;
      return { ...transfer, isStill: !hasMoved && now - since >= this.#ms };
    });
    this.#gone = [...this.#seen].flatMap(([key, { row }]) => (seen.has(key) ? [] : [row]));
    this.#seen = seen;
    return transfers;
  }

  /** What the reading before the last one had and that one has not, as it was then: whoever removed it. */
  get gone(): readonly TransferRow[] {
    return this.#gone;
  }
}
