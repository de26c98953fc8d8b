/** From the first failure to the next attempt, and the longest pause, in ms. */
const FIRST_MS = 60_000;
const LONGEST_MS = 3_600_000;

/** Leaves alone for a while what has failed, twice as long each time. It is a hint: a process that begins knows of none. */
export class Backoff {
  readonly #now: () => number;
  readonly #failed = new Map<string, { readonly times: number; readonly until: number }>();

  constructor(now: () => number) {
    this.#now = now;
  }

  fail(name: string): void {
    const times = (this.#failed.get(name)?.times ?? 0) + 1;
    const until = this.#now() + Math.min(LONGEST_MS, FIRST_MS * 2 ** (times - 1));
    this.#failed.set(name, { times, until });
  }

  succeed(name: string): void {
    this.#failed.delete(name);
  }

  /** Forgets all but these. */
  keep(names: ReadonlySet<string>): void {
    for (const name of this.#failed.keys()) if (!names.has(name)) this.#failed.delete(name);
  }

  /** What is to be left alone now. */
  deferred(): ReadonlySet<string> {
    const now = this.#now();
    return new Set([...this.#failed].flatMap(([name, { until }]) => (until > now ? [name] : [])));
  }
}
