import type { Case } from './case.fixture.ts';
import { CLAIM_CASES } from './claim-cases.fixture.ts';
import { DELETION_CASES } from './deletion-cases.fixture.ts';
import { RDS_CASES } from './rds-cases.fixture.ts';
import { SNAPSHOT_CASES } from './snapshot-cases.fixture.ts';
import { USE_CASES } from './use-cases.fixture.ts';

/** Every way to be stuck, and some that are none. */
export const CASES: readonly Case[] = [
  ...CLAIM_CASES,
  ...DELETION_CASES,
  ...USE_CASES,
  ...RDS_CASES,
  ...SNAPSHOT_CASES,
];
