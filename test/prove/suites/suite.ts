import type { DoctorReport } from '../../../src/doctor/doctor.ts';
import type { GuestSystem } from '../../data-plane/guests.ts';
import type { Access } from '../access.ts';
import type { Observation } from '../answers.ts';
import type { SuiteResult } from '../report.ts';
import type { Source } from '../unknowns.ts';
import type { RunningController } from './controller.ts';

/** What a suite is given. */
export interface Ground {
  /** For files of its own, removed at the end. */
  readonly directory: string;
  readonly access: Access;
  /** Of the run: the objects of each are its own on the device. */
  readonly clusterId: string;
  /** Configuration of the controller for the device. */
  readonly configFile: string;
  /** A controller for the device, which the suites share, since each removes nothing for its first 11 s. */
  controller(): Promise<RunningController>;
  /** What the second machine boots, where it is made already. */
  readonly guests?: GuestSystem;
  /** Restarts the device and returns when it is up again; undefined for a device that exists, which is not restarted. */
  restart?(): Promise<void>;
  /** Shows how far it is. */
  show(line: string): void;
}

/** What a suite came to. */
export interface Outcome extends Pick<SuiteResult, 'state' | 'said' | 'more'> {
  /** Everything that it printed. */
  readonly transcript: string;
  readonly observations?: readonly Observation[];
  readonly doctor?: DoctorReport;
}

export interface Suite {
  readonly name: string;
  /** The sources that are silent when it does not run. */
  readonly tells: readonly Source[];
  run(ground: Ground): Promise<Outcome>;
}

/** A suite that this machine cannot run, and why. */
export function notRun(why: string): Outcome {
  return { state: 'not run', said: why, transcript: `${why}\n` };
}

/** A suite that failed before it came to an end. */
export function failed(error: unknown, transcript = ''): Outcome {
  const said = error instanceof Error ? error.message : String(error);
  return { state: 'failed', said: said.split('\n', 1)[0] ?? said, transcript: `${transcript}\n${said}\n` };
}
