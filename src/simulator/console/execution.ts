import { type Clock, HOST_CLOCK } from '../clock.ts';

/** Ends a script that was killed. No handler of the script catches it. */
export class ScriptKilled extends Error {
  override readonly name = 'ScriptKilled';

  constructor() {
    super('the script was killed');
  }
}

/**
 * One command line on its way through the device. Whoever watches its statements gets it along with them, and so strikes
 * this one and no other.
 */
export class Execution {
  /** As it was sent. */
  readonly line: string;
  /** The account that it runs for; undefined for the device itself. */
  readonly user: string | undefined;
  readonly #clock: Clock;
  readonly #disconnect: () => void;
  readonly #death = new AbortController();
  #failed = false;

  /** @param disconnect Ends the connection that the line came over; nothing where there is none. */
  constructor(line: string, disconnect: () => void = () => undefined, clock: Clock = HOST_CLOCK, user?: string) {
    this.line = line;
    this.user = user;
    this.#clock = clock;
    this.#disconnect = disconnect;
  }

  /** Whether the line did not parse or ended in an error that nothing caught. */
  get failed(): boolean {
    return this.#failed;
  }

  fail(): void {
    this.#failed = true;
  }

  /** Whether the script was killed; what it was doing then may still be under way. */
  get isKilled(): boolean {
    return this.#death.signal.aborted;
  }

  /** Aborted when the script is killed, for what would otherwise wait on. */
  get signal(): AbortSignal {
    return this.#death.signal;
  }

  /** Runs no further statement, those of its own error handlers included. A change that is under way comes to its end. */
  kill(): void {
    this.#death.abort(new ScriptKilled());
  }

  /** Ends the connection, and with it every channel on it, behind what was written so far. The script runs on. */
  disconnect(): void {
    this.#disconnect();
  }

  /**
   * Waits for a task, but not beyond the script's death.
   *
   * @throws ScriptKilled when the script is or gets killed; else what the task throws.
   */
  async outlive(task: Promise<void> | void): Promise<void> {
    const { signal } = this;
    signal.throwIfAborted();
    if (task === undefined) return;
    const death = Promise.withResolvers<never>();
    const die = () => death.reject(signal.reason);
    signal.addEventListener('abort', die);
    try {
      await Promise.race([task, death.promise]);
    } finally {
      signal.removeEventListener('abort', die);
    }
    signal.throwIfAborted();
  }

  /**
   * Waits so many ms by the clock of the device.
   *
   * @throws ScriptKilled when the script is or gets killed.
   */
  async sleep(ms: number): Promise<void> {
    await this.#clock.wait(ms, this.signal);
  }
}
