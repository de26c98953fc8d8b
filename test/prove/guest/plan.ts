import type { Configuration } from '../../data-plane/guest/cluster.ts';
import type { Access, Door } from '../access.ts';

/** What the initiator is given, with paths and addresses as it sees them. */
export interface InitiatorPlan {
  readonly door: Door;
  readonly nvme: Access['nvme'];
  readonly pool: Access['pool'];
  readonly configuration: Configuration;
  /** Begins the names of the scratch objects that it makes without the driver; lower case, digits and dashes. */
  readonly scratch: string;
  /** Whether the device may be restarted, which the machine outside does when it is asked to. */
  readonly restarts: boolean;
}

/** The folder of the initiator in which the plan and the keys are. */
export const PLAN_FOLDER = '/rose';
