import type { TransferRow } from '../../rds/index.ts';
import { Backoff } from './backoff.ts';
import { type Hints, isAtWork, type Original, uncopied, type View } from './decision.ts';

/** Where the RDS says nothing. */
const WORDLESS = 'it ended without a word, and the copy is not whole';
/** Where it says that all is well (U39). */
const DONE = /^(done|finished)$/;

/** What a process remembers of names: who waits, what was tried and how that failed. They are hints: one that has just begun does the same. */
export class Attempts {
  readonly #backoff: Backoff;
  readonly #wanted = new Set<string>();
  readonly #told = new Set<string>();
  /** What the last pass has begun to send, whose rows no one has seen yet. */
  readonly #begun = new Set<string>();
  readonly #failures = new Map<string, string>();

  /** @param now Milliseconds that only go forward. */
  constructor(now: () => number) {
    this.#backoff = new Backoff(now);
  }

  get hints(): Hints {
    return { wanted: this.#wanted, deferred: this.#backoff.deferred() };
  }

  /** Puts it before others, until it is copied or an attempt has failed: who still waits then says so again. */
  want(name: string): void {
    this.#wanted.add(name);
  }

  begin(name: string): void {
    this.#begun.add(name);
  }

  succeed(name: string): void {
    this.#backoff.succeed(name);
    this.#failures.delete(name);
    this.#wanted.delete(name);
  }

  /** @returns why it failed, in words. */
  fail(name: string, why: string): string {
    const words = why === '' ? WORDLESS : DONE.test(why) ? misled(why) : why;
    this.#backoff.fail(name);
    this.#wanted.delete(name);
    this.#failures.set(name, words);
    return words;
  }

  /** Why the last transfer of it failed; undefined when none did since it was copied. */
  failureOf(name: string): string | undefined {
    return this.#failures.get(name);
  }

  /** Originals whose names are taken and were not told before. */
  untold(taken: readonly Original[]): Original[] {
    const fresh = taken.filter(({ name }) => !this.#told.has(name));
    for (const { name } of fresh) this.#told.add(name);
    return fresh;
  }

  /**
   * Learns from what was read: a transfer that left no copy has failed, also where another process dealt with it, as whoever waits here is to
   * hear of it. What is not missing any more is forgotten, so that memory is bounded.
   *
   * @param gone Rows that were there at the last look.
   */
  learn(view: View, gone: readonly TransferRow[]): void {
    const missing = new Set(uncopied(view).map(({ name }) => name));
    this.#backoff.keep(new Set(view.originals.map(({ name }) => name)));
    for (const name of [...this.#wanted, ...this.#told, ...this.#failures.keys()]) {
      if (missing.has(name)) continue;
      this.#wanted.delete(name);
      this.#told.delete(name);
      this.#failures.delete(name);
    }
    const isThere = new Set(view.transfers.map(({ name }) => name));
    const begun = [...this.#begun].filter((name) => !isThere.has(name)).map((name) => ({ name, status: '' }));
    for (const { name, status } of [...gone.filter(({ isOurs }) => isOurs), ...begun]) {
      if (missing.has(name))
        this.#failures.set(name, isAtWork(status) ? (this.#failures.get(name) ?? WORDLESS) : status);
    }
    this.#begun.clear();
  }
}

function misled(status: string): string {
  return `the RDS says "${status}", and no whole copy is in the replica pool: does the address of the replica lead to its backend?`;
}
