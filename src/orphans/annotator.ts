import { handleWhen, IterableBackoff, type RetryPolicy, retry } from 'cockatiel';
import PQueue from 'p-queue';
import { type Cluster, KubernetesError } from '../kubernetes/cluster.ts';
import type { Snapshot } from '../storage/storage.ts';
import { annotationsOf } from './annotations.ts';

export interface AnnotatorOptions {
  readonly cluster: Pick<Cluster, 'annotateContent'>;
  /** Told of what is given up; the report's next pass repairs it. */
  readonly onFailure: (contentName: string, error: unknown) => void;
  /** Milliseconds before each further attempt; replaced in tests. */
  readonly pausesMs?: readonly number[];
}

/** Contents that may wait; more are left to the report's next pass. */
const MAX_WAITING = 1000;
const PAUSES_MS: readonly number[] = [500, 2000, 10_000];

/**
 * Writes annotations behind the back of CreateSnapshot: a snapshot is answered for whether they are written or not, and
 * never later because of them.
 */
export class Annotator {
  readonly #options: AnnotatorOptions;
  readonly #queue = new PQueue({ concurrency: 2 });
  readonly #stopping = new AbortController();
  readonly #retry: RetryPolicy;

  constructor(options: AnnotatorOptions) {
    this.#options = options;
    const pauses = options.pausesMs ?? PAUSES_MS;
    this.#retry = retry(handleWhen(isPassing), {
      maxAttempts: pauses.length,
      backoff: new IterableBackoff([...pauses]),
    });
  }

  /** Takes note of a snapshot that was answered with. Returns at once and never throws. */
  note(snapshot: Snapshot, contentName: string): void {
    if (this.#queue.size >= MAX_WAITING) {
      this.#options.onFailure(contentName, new Error(`${MAX_WAITING} annotations wait already`));
      return;
    }
    void this.#queue.add(() => this.#annotate(snapshot, contentName));
  }

  /** Gives up what is under way and what waits. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#queue.clear();
    await this.#queue.onIdle();
  }

  async #annotate(snapshot: Snapshot, contentName: string): Promise<void> {
    const { cluster, onFailure } = this.#options;
    try {
      await this.#retry.execute(
        ({ signal }) => cluster.annotateContent(contentName, annotationsOf(snapshot), signal),
        this.#stopping.signal,
      );
    } catch (error) {
      if (!this.#stopping.signal.aborted) onFailure(contentName, error);
    }
  }
}

/** No answer, or one that another attempt may change. Rights that lack and contents that are gone stay so. */
function isPassing(error: unknown): boolean {
  if (!(error instanceof KubernetesError)) return false;
  return error.status === undefined || error.status === 429 || error.status >= 500;
}
