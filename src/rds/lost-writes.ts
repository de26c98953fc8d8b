import type { Call, Clock } from '../routeros/index.ts';
import { RdsError } from './errors.ts';
import type { Writing } from './operation.ts';
import type { ObjectRef } from './refs.ts';

type Write = Pick<Writing<unknown>, 'object' | 'name' | 'removes'>;

interface Lost {
  readonly name: string;
  /** When it certainly writes nothing any more, in milliseconds of the clock. */
  readonly quietAt: number;
}

/**
 * Keeps apart what must not meet on the RDS: a script whose answer was lost may go on writing until its deadline
 * (docs/routeros.md, U22), so until then no other operation is sent on the same object; a repeat of the same one is, as
 * scripts complete what they find. Every script is right beside any other all the same, since another process may send one;
 * what this adds is that nothing is left behind, such as a volume that is made after it was deleted.
 *
 * A process that has just begun does not know what the one before it has lost, so it removes nothing until that one's deadline
 * has passed, too.
 */
export class LostWrites {
  readonly #clock: Clock;
  /** Until when an earlier process may be at work. */
  readonly #predecessorQuietAt: number;
  readonly #lost = new Map<string, readonly Lost[]>();

  /** @param predecessorMs for how long, in milliseconds from now, a script of an earlier process may go on; 0 for none. */
  constructor(clock: Clock, predecessorMs: number) {
    this.#clock = clock;
    this.#predecessorQuietAt = predecessorMs === 0 ? 0 : clock.now() + predecessorMs;
  }

  /**
   * Waits until the operation may be sent.
   *
   * @throws RdsError `waiting` when that is later than the caller waits, `cancelled` when the caller gives up.
   */
  async settle(write: Write, { signal, deadline }: Call): Promise<void> {
    const ms = this.#othersQuietAt(write) - this.#clock.now();
    if (ms > 0) {
      if (deadline !== undefined && Date.now() + ms >= deadline) {
        throw new RdsError('RDS-WAITING', `for ${Math.ceil(ms / 1000)} s`);
      }
      try {
        await this.#clock.wait(ms, signal);
      } catch (cause) {
        throw new RdsError('RDS-CANCELLED', 'while it waited for an earlier command', { cause });
      }
    }
  }

  /** Remembers that an operation was sent and not answered. */
  note(write: Write, quietAt: number): void {
    this.#forgetOld();
    const key = keyOf(write.object);
    this.#lost.set(key, [...(this.#lost.get(key) ?? []), { name: write.name, quietAt }]);
  }

  /** When those of this very operation that were lost certainly write nothing any more; 0 when none was, or long ago. */
  quietAt({ object, name }: Pick<Write, 'object' | 'name'>): number {
    const same = (this.#lost.get(keyOf(object)) ?? []).filter((lost) => lost.name === name);
    return Math.max(0, ...same.map(({ quietAt }) => quietAt));
  }

  #othersQuietAt({ object, name, removes }: Write): number {
    const others = (this.#lost.get(keyOf(object)) ?? []).filter((lost) => lost.name !== name);
    return Math.max(removes ? this.#predecessorQuietAt : 0, ...others.map(({ quietAt }) => quietAt));
  }

  #forgetOld(): void {
    const now = this.#clock.now();
    for (const [key, lost] of this.#lost) if (lost.every(({ quietAt }) => quietAt <= now)) this.#lost.delete(key);
  }
}

function keyOf({ kind, uuid }: ObjectRef): string {
  return `${kind}-${uuid}`;
}
