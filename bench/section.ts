import type { Row } from './rows.ts';

export interface Setting {
  /** The bundled program. */
  readonly program: string;
  /** The bundled program of another version, to be measured beside it; undefined for none. */
  readonly other: string | undefined;
  /** Few samples: to see whether it works, not to believe the figures. */
  readonly quick: boolean;
  /** Shows how far a piece of work is. */
  progress(what: string, done: number, of: number): void;
}

/** One part of the benchmark, which can be run by itself. */
export interface Section {
  /** For `--only`. */
  readonly name: string;
  /** One line for `--help`. */
  readonly about: string;
  run(setting: Setting): Promise<readonly Row[]>;
}
