/** Sizes are bytes as `bigint` end to end; this is the only place that rounds those of volumes. */

import { printExactSize } from '../failures/print-size.ts';
import { StorageError } from './errors.ts';
import type { CapacityRange } from './storage.ts';

export const MiB = 1024n * 1024n;
export const GiB = 1024n * MiB;

/** Size of a new volume for which the request names none. */
const DEFAULT_BYTES = GiB;

/** Largest size that is sent to a device: far below 64 bits signed, so that the device's sums with it cannot overflow. */
const MAX_BYTES = 2n ** 60n;

/** Rounds up to the next MiB, the granularity of every image that is made here. */
export function roundUp(bytes: bigint): bigint {
  return ((bytes + MiB - 1n) / MiB) * MiB;
}

/** Rounds down to a MiB: what is rounded up afterwards is no more than there was. */
export function roundDown(bytes: bigint): bigint {
  return (bytes / MiB) * MiB;
}

/**
 * The bytes that a request asks for, rounded up to 1 MiB; 0 when it leaves the choice to the source of a restore.
 *
 * @throws StorageError `outOfRange` when no multiple of 1 MiB lies within the range, or the size is absurd.
 */
export function requestedBytes(range: CapacityRange, hasSource: boolean): bigint {
  if (range.requiredBytes > MAX_BYTES) {
    throw new StorageError(
      'DRV-RANGE',
      '',
      `the requested ${printExactSize(range.requiredBytes)} exceed what a volume can have`,
    );
  }
  const wanted = roundUp(range.requiredBytes);
  const bytes = wanted === 0n && !hasSource ? defaultWithin(range.limitBytes) : wanted;
  if (range.limitBytes > 0n && bytes > range.limitBytes) {
    throw new StorageError(
      'DRV-RANGE',
      '',
      `volumes are multiples of 1 MiB: the request needs ${printExactSize(bytes)}, its limit is ${printExactSize(range.limitBytes)}`,
    );
  }
  return bytes;
}

function defaultWithin(limit: bigint): bigint {
  if (limit === 0n || limit >= DEFAULT_BYTES) {
    return DEFAULT_BYTES;
  }
  const fitting = roundDown(limit);
  return fitting === 0n ? MiB : fitting;
}
