/**
 * Every failure that reaches a user, one row each, by its stable code (docs/decisions/0024-failures.md). `RC-` codes are
 * refusals of our scripts on an RDS, `RDS-` codes say how a conversation with one failed, `NODE-` codes come from a node, and
 * `DRV-` codes from the driver itself. A code never changes its meaning, and is never used again.
 */
import { CONNECTION } from './connection.ts';
import { DEVICES } from './devices.ts';
import { DISKS } from './disks.ts';
import { DRIVER } from './driver.ts';
import type { Failure } from './failure.ts';
import { FILESYSTEMS } from './filesystems.ts';
import { POOLS } from './pools.ts';
import { REPLICAS } from './replicas.ts';
import { SOURCES } from './sources.ts';

const ROWS = { ...POOLS, ...SOURCES, ...REPLICAS, ...DISKS, ...CONNECTION, ...DRIVER, ...DEVICES, ...FILESYSTEMS };

export type FailureCode = keyof typeof ROWS;

/** By code. */
export const FAILURES: Readonly<Record<FailureCode, Failure>> = ROWS;

export function isFailureCode(text: string): text is FailureCode {
  return Object.hasOwn(FAILURES, text);
}
