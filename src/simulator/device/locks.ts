/** Runs tasks one after another, in the order in which they came. A failed task does not stop the next. */
export class Mutex {
  readonly #afterEach: () => Promise<void>;
  #last: Promise<unknown> = Promise.resolve();

  /** @param afterEach runs after each task that succeeded, before its result is known and before the next one. */
  constructor(afterEach: () => Promise<void> = async () => undefined) {
    this.#afterEach = afterEach;
  }

  run<T>(task: () => Promise<T>): Promise<T> {
    const whole = async (): Promise<T> => {
      const result = await task();
      await this.#afterEach();
      return result;
    };
    const result = this.#last.then(whole, whole);
    this.#last = result.catch(() => undefined);
    return result;
  }
}

interface Gate {
  /** Settles when the last exclusive holder is done. */
  exclusive: Promise<unknown>;
  shared: Set<Promise<unknown>>;
  users: number;
}

/**
 * Shared and exclusive access by key. Writers of an image hold its subvolume shared, a snapshot holds it exclusively,
 * so that the copy is a point in time: no write is half in it, and none of a later time.
 */
export class SharedLocks {
  readonly #gates = new Map<string, Gate>();

  /** Runs the task beside other shared ones, after any exclusive one that was asked for earlier. */
  async shared<T>(key: string, task: () => Promise<T>): Promise<T> {
    return this.#use(key, async (gate) => {
      const result = gate.exclusive.then(task);
      const settled = result.catch(() => undefined);
      gate.shared.add(settled);
      try {
        return await result;
      } finally {
        gate.shared.delete(settled);
      }
    });
  }

  /** Runs the task alone: after everything that was asked for earlier, before everything that is asked for later. */
  async exclusive<T>(key: string, task: () => Promise<T>): Promise<T> {
    return this.#use(key, (gate) => {
      const earlier = Promise.all([gate.exclusive, ...gate.shared]);
      const result = earlier.then(task);
      gate.exclusive = result.catch(() => undefined);
      return result;
    });
  }

  async #use<T>(key: string, task: (gate: Gate) => Promise<T>): Promise<T> {
    let gate = this.#gates.get(key);
    if (gate === undefined) {
      gate = { exclusive: Promise.resolve(), shared: new Set(), users: 0 };
      this.#gates.set(key, gate);
    }
    gate.users += 1;
    try {
      return await task(gate);
    } finally {
      gate.users -= 1;
      if (gate.users === 0) this.#gates.delete(key);
    }
  }
}
