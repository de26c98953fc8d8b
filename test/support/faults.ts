import type { ConsoleHooks, Statement } from '../../src/simulator/console/console.ts';
import { DeviceFailure } from '../../src/simulator/console/menu.ts';

/** Which commands are meant: all of the given properties must fit. */
export interface StatementMatch {
  readonly path: string;
  readonly command: string;
  /** Must occur in the command as it stands in the script. */
  readonly text?: string;
}

interface Fault {
  readonly target: StatementMatch;
  readonly act: () => Promise<void> | void;
  left: number;
}

/** Watches the menu commands of a simulated RDS and interferes with some of them. Pass {@link hooks} to the simulator. */
export class Faults {
  /** Every command that began: `path command` for those of a menu, `:put` and the like for the others. */
  readonly seen: string[] = [];
  readonly #faults: Fault[] = [];

  readonly hooks: ConsoleHooks = {
    beforeStatement: async (statement) => {
      const { path, command = '' } = statement;
      this.seen.push(path === undefined ? command : `${path} ${command}`);
      const fault = this.#faults.find(({ target, left }) => left > 0 && fits(target, statement));
      if (fault === undefined) return;
      fault.left -= 1;
      await fault.act();
    },
  };

  /** The next `times` commands of this kind fail with a text of the device. */
  fail(target: StatementMatch, times = Number.POSITIVE_INFINITY, text = 'failure: no luck today'): void {
    this.before(
      target,
      () => {
        throw new DeviceFailure(text);
      },
      times,
    );
  }

  /** Something else happens before the next `times` commands of this kind run. */
  before(target: StatementMatch, act: () => Promise<void> | void, times = 1): void {
    this.#faults.push({ target, act, left: times });
  }

  /** One command of each kind waits for the others, so that they run at once. */
  meet(...targets: readonly StatementMatch[]): void {
    const everyone = Promise.withResolvers<void>();
    let missing = targets.length;
    for (const target of targets) {
      this.before(target, async () => {
        missing -= 1;
        if (missing === 0) everyone.resolve();
        await everyone.promise;
      });
    }
  }

  /** The next command of this kind waits for `release`; `reached` says that it does. */
  hold(target: StatementMatch): { readonly reached: Promise<void>; release(): void } {
    const arrival = Promise.withResolvers<void>();
    const end = Promise.withResolvers<void>();
    this.before(target, async () => {
      arrival.resolve();
      await end.promise;
    });
    return { reached: arrival.promise, release: end.resolve };
  }

  /** All is well again. */
  heal(): void {
    this.#faults.length = 0;
  }
}

function fits(target: StatementMatch, { path, command, text }: Statement): boolean {
  return target.path === path && target.command === command && text.includes(target.text ?? '');
}
