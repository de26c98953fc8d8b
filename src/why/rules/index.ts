import type { Rule } from '../finding.ts';
import { attachmentRules } from './attachment.ts';
import { claimRules } from './claim.ts';
import { contentRules } from './content.ts';
import { deletionRules } from './deletion.ts';
import { deviceRules } from './device.ts';
import { driverRules } from './driver.ts';
import { expansionRules } from './expansion.ts';
import { healthRules } from './health.ts';
import { podRules } from './pod.ts';
import { snapshotRules } from './snapshot.ts';
import { sourceRules } from './source.ts';
import { volumeRules } from './volume.ts';

/**
 * Every way to be stuck that is known, causes before their effects: the first that finds something is the verdict, and
 * the others stand behind it. A new case is a new entry of one of these lists.
 */
export const RULES: readonly Rule[] = [
  ...volumeRules,
  ...deviceRules,
  ...driverRules,
  ...sourceRules,
  ...snapshotRules,
  ...contentRules,
  ...claimRules,
  ...deletionRules,
  ...attachmentRules,
  ...healthRules,
  ...podRules,
  ...expansionRules,
];
