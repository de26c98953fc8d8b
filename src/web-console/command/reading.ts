import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { Config } from '../../config/schema.ts';
import type { WhyScene } from '../scene.ts';
import type { OpenFlags } from './open.ts';

/** What is read. */
export interface ReadingOf {
  readonly config: Config;
  readonly flags: OpenFlags;
}

/** A question to the thread: for everything, or for the chain of one object. */
export interface Question {
  readonly id: number;
  readonly why?: { readonly object: string; readonly namespace: string };
}

/** What came of it. */
export type Answer =
  | { readonly id: number; readonly value: Uint8Array | WhyScene }
  | { readonly id: number; readonly because: string };

/**
 * The heap of the thread that reads, in MB: what Node.js gives a whole process in a container of 512 MiB. On a larger machine V8 lets
 * several times as much garbage lie, and a console of 10,000 snapshots took 400 MB of which it used 30.
 */
const LIMITS = { maxOldGenerationSizeMb: 192, maxYoungGenerationSizeMb: 4 };

/**
 * Reads in a thread of its own, so that a large inventory neither grows the process nor keeps the server from answering. One that
 * fails, as for lack of memory, ends what it was asked; the next question begins another one.
 */
export class Reading {
  readonly #of: ReadingOf;
  readonly #asked = new Map<number, PromiseWithResolvers<unknown>>();
  #thread: Worker | undefined;
  #count = 0;

  constructor(of: ReadingOf) {
    this.#of = of;
  }

  /** Reads everything. @returns the scene as JSON, in UTF-8 */
  async read(): Promise<Uint8Array> {
    return (await this.#ask({})) as Uint8Array;
  }

  /** Walks the chain of an object. @throws Error when it cannot be asked about */
  async why(object: string, namespace: string): Promise<WhyScene> {
    return (await this.#ask({ why: { object, namespace } })) as WhyScene;
  }

  /** Ends the thread, and with it every connection. */
  async close(): Promise<void> {
    await this.#thread?.terminate();
  }

  async #ask(question: Omit<Question, 'id'>): Promise<unknown> {
    this.#thread ??= this.#start();
    this.#count += 1;
    const asked = Promise.withResolvers<unknown>();
    this.#asked.set(this.#count, asked);
    this.#thread.postMessage({ ...question, id: this.#count } satisfies Question);
    return await asked.promise;
  }

  #start(): Worker {
    const thread = new Worker(threadFile(), { workerData: this.#of, resourceLimits: LIMITS });
    thread.on('message', (answer: Answer) => {
      const asked = this.#asked.get(answer.id);
      this.#asked.delete(answer.id);
      if ('because' in answer) asked?.reject(new Error(answer.because));
      else asked?.resolve(answer.value);
    });
    let failure: unknown = new Error('the thread that reads has ended');
    thread.on('error', (error) => {
      failure = error;
    });
    thread.on('exit', () => {
      this.#thread = undefined;
      for (const { reject } of this.#asked.values()) reject(failure);
      this.#asked.clear();
    });
    return thread;
  }
}

/** Where the build puts it: beside the program; the source itself when the sources run. */
function threadFile(): string {
  const beside = join(import.meta.dirname, 'console-reader.js');
  return existsSync(beside) ? beside : join(import.meta.dirname, 'reader-thread.ts');
}
