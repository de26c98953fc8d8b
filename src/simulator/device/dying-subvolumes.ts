import type { Clock } from '../clock.ts';
import type { SubvolumeRecord } from './records.ts';

interface Dying {
  readonly subvolume: SubvolumeRecord;
  /** Space that comes back at the end. */
  readonly bytes: number;
  /** By the clock of the device, in ms. */
  readonly until: number;
}

/** Subvolumes that were removed and are still being taken down: listed as `dead`, their space not free yet (U9). */
export class DyingSubvolumes {
  readonly #clock: Clock;
  #dying: readonly Dying[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** @param bytes Space that comes back after `ms`. */
  add(subvolume: SubvolumeRecord, bytes: number, ms: number): void {
    this.#dying = [...this.#now(), { subvolume, bytes, until: this.#clock.now() + ms }];
  }

  list(): readonly SubvolumeRecord[] {
    return this.#now().map(({ subvolume }) => subvolume);
  }

  /** Space of the pool that is still to come back, in bytes. */
  bytes(pool: string): number {
    return this.#now().reduce((sum, { subvolume, bytes }) => sum + (subvolume.pool === pool ? bytes : 0), 0);
  }

  #now(): readonly Dying[] {
    if (this.#dying.length > 0) this.#dying = this.#dying.filter(({ until }) => until > this.#clock.now());
    return this.#dying;
  }
}
