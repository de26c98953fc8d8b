/** A warning that would come too often: it is said at most once in a while. */
export class SpacedWarning {
  readonly #pauseMs: number;
  readonly #now: () => number;
  #silentUntil = Number.NEGATIVE_INFINITY;
  #unsaid = 0;

  /**
   * @param pauseMs at least so many milliseconds lie between two
   * @param now a clock that never goes back, in milliseconds; replaced in tests
   */
  constructor(pauseMs: number, now: () => number = () => performance.now()) {
    this.#pauseMs = pauseMs;
    this.#now = now;
  }

  /** Calls `write` with the number of warnings that were left out since the last, or counts one more of them. */
  say(write: (unsaid: number) => void): void {
    const now = this.#now();
    if (now < this.#silentUntil) {
      this.#unsaid += 1;
      return;
    }
    this.#silentUntil = now + this.#pauseMs;
    const unsaid = this.#unsaid;
    this.#unsaid = 0;
    write(unsaid);
  }
}
