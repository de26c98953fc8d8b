import { once } from 'node:events';
import type { Clock } from '../routeros/index.ts';
import type { RdsErrorCode } from './errors.ts';

/** What an operation may take of something that is limited, and that the RDS counts before it gives it. */
export interface Share {
  /** Space of the RDS, or what else is limited. */
  readonly of: string;
  /** At most; more than there can be where that is not known. */
  readonly amount: bigint;
}

/** More bytes than any pool has; sums with it do not overflow the 64 bits of the device. */
export const ANY_AMOUNT = 1n << 60n;

/** Refusals of what is limited. */
const LIMITS: ReadonlySet<RdsErrorCode> = new Set(['RC-SPACE', 'RC-PROMISE', 'RC-QUOTA']);

export function isLimit(code: RdsErrorCode): boolean {
  return LIMITS.has(code);
}

interface Held extends Share {
  /** Aborts when its operation has ended. */
  readonly ended: AbortController;
  /** Until when its script may take it, in milliseconds of the clock. */
  until: number;
}

/** The share of one operation. */
export interface Reservation {
  /** What operations that came before it may yet take of the same. */
  ahead(): bigint;
  /**
   * Waits until that is nothing.
   *
   * @throws when `signal` aborts first
   */
  alone(signal: AbortSignal): Promise<void>;
  /** Its operation has ended, and takes nothing after that moment, in milliseconds of the clock. */
  end(quietAt: number): void;
}

/**
 * Keeps operations that are under way at once from being given the same free space. The script of each asks for what those
 * before it may yet take, too, so whoever comes last is refused, and none of those before. A refusal may then be one too many,
 * as the RDS has counted some of it already: it stands only when nothing is ahead any more.
 */
export class Reservations {
  readonly #clock: Clock;
  #held: readonly Held[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  make(share: Share): Reservation {
    const held: Held = { ...share, ended: new AbortController(), until: Number.POSITIVE_INFINITY };
    const before = this.#held.filter(({ of }) => of === share.of);
    this.#held = [...this.#held, held];
    return {
      ahead: () => {
        const sum = this.#current(before).reduce((total, { amount }) => total + amount, 0n);
        return sum < ANY_AMOUNT ? sum : ANY_AMOUNT;
      },
      alone: async (signal) => {
        for (const earlier of before) {
          const { signal: ended } = earlier.ended;
          if (!ended.aborted) await once(ended, 'abort', { signal });
          const ms = earlier.until - this.#clock.now();
          if (ms > 0) await this.#clock.wait(ms, signal);
        }
      },
      end: (quietAt) => {
        held.until = quietAt;
        held.ended.abort();
        this.#held = this.#current(this.#held);
      },
    };
  }

  #current(held: readonly Held[]): readonly Held[] {
    const now = this.#clock.now();
    return held.filter(({ until }) => until > now);
  }
}
