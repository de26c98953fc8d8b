import { type Clock, RdsError } from '../rds/index.ts';
import type { Call } from './call.ts';

/**
 * Milliseconds after which a change is believed if it still stands. RouterOS has no compare-and-set, so a script that looked
 * right before another one wrote may write right after it; after this time every such script has (Fischer's mutual exclusion).
 */
const SETTLE_MS = 100;

/**
 * Waits until what was written can be looked at again, without holding the connection.
 *
 * @throws RdsError `RDS-CANCELLED` when the caller gives up first.
 */
export async function settle(clock: Clock, { signal }: Call): Promise<void> {
  try {
    await clock.wait(SETTLE_MS, signal);
  } catch (cause) {
    throw new RdsError('RDS-CANCELLED', '', { cause });
  }
}
