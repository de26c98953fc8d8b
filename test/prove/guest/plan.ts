import type { Configuration } from '../../data-plane/guest/cluster.ts';
import type { Door } from '../access.ts';
import type { ScratchPlace } from '../scratch-item.ts';

/** What the initiator is given, with paths and addresses as it sees them. */
export interface InitiatorPlan extends ScratchPlace {
  readonly door: Door;
  readonly configuration: Configuration;
  /** Whether the device may be restarted, which the machine outside does when it is asked to. */
  readonly restarts: boolean;
}

/** The folder of the initiator in which the plan and the keys are. */
export const PLAN_FOLDER = '/rose';
