import type { ArmedFault } from '../../../src/simulator/faults/fault-plan.ts';
import type { Moment, Release } from './commands.ts';
import type { StatementWatch } from './watches.ts';

interface Waiting {
  readonly armed: readonly ArmedFault[];
  readonly release: Release;
  batchesLeft: number;
}

/** When the scripts that stand still are let go on. */
export class Releases {
  readonly #watch: StatementWatch;
  #waiting: Waiting[] = [];

  constructor(watch: StatementWatch) {
    this.#watch = watch;
  }

  add(armed: readonly ArmedFault[], release: Release): void {
    this.#waiting.push({ armed, release, batchesLeft: 'batches' in release ? release.batches : 0 });
  }

  /** A batch begins; what is due in it is released at its statement. */
  beginBatch(): void {
    for (const one of this.#waiting) {
      if (!('batches' in one.release)) continue;
      one.batchesLeft -= 1;
      if (one.batchesLeft === 0) this.#watch.at(one.release.statement, () => release(one));
    }
  }

  /** A batch is over; what was due in it and has not been released yet is. */
  endBatch(): void {
    this.#release(({ release, batchesLeft }) => 'batches' in release && batchesLeft <= 0);
  }

  /** Releases what was to wait for a moment after the batches, and everything that no batch was left for. */
  releaseAt(moment: Moment): void {
    this.#release(({ release }) => 'batches' in release || ('moment' in release && release.moment === moment));
  }

  /** Whether a script stands still that goes on by itself. */
  get hasTimed(): boolean {
    return this.#waiting.some(({ armed, release }) => 'ms' in release && armed.some(({ standing }) => standing > 0));
  }

  /** Releases everything. */
  clear(): void {
    this.#release(() => true);
  }

  #release(isDue: (one: Waiting) => boolean): void {
    const due = this.#waiting.filter(isDue);
    this.#waiting = this.#waiting.filter((one) => !due.includes(one));
    for (const one of due) release(one);
  }
}

function release({ armed }: Waiting): void {
  for (const one of armed) one.release();
}
