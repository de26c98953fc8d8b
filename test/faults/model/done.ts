import type { Sent } from './commands.ts';
import type { Outcome } from './outcome.ts';

/** A command that was run, and how it ended. */
export interface Done extends Sent {
  readonly outcome: Outcome;
  /** The controller process that it went through. */
  readonly process: number;
  /** Whether that process has done nothing to the object before, in other batches. */
  readonly isFirst: boolean;
}
