import { randomBytes } from 'node:crypto';

/** What every name begins with that this command makes on an RDS; volumes and snapshots begin with `pvc-` and `snap-`. */
const PREFIX = 'rose-doctor-';

/** 8 hex digits of the unix seconds at which the run began, 4 of chance. */
const RUN = /^rose.doctor.([0-9a-f]{8})([0-9a-f]{4})/i;

/** A name for one run: 24 characters, so that a slot has 8 left (docs/routeros.md, 4.4). */
export function newRun(now = Date.now(), chance = randomBytes(2).toString('hex')): string {
  return `${PREFIX}${Math.floor(now / 1000)
    .toString(16)
    .padStart(8, '0')}${chance}`;
}

/**
 * The run that a name on the RDS belongs to, and when that began, by the clock of whoever ran it; undefined for names of
 * others. Tolerant of devices that change case or dashes (U6, U19).
 */
export function runOf(name: string): { readonly run: string; readonly begunMs: number } | undefined {
  const [, seconds = '', chance = ''] = RUN.exec(name) ?? [];
  return seconds === ''
    ? undefined
    : { run: `${PREFIX}${seconds}${chance}`.toLowerCase(), begunMs: Number.parseInt(seconds, 16) * 1000 };
}

export interface ScratchObject {
  /** `transfer` is a row that sends a subvolume of the name. */
  readonly kind: 'subvolume' | 'disk' | 'transfer';
  readonly label: string;
  readonly name: string;
}

/** What one run may have made on an RDS. Each object is entered before the command that makes it is sent. */
export class ScratchRegistry {
  readonly run: string;
  readonly #objects: ScratchObject[] = [];
  #appearingUntil = 0;

  constructor(run = newRun()) {
    this.run = run;
  }

  /** In the order in which they are to be removed: the last first. */
  get objects(): readonly ScratchObject[] {
    return this.#objects.toReversed();
  }

  add(object: ScratchObject): void {
    this.#objects.push(object);
  }

  /** A script that lost its connection may still make something for this long, in milliseconds (U22). */
  mayAppearWithin(ms: number): void {
    this.#appearingUntil = Date.now() + ms;
  }

  /** Milliseconds until nothing more can appear. */
  get stillAppearingMs(): number {
    return Math.max(0, this.#appearingUntil - Date.now());
  }
}

/** Names for objects in one pool. */
export class Scratch {
  readonly #registry: ScratchRegistry;
  readonly #label: string;

  constructor(registry: ScratchRegistry, label: string) {
    this.#registry = registry;
    this.#label = label;
  }

  get run(): string {
    return this.#registry.run;
  }

  /** A new name for a subvolume, entered. @param length pads the name to so many characters. */
  subvolume(length = 0): string {
    return this.#enter('subvolume', length);
  }

  /** A new slot for a disk item, entered. */
  slot(length = 0): string {
    return this.#enter('disk', length);
  }

  /** Enters something with a name of another place: a transfer of a subvolume, or what it brings. */
  enter(kind: 'subvolume' | 'transfer', name: string): void {
    this.#registry.add({ kind, label: this.#label, name });
  }

  /** See {@link ScratchRegistry.mayAppearWithin}. */
  mayAppearWithin(ms: number): void {
    this.#registry.mayAppearWithin(ms);
  }

  /** A text of the device without the names that are new in each run. */
  plain(text: string): string {
    return text.replaceAll(new RegExp(`${this.run}[-a-z0-9]*`, 'g'), 'the scratch object');
  }

  #enter(kind: ScratchObject['kind'], length: number): string {
    // Unique over all pools of the RDS: names of slots are, and names of subvolumes had better be.
    const begin = `${this.#registry.run}-${this.#registry.objects.length.toString(36)}`;
    const name = begin.padEnd(length, '-0123456789abcdefghij');
    this.#registry.add({ kind, label: this.#label, name });
    return name;
  }
}
