/** A monotonic clock. Tests replace it, so that a time need not pass to be over. */
export interface Clock {
  /** Milliseconds since some moment; never goes back. */
  now(): number;
  /**
   * Waits so many milliseconds.
   *
   * @throws the reason of `signal` when it aborts first.
   */
  wait(ms: number, signal?: AbortSignal): Promise<void>;
}

export const systemClock: Clock = {
  now: () => performance.now(),
  wait(ms, signal) {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const giveUp = (): void => reject(signal?.reason);
    if (signal?.aborted) giveUp();
    const timer = setTimeout(resolve, ms);
    signal?.addEventListener('abort', giveUp, { once: true });
    return promise.finally(() => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', giveUp);
    });
  },
};
