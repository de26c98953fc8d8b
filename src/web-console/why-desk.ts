import type { WhyScene } from './scene.ts';

/** Objects that may be asked about at once. */
const MOST = 8;
/** How long an answer is given to others who ask the same, in ms. */
const FRESH_MS = 10_000;

interface Asked {
  readonly at: number;
  readonly answer: Promise<WhyScene>;
}

/** Walks one chain at a time, and once for all who ask for it within a few seconds: each walk asks an RDS several times. */
export class WhyDesk {
  readonly #walk: (object: string, namespace: string) => Promise<WhyScene>;
  readonly #asked = new Map<string, Asked>();
  #last: Promise<unknown> = Promise.resolve();
  #waiting = 0;

  constructor(walk: (object: string, namespace: string) => Promise<WhyScene>) {
    this.#walk = walk;
  }

  /** @throws Error as the walk says it */
  async ask(object: string, namespace: string): Promise<WhyScene> {
    const now = performance.now();
    for (const [key, { at }] of this.#asked) {
      if (now - at >= FRESH_MS) this.#asked.delete(key);
    }
    const key = `${namespace}/${object}`;
    const known = this.#asked.get(key);
    if (known !== undefined) return await known.answer;
    if (this.#waiting >= MOST) throw new Error('too much is asked about at once; ask again in a moment');
    this.#waiting += 1;
    const answer = this.#last.then(() => this.#walk(object, namespace));
    this.#last = answer
      .catch(() => undefined)
      .finally(() => {
        this.#waiting -= 1;
      });
    this.#asked.set(key, { at: now, answer });
    return await answer;
  }
}
