import type { SimulatorApi } from '../support/simulator-api.ts';

export interface Step {
  readonly name: string;
  /** Milliseconds, seen by the caller. */
  readonly ms: number;
  /** Commands that the RDS ran for it. */
  readonly execs: number;
}

/** Runs the steps of the demo one after the other, measures each, and shows how far it is. */
export class Steps {
  readonly done: Step[] = [];
  readonly #api: Pick<SimulatorApi, 'execs'>;
  readonly #show: (text: string) => void;

  constructor(api: Pick<SimulatorApi, 'execs'>, show: (text: string) => void) {
    this.#api = api;
    this.#show = show;
  }

  async run<T>(name: string, work: () => Promise<T>): Promise<T> {
    this.#show(`  ${name.padEnd(62)}`);
    const execs = await this.#api.execs();
    const begin = performance.now();
    const result = await work();
    const ms = Math.round((performance.now() - begin) * 10) / 10;
    const step = { name, ms, execs: (await this.#api.execs()) - execs };
    this.done.push(step);
    this.#show(`${step.ms.toFixed(0).padStart(7)} ms ${String(step.execs).padStart(5)}\n`);
    return result;
  }
}
