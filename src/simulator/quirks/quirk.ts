import type { Dialect } from '../console/dialect.ts';
import type { Arguments, Menu, Row } from '../console/menu.ts';
import type { DeviceBehavior } from '../device/behavior.ts';
import type { Hanging } from '../ssh/behavior.ts';

/** One way in which a real device might differ from the simulator's strict default. */
export interface Quirk {
  /** In kebab case. */
  readonly name: string;
  /** The unknown that it answers, e.g. `U3` (docs/routeros.md, 14); absent where the device differs in something known. */
  readonly unknown?: string;
  /** What the device then does, in one line. */
  readonly summary: string;
}

/** A quirk and how it comes about. */
export interface QuirkDefinition extends Quirk {
  /**
   * Called each time it is switched on, so that what it remembers begins again.
   *
   * @param clock Reads the device's clock, in ms.
   */
  effects(clock: () => number): Effects;
}

/** A quirk that is another behavior of the device, and nothing else. */
export function behavior(
  name: string,
  unknown: string,
  summary: string,
  device: Partial<DeviceBehavior>,
): QuirkDefinition {
  return { name, unknown, summary, effects: () => ({ device }) };
}

/** What a quirk changes. Of several quirks that change one thing, the one named last decides. */
export interface Effects {
  readonly ssh?: SshEffects;
  readonly dialect?: Partial<Dialect>;
  readonly device?: Partial<DeviceBehavior>;
  readonly menus?: MenuEffects;
}

export interface SshEffects {
  /** Exit status of a command; undefined sends none. */
  readonly exitStatus?: (failed: boolean) => number | undefined;
  /** A longer command is cut off there. */
  readonly maxCommandBytes?: number;
  /** A log-in beyond so many connections is refused. */
  readonly maxSessions?: number;
  /** A channel beyond so many on one connection is refused. */
  readonly maxChannels?: number;
  /** What hangs once a connection has so many channels. */
  readonly hangs?: { readonly channels: number; readonly what: Hanging };
  /** Lines are broken after so many bytes, with this text. */
  readonly breakLines?: { readonly columns: number; readonly inserted: string };
  /** The output of one exec ends after so many bytes. */
  readonly maxOutputBytes?: number;
  /** Whether a script dies with its channel. */
  readonly diesWithChannel?: boolean;
}

/** One call of a command of a menu on its way to the device. */
export interface MenuRun {
  readonly command: string;
  readonly ids: readonly string[];
  readonly args: Arguments;
  /** The account that runs it; undefined for the device itself. */
  readonly user: string | undefined;
}

/** Stands between the console and the menus. */
export interface MenuEffects {
  /** Menus that the device does not have. */
  hides?(path: string): boolean;
  /** Arguments that a menu does not know. */
  hidesArgument?(path: string, argument: string): boolean;
  /** What the rows of a menu look like. */
  rows?(path: string, rows: readonly Row[]): readonly Row[];
  /**
   * Runs a command other than find, print and get.
   *
   * @param next Runs it on as it is given.
   */
  run?(menu: Menu, call: MenuRun, next: (call: MenuRun) => Promise<string | undefined>): Promise<string | undefined>;
}
