import PQueue from 'p-queue';
import type { Cluster } from '../kubernetes/cluster.ts';
import { retryTransient } from '../kubernetes/retry-transient.ts';
import type { Snapshot } from '../storage/storage.ts';
import { annotationsOf } from './annotations.ts';

export interface AnnotatorOptions {
  readonly cluster: Pick<Cluster, 'annotateContent'>;
  /** Notified of what is given up; the report's next pass repairs it. */
  readonly onFailure: (contentName: string, error: unknown) => void;
  /** Milliseconds before each further attempt; replaced in tests. */
  readonly pausesMs?: readonly number[];
}

/** Contents that may wait; more are left to the report's next pass. */
const MAX_WAITING = 1000;
const PAUSES_MS: readonly number[] = [500, 2000, 10_000];

/**
 * Writes annotations asynchronously to CreateSnapshot: a snapshot is answered for whether they are written or not, and
 * never later because of them.
 */
export class Annotator {
  readonly #options: AnnotatorOptions;
  readonly #queue = new PQueue({ concurrency: 2 });
  readonly #stopping = new AbortController();

  constructor(options: AnnotatorOptions) {
    this.#options = options;
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
    const { cluster, onFailure, pausesMs = PAUSES_MS } = this.#options;
    try {
      await retryTransient(pausesMs, this.#stopping.signal, (signal) =>
        cluster.annotateContent(contentName, annotationsOf(snapshot), signal),
      );
    } catch (error) {
      if (!this.#stopping.signal.aborted) onFailure(contentName, error);
    }
  }
}
