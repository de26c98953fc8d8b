import { RdsError } from '../../rds/index.ts';

interface Run<T> {
  readonly outcome: Promise<T>;
  readonly stopping: AbortController;
  waiting: number;
}

/**
 * One piece of work at a time. Who asks while it is done waits for it, and goes away alone; when no one waits any more, it is
 * given up.
 */
export class SharedRun<T> {
  readonly #work: (signal: AbortSignal) => Promise<T>;
  #run: Run<T> | undefined;

  constructor(work: (signal: AbortSignal) => Promise<T>) {
    this.#work = work;
  }

  /** The outcome of the work. @throws RdsError RDS-CANCELLED when the signal aborts before, else what the work throws. */
  async join(signal: AbortSignal): Promise<T> {
    const run = this.#run ?? this.#begin();
    run.waiting += 1;
    const { promise: left, reject: leave } = Promise.withResolvers<never>();
    const stop = () => leave(new RdsError('RDS-CANCELLED', 'while copies were looked after'));
    signal.addEventListener('abort', stop);
    if (signal.aborted) stop();
    try {
      return await Promise.race([run.outcome, left]);
    } finally {
      signal.removeEventListener('abort', stop);
      run.waiting -= 1;
      if (run.waiting === 0) this.#end(run);
    }
  }

  #begin(): Run<T> {
    const stopping = new AbortController();
    const run = { outcome: this.#work(stopping.signal), stopping, waiting: 0 };
    this.#run = run;
    const end = () => this.#end(run);
    run.outcome.then(end, end);
    return run;
  }

  #end(run: Run<T>): void {
    run.stopping.abort();
    if (this.#run === run) this.#run = undefined;
  }
}
