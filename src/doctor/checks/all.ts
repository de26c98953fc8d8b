import type { PairCheck, PoolCheck, RdsCheck } from '../check.ts';
import { ACCESS_CHECKS } from './access.ts';
import { CONNECTIVITY_CHECKS, KEY_CHECK } from './connectivity.ts';
import { CONSOLE_CHECKS } from './console.ts';
import { DEVICE_CHECKS } from './device.ts';
import { DISCARD_CHECKS } from './discards.ts';
import { DISK_ITEM_CHECKS } from './disk-items.ts';
import { HEALTH_CHECKS } from './health.ts';
import { LEFTOVER_CHECKS } from './leftovers.ts';
import { POOL_CHECKS } from './pools.ts';
import { PROOF_CHECKS } from './proof.ts';
import { PAIR_CHECKS } from './replicas.ts';
import { SIZE_CHECKS } from './sizes.ts';
import { SUBVOLUME_CHECKS } from './subvolumes.ts';
import { SURVIVAL_CHECKS } from './survival.ts';

/** Tests that change nothing, in the order in which they are made; those of the door come before them. */
export const READ_CHECKS: readonly RdsCheck[] = [
  ...DEVICE_CHECKS,
  ...POOL_CHECKS,
  ...CONSOLE_CHECKS,
  ...DISCARD_CHECKS,
  ...HEALTH_CHECKS,
  ...LEFTOVER_CHECKS,
];

/** Tests with scratch objects, in each pool; that of access comes before them. */
export const WRITE_CHECKS: readonly PoolCheck[] = [
  ...PROOF_CHECKS,
  ...SUBVOLUME_CHECKS,
  ...SIZE_CHECKS,
  ...DISK_ITEM_CHECKS,
  ...SURVIVAL_CHECKS,
];

/** Every test there is. */
export const ALL_CHECKS: readonly (RdsCheck | PoolCheck | PairCheck)[] = [
  KEY_CHECK,
  ...CONNECTIVITY_CHECKS,
  ...READ_CHECKS,
  ...ACCESS_CHECKS,
  ...WRITE_CHECKS,
  ...PAIR_CHECKS,
];
