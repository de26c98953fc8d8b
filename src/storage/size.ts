/** Sizes are bytes as `bigint` end to end; this is the only place that rounds them. */

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

/** Who asks for `100M` has a whole number of these. */
const MB = 1_000_000n;

/** Images of a multiple of this are reported by their own size: it is what was asked for, in binary units. */
const EVEN = 64n * MiB;
/** Smaller ones are reported by their own size, too: they hold hardly more than a filesystem's own tables. */
const SMALL = 16n * MiB;

/**
 * The size to report a snapshot: that of a request for its restore. csi-provisioner compares the two before it asks for the
 * restore, and the manifest that asked for `100M`, and got 96 MiB, must do for it. So it is the least whole number of MB that is
 * rounded up to the size of the image.
 */
export function requestFor(imageBytes: bigint): bigint {
  if (imageBytes < SMALL || imageBytes % EVEN === 0n || imageBytes % MiB !== 0n) return imageBytes;
  const least = ((imageBytes - MiB) / MB + 1n) * MB;
  return least < imageBytes ? least : imageBytes;
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
