import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { unlessAbsent } from './errno.ts';

/** A block device as the kernel shows it now. Names are given again, so it is never kept from one step to the next. */
export interface BlockDevice {
  /** Such as `/dev/nvme0n1`. */
  readonly path: string;
  /** `major:minor`, as in mountinfo. */
  readonly number: string;
  readonly bytes: bigint;
  readonly readOnly: boolean;
  /** Differs between two devices that had the same name one after the other; empty before Linux 5.15. */
  readonly sequence: string;
}

/** Where sysfs and the device nodes are; replaced in tests. */
export interface Places {
  readonly sys: string;
  readonly dev: string;
}

export const PLACES: Places = { sys: '/sys', dev: '/dev' };

/**
 * The filesystem that device nodes are in, as `major:minor` of mountinfo. Not its type and a name in it: any pod can make a tmpfs
 * with a file that is called like a device.
 */
export const DEV_FILESYSTEM = numberOf((await stat(PLACES.dev, { bigint: true })).dev);

/** A device number of stat(2) as sysfs and mountinfo print it (makedev(3)). */
function numberOf(dev: bigint): string {
  const major = ((dev >> 8n) & 0xfffn) | ((dev >> 32n) & ~0xfffn);
  const minor = (dev & 0xffn) | ((dev >> 12n) & 0xffffff00n);
  return `${major}:${minor}`;
}

const SECTOR_BYTES = 512n;

/** @returns undefined when there is no such device. */
export async function readBlockDevice({ sys, dev }: Places, name: string): Promise<BlockDevice | undefined> {
  const attribute = (file: string) => readAttribute(join(sys, 'block', name, file));
  const [number, sectors, readOnly, sequence] = await Promise.all(['dev', 'size', 'ro', 'diskseq'].map(attribute));
  if (number === undefined || sectors === undefined) return undefined;
  return {
    path: join(dev, name),
    number,
    bytes: BigInt(sectors) * SECTOR_BYTES,
    readOnly: readOnly === '1',
    sequence: sequence ?? '',
  };
}

/** Whether both are one and the same device, and not two that had one name. */
export function isSame(one: BlockDevice, other: BlockDevice | undefined): boolean {
  return one.path === other?.path && one.number === other.number && one.sequence === other.sequence;
}

/** One value of sysfs; undefined when it is not there, also when it goes while it is read. */
export async function readAttribute(path: string): Promise<string | undefined> {
  return (await unlessAbsent(() => readFile(path, 'utf8')))?.trim();
}
