import type { Guest } from './qemu.ts';

/** A guest whose power can be taken away and given back: it boots again with the disk that it had. */
export class PoweredGuest {
  readonly #boot: () => Guest;
  #guest: Guest;

  constructor(boot: () => Guest) {
    this.#boot = boot;
    this.#guest = boot();
  }

  /** Exit status of the guest that runs now, or ran last. */
  get status(): Promise<number | undefined> {
    return this.#guest.status;
  }

  /** Resolves when it is off, or has begun to boot. */
  async turn(on: boolean): Promise<void> {
    this.#guest.kill();
    await this.#guest.status;
    if (on) this.#guest = this.#boot();
  }
}
