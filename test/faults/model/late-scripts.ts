import type { ConsoleHooks } from '../../../src/simulator/console/hooks.ts';
import type { Simulator } from '../../../src/simulator/simulate.ts';
import { look } from '../../support/console.ts';

/** Sees scripts that stood still go on, and whether they do so when they must not write any more. */
export class LateScripts {
  readonly #simulator: () => Simulator;
  #standing: ReadonlySet<string> = new Set();
  #moved = new Map<string, boolean>();

  constructor(rds: () => Simulator) {
    this.#simulator = rds;
  }

  readonly hooks: ConsoleHooks = {
    beforeStatement: (_, { line }) =>
      this.#standing.has(line) && !this.#moved.has(line) ? this.#noteMove(line) : undefined,
  };

  /**
   * To be told which scripts stand still, as they were sent, while no other runs.
   *
   * @returns those that stood still the time before and have gone on since, and whether they were too late to write.
   */
  look(standing: readonly string[]): ReadonlyMap<string, boolean> {
    const moved = this.#moved;
    this.#standing = new Set(standing);
    this.#moved = new Map();
    return moved;
  }

  /** The uptime is read before the script can read it, so what is too late here is too late there. */
  async #noteMove(line: string): Promise<void> {
    const [, deadline] = /:local xU (\d+)s;/.exec(line) ?? [];
    if (deadline === undefined) throw new Error(`a script that may change something at any time: ${line}`);
    this.#moved.set(line, (await uptime(this.#simulator())) >= Number(deadline));
  }
}

/** Whole seconds that an RDS has been up. */
async function uptime(rds: Simulator): Promise<number> {
  const text = await look(rds, ':put [/system/resource get uptime]');
  const [, hours, minutes, seconds] = /^(\d+):(\d\d):(\d\d)$/.exec(text) ?? [];
  if (hours === undefined) throw new Error(`an uptime of ${text}`);
  return (Number(hours) * 60 + Number(minutes)) * 60 + Number(seconds);
}
