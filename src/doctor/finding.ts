/**
 * What a test of the RDS came to: `fits` as the driver assumes; `differs` but the driver copes, or only comfort is lost;
 * `unusable` means that the driver must not be used so; `untested` could not be determined.
 */
export type Verdict = 'fits' | 'differs' | 'unusable' | 'untested';

/** A measured value: milliseconds, bytes, counts, or a text of the device. */
export type Detail = string | number | boolean;

export interface Finding {
  readonly verdict: Verdict;
  /** What the device did, in a sentence without figures of chance. */
  readonly device: string;
  /** What the driver will do about it, and where that is not enough, what the reader can do. */
  readonly driver: string;
  /** Figures, for JSON and for reports. */
  readonly details?: Readonly<Record<string, Detail>>;
  /** Shown below the table. Those that begin with a blank are for copying and are never broken. */
  readonly lines?: readonly string[];
}

/** A finding with the test that it belongs to. */
export interface NamedFinding extends Finding {
  readonly id: string;
  readonly title: string;
  /** The unknown of docs/routeros.md, 14 that it is about. */
  readonly unknown?: string;
  readonly needs: 'read' | 'write';
  /** Label of the pool, for a test that is made in each. */
  readonly pool?: string;
}

export function fits(device: string, driver: string, details: Readonly<Record<string, Detail>> = {}): Finding {
  return { verdict: 'fits', device, driver, details };
}

export function differs(device: string, driver: string, details: Readonly<Record<string, Detail>> = {}): Finding {
  return { verdict: 'differs', device, driver, details };
}

export function unusable(device: string, driver: string, details: Readonly<Record<string, Detail>> = {}): Finding {
  return { verdict: 'unusable', device, driver, details };
}

export function untested(device: string, driver: string, details: Readonly<Record<string, Detail>> = {}): Finding {
  return { verdict: 'untested', device, driver, details };
}
