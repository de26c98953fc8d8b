/** How large a filesystem may be, so that a claim that no node can serve is refused when it is made. */
import { printExactSize } from '../failures/print-size.ts';
import { StorageError } from '../storage/errors.ts';
import type { CapacityRange } from '../storage/storage.ts';
import type { filesystems } from './volume-capability.ts';

const MiB = 2n ** 20n;
const TiB = 2n ** 40n;

interface Sizes {
  readonly min: bigint;
  readonly max: bigint;
}

/**
 * mkfs.xfs 5.19 and later make none below 300 MiB. An ext4 has 2^32 inodes at most, one for each 16 KiB, which is 64 TiB; up to 50 TiB
 * is what distributions test.
 */
const SIZES: Readonly<Record<(typeof filesystems)[number], Sizes>> = {
  ext4: { min: 0n, max: 50n * TiB },
  xfs: { min: 300n * MiB, max: 2n ** 60n },
};

/** @param fsType of the class or capability; empty when it is not known @throws StorageError `outOfRange` with the bound */
export function refuseUnfit(fsType: string, { requiredBytes, limitBytes }: CapacityRange): void {
  const sizes = Object.entries(SIZES).find(([name]) => name === fsType)?.[1];
  if (sizes === undefined) return;
  const { min, max } = sizes;
  const tooSmall = [requiredBytes, limitBytes].find((bytes) => bytes > 0n && bytes < min);
  if (tooSmall !== undefined) {
    throw new StorageError(
      'DRV-RANGE',
      '',
      `${printExactSize(tooSmall)} is too small for ${fsType}; the least is ${min / MiB}Mi`,
    );
  }
  if (requiredBytes > max) {
    const text = `${printExactSize(requiredBytes)} is too large for ${fsType}; the most is ${max / TiB}Ti (use xfs)`;
    throw new StorageError('DRV-RANGE', '', text);
  }
}
