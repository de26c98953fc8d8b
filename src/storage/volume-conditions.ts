import type { Condition } from '../failures/conditions.ts';
import { printExactSize } from '../failures/print-size.ts';
import type { DiskRow, VolumeName } from '../rds/index.ts';

/**
 * What is wrong with a volume that is on its RDS. What the RDS does not report, such as the size of an image that it has not
 * read yet, says nothing.
 *
 * @param disk its item; undefined when an intact answer says that there is none
 */
export function examineVolume(
  { requestedBytes }: Pick<VolumeName, 'requestedBytes'>,
  disk: Pick<DiskRow, 'size' | 'exported' | 'publications'> | undefined,
): Condition[] {
  if (disk === undefined) return [{ code: 'DiskItemLost', detail: '' }];
  const { size, exported, publications } = disk;
  return [
    ...smaller(size, requestedBytes),
    ...(publications.length > 0 && !exported ? [{ code: 'ExportLost', detail: '' } as const] : []),
  ];
}

/**
 * Whether an image has less than it should, which the driver itself never does. A size of zero is one that the RDS has not read
 * yet (docs/routeros.md, U24).
 */
export function smaller(size: bigint | undefined, wanted: bigint): Condition[] {
  if (size === undefined || size === 0n || size >= wanted) return [];
  return [{ code: 'ImageSmaller', detail: `${printExactSize(size)} of ${printExactSize(wanted)}` }];
}
