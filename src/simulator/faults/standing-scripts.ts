import type { Clock } from '../clock.ts';
import type { Execution } from '../console/execution.ts';

/** The scripts that stand still at one place. */
export class StandingScripts {
  readonly #clock: Clock;
  readonly #standing = new Map<AbortController, Execution>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get count(): number {
    return this.#standing.size;
  }

  /** As they were sent. */
  get lines(): readonly string[] {
    return [...this.#standing.values()].map(({ line }) => line);
  }

  /**
   * Ends when the time is over or all were released, and when the script is killed, whichever comes first.
   *
   * @param ms By the clock of the device; `untilReleased` has no end of its own.
   */
  async stand(execution: Execution, ms: number | 'untilReleased'): Promise<void> {
    const release = new AbortController();
    const end = AbortSignal.any([release.signal, execution.signal]);
    this.#standing.set(release, execution);
    try {
      if (ms === 'untilReleased') await aborted(end);
      else await this.#clock.wait(ms, end);
    } catch (error) {
      if (!end.aborted) throw error;
    } finally {
      this.#standing.delete(release);
    }
  }

  /** Lets all go on. */
  release(): void {
    for (const release of this.#standing.keys()) release.abort();
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}
