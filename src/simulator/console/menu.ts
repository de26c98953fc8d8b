import type { Value } from './value.ts';

/**
 * The seam between the console (the language) and the device (the menus). The console parses, checks argument names,
 * evaluates arguments, and implements the commands that work on any table of rows: `find`, `print` and `get`. A menu
 * supplies its rows and carries out what changes the device.
 */

/** One item of a menu. A property that is unset is absent, as in `print as-value`. */
export interface Row {
  readonly id: string;
  /** Everything `print detail` shows, flags included as booleans under their long names (`mounted`, `dead`). */
  readonly props: ReadonlyMap<string, Value>;
}

/**
 * Arguments of one command by name, already evaluated. An unnamed value stands under the command's default name. A word
 * arrives as the text that it is, quoted or not (`yes`, `5G`, `0123`), since its type is the menu's business; a value that
 * the script computed arrives as num, bool or whatever it is.
 */
export type Arguments = ReadonlyMap<string, Value>;

/** Raised by a menu when the device refuses; the text is printed as RouterOS prints it, e.g. `failure: …`. */
export class DeviceFailure extends Error {
  override readonly name = 'DeviceFailure';
}

export interface Menu {
  /** Full path without a trailing slash, e.g. `/disk/btrfs/subvolume`. */
  readonly path: string;
  /** `list` menus print an array of rows; `singleton` menus such as `/system/identity` have one row and print a bare object. */
  readonly kind: 'list' | 'singleton';
  /** Every command with the argument names it accepts. An unknown command or argument fails at parse time. */
  readonly commands: Readonly<Record<string, readonly string[]>>;
  /** The property under which other commands may refer to an item by name (`slot` for /disk, `name` elsewhere). */
  readonly nameProperty?: string;
  /** Flag letters of the human table, long property name to letter (`mounted` to `M`). */
  readonly flags: Readonly<Record<string, string>>;
  /**
   * Names of the properties that a row may carry, read-only ones included. A `where`, `proplist` or `get` that names a
   * property found neither here, nor among the arguments of {@link commands}, nor in any row fails. Defaults to none.
   */
  readonly properties?: readonly string[];
  /** Properties that `print` shows without `detail`, in order. Defaults to the first five of {@link properties}. */
  readonly columns?: readonly string[];

  /**
   * @param user The account that looks; undefined for the device itself.
   * @throws {@link DeviceFailure} when it may not.
   */
  rows(user?: string): Promise<readonly Row[]>;

  /**
   * Carries out a command other than find, print and get.
   *
   * @param command `add`, `set`, `remove`, `enable`, … as named in {@link commands}.
   * @param ids The items that the command's `numbers` resolved to; empty for `add`.
   * @param args The remaining arguments, evaluated.
   * @param user The account that runs it; undefined for the device itself, which may do everything.
   * @returns the new item's id for `add`, nothing otherwise.
   * @throws {@link DeviceFailure} when the device refuses.
   */
  run(command: string, ids: readonly string[], args: Arguments, user?: string): Promise<string | undefined>;
}

/** All menus of the device, by path. */
export interface Menus {
  find(path: string): Menu | undefined;
  /** Every menu path, so that a parser can tell a menu from a command (`/disk` from `/disk/print`). */
  paths(): readonly string[];
  /** Paths of menus that the device has and the simulator has not. */
  unsimulated(): readonly string[];
}
