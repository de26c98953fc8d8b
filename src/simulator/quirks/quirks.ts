import { nearest } from '../../schema/nearest.ts';
import { HOST_CLOCK } from '../clock.ts';
import { type Dialect, PLAIN_DIALECT } from '../console/dialect.ts';
import type { Menus } from '../console/menu.ts';
import { type DeviceBehavior, STRICT_BEHAVIOR } from '../device/behavior.ts';
import { breakLines, cutAfter, type OutputFilter } from '../output/output-filter.ts';
import { DEVICE_QUIRKS } from './device-quirks.ts';
import { DISK_QUIRKS } from './disk-quirks.ts';
import { HEALTH_QUIRKS } from './health-quirks.ts';
import { LANGUAGE_QUIRKS } from './language-quirks.ts';
import type { Effects, Quirk, QuirkDefinition, SshEffects } from './quirk.ts';
import { quirkyMenus } from './quirky-menus.ts';
import { SIZE_QUIRKS } from './size-quirks.ts';
import { SSH_QUIRKS } from './ssh-quirks.ts';
import { SUBVOLUME_QUIRKS } from './subvolume-quirks.ts';
import { TRANSFER_QUIRKS } from './transfer-quirks.ts';

const DEFINITIONS: readonly QuirkDefinition[] = [
  ...SSH_QUIRKS,
  ...LANGUAGE_QUIRKS,
  ...SIZE_QUIRKS,
  ...DISK_QUIRKS,
  ...HEALTH_QUIRKS,
  ...SUBVOLUME_QUIRKS,
  ...TRANSFER_QUIRKS,
  ...DEVICE_QUIRKS,
];

/** Every quirk that there is, by the number of the unknown; those without one come last. */
export const QUIRKS: readonly Quirk[] = DEFINITIONS.map(({ effects: _, ...quirk }) => quirk).toSorted(
  (a, b) => order(a) - order(b),
);

export type { Quirk };

function order({ unknown }: Quirk): number {
  return unknown === undefined ? Number.POSITIVE_INFINITY : Number(unknown.slice(1));
}

/** The quirks that a device has now. */
export class Quirks {
  readonly #clock: () => number;
  #names: readonly string[] = [];
  #effects: readonly Effects[] = [];
  #ssh: SshEffects = {};
  #dialect = PLAIN_DIALECT;
  #device = STRICT_BEHAVIOR;
  #menus: { readonly of: Menus; readonly quirky: Menus } | undefined;

  /**
   * @param clock Reads the device's clock, in ms, for what lasts a while.
   * @throws Error as {@link set} does.
   */
  constructor(names: readonly string[] = [], clock: () => number = HOST_CLOCK.now) {
    this.#clock = clock;
    this.set(names);
  }

  /**
   * The device has these quirks from now on, and no others.
   *
   * @throws Error for an unknown name; it lists those that there are.
   */
  set(names: readonly string[]): void {
    const unique = [...new Set(names)];
    const definitions = unique.map(definitionOf);
    this.#names = unique;
    this.#effects = definitions.map((definition) => definition.effects(this.#clock));
    this.#ssh = merged<SshEffects>(
      {},
      this.#effects.map(({ ssh }) => ssh),
    );
    this.#dialect = merged(
      PLAIN_DIALECT,
      this.#effects.map(({ dialect }) => dialect),
    );
    this.#device = merged(
      STRICT_BEHAVIOR,
      this.#effects.map(({ device }) => device),
    );
    this.#menus = undefined;
  }

  get names(): readonly string[] {
    return this.#names;
  }

  get ssh(): SshEffects {
    return this.#ssh;
  }

  get dialect(): Dialect {
    return this.#dialect;
  }

  get device(): DeviceBehavior {
    return this.#device;
  }

  /** What the output of an exec goes through. */
  filters(): readonly OutputFilter[] {
    const { breakLines: lines, maxOutputBytes } = this.#ssh;
    return [
      ...(lines === undefined ? [] : [breakLines(lines.columns, lines.inserted)]),
      ...(maxOutputBytes === undefined ? [] : [cutAfter(maxOutputBytes)]),
    ];
  }

  /** The menus of the device as they appear with the quirks of each moment. */
  menus(device: Menus): Menus {
    const now = () => {
      if (this.#menus?.of !== device) {
        const effects = this.#effects.flatMap(({ menus }) => (menus === undefined ? [] : [menus]));
        this.#menus = { of: device, quirky: quirkyMenus(device, effects) };
      }
      return this.#menus.quirky;
    };
    return { find: (path) => now().find(path), paths: () => now().paths(), unsimulated: () => now().unsimulated() };
  }
}

/** The base with all changes, the last of which counts. */
function merged<T extends object>(base: T, changes: readonly (Partial<T> | undefined)[]): T {
  return Object.assign({}, base, ...changes);
}

function definitionOf(name: string): QuirkDefinition {
  const found = DEFINITIONS.find((definition) => definition.name === name);
  if (found !== undefined) return found;
  const names = QUIRKS.map((quirk) => quirk.name);
  const meant = nearest(name, names);
  const question = meant === undefined ? '' : `; did you mean ${meant}?`;
  throw new Error(`there is no quirk "${name}", only ${names.join(', ')}${question}`);
}
