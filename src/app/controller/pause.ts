/** A pause that may end early, when there is something to do. */
export class Pause {
  #isCalledOff = false;
  #endEarly = (): void => undefined;

  /** Ends the pause that is under way or, where none is, the next one. Several times before its end are as good as once. */
  callOff(): void {
    this.#isCalledOff = true;
    this.#endEarly();
  }

  /**
   * Waits until the pause is over or called off, or the signal aborts.
   *
   * @param leastMs It lasts so long also when it is called off.
   * @param mostMs It lasts no longer.
   */
  async take(leastMs: number, mostMs: number, signal: AbortSignal): Promise<void> {
    if (!signal.aborted) await this.#wait(leastMs, mostMs, signal);
    this.#isCalledOff = false;
  }

  async #wait(leastMs: number, mostMs: number, signal: AbortSignal): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const least = setTimeout(() => {
      this.#endEarly = resolve;
      if (this.#isCalledOff) resolve();
    }, leastMs);
    const most = setTimeout(resolve, mostMs);
    for (const timer of [least, most]) timer.unref();
    const stop = () => resolve();
    signal.addEventListener('abort', stop);
    await promise;
    signal.removeEventListener('abort', stop);
    for (const timer of [least, most]) clearTimeout(timer);
    this.#endEarly = () => undefined;
  }
}
