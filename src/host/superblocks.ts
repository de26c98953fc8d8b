/** Where filesystems leave their superblocks, and what two of them say of themselves. Offsets and lengths are bytes. */
import { crc32c } from './crc32c.ts';

/** A part of a device, aligned for direct reads. */
export interface Region {
  readonly offset: bigint;
  readonly length: number;
}

const KiB = 1024n;
const MiB = 1024n ** 2n;
const GiB = 1024n ** 3n;
const TiB = 1024n ** 4n;
const ALIGNMENT = 4096n;
const EDGE = MiB;
/** Enough for a superblock that begins within the first 4 KiB of it. */
const BACKUP_BYTES = 8192n;

/** Bytes of a block group of ext4, for blocks of 1, 2 and 4 KiB. The first two are what small volumes get. */
const EXT4_GROUPS = [8n * MiB, 32n * MiB, 128n * MiB];

/** What must read as zeros before a device may be called blank: both ends, and where backup superblocks lie. */
export function telltaleRegions(bytes: bigint): Region[] {
  const offsets = [...ext4Backups(bytes), ...xfsBackups(bytes), 64n * MiB, 256n * GiB];
  const starts = [...new Set(offsets.map((offset) => offset - (offset % ALIGNMENT)))].sort((a, b) => Number(a - b));
  const backups = starts
    .filter((start) => start >= EDGE && start < bytes)
    .map((start) => region(start, start + BACKUP_BYTES, bytes));
  const lastStart = bytes > EDGE ? bytes - EDGE - ((bytes - EDGE) % ALIGNMENT) : 0n;
  return [region(0n, EDGE, bytes), ...backups, region(lastStart, bytes, bytes)];
}

function region(start: bigint, end: bigint, bytes: bigint): Region {
  return { offset: start, length: Number((end < bytes ? end : bytes) - start) };
}

/** Groups 1 and the powers of 3, 5 and 7 (`sparse_super`), and the last one (`sparse_super2`). */
function ext4Backups(bytes: bigint): bigint[] {
  return EXT4_GROUPS.flatMap((group) => {
    const groups = [1n, (bytes - 1n) / group];
    for (const base of [3n, 5n, 7n]) for (let power = base; power * group < bytes; power *= base) groups.push(power);
    return groups.map((number) => number * group);
  });
}

/** mkfs.xfs makes four allocation groups of equal size, above 4 TiB groups of 1 TiB; each begins with a superblock. */
function xfsBackups(bytes: bigint): bigint[] {
  const blocks = bytes / ALIGNMENT;
  const quarter = ((blocks + 3n) / 4n) * ALIGNMENT;
  const offsets = [quarter, 2n * quarter, 3n * quarter];
  for (let offset = TiB; offset < bytes; offset += TiB) offsets.push(offset);
  return offsets;
}

/** What a superblock says that decides whether anyone can have used the filesystem. */
export interface Superblock {
  readonly filesystem: 'ext4' | 'xfs' | 'btrfs';
  /** Lower case, with dashes. */
  readonly uuid: string;
  /** Surely never mounted: ext4 counts mounts, XFS marks itself until mkfs has ended. Backups never show it. */
  readonly unused: boolean;
  /** Its checksum is right, so it is not what a file or chance has put there. Never for one that carries none. */
  readonly intact: boolean;
}

/**
 * Files of ext4 and XFS lie behind this: it holds superblock, group descriptors and allocation group headers. So whatever is
 * found before it was put there by who writes to the device, and whatever is behind it may be the contents of a file.
 */
export const METADATA_BYTES = 8192;

/** The superblock in the first 64 KiB and more of a device, or undefined. */
export function primarySuperblock(start: Buffer): Superblock | undefined {
  return xfs(start, 0) ?? ext4(start, Number(KiB)) ?? btrfs(start, Number(64n * KiB));
}

/** Whether a region begins with what could be a superblock; ext4 with blocks of 1 KiB has its own one block later. */
export function holdsBackup(bytes: Buffer): boolean {
  return [xfs(bytes, 0), ext4(bytes, 0), ext4(bytes, Number(KiB)), btrfs(bytes, 0)].some(
    (found) => found !== undefined,
  );
}

function ext4(bytes: Buffer, at: number): Superblock | undefined {
  if (bytes.length < at + 1024 || bytes.readUInt16LE(at + 0x38) !== 0xef53) return undefined;
  const lastMount = bytes.readUInt32LE(at + 0x2c);
  const mounts = bytes.readUInt16LE(at + 0x34);
  return {
    filesystem: 'ext4',
    uuid: uuidAt(bytes, at + 0x68),
    unused: lastMount === 0 && mounts === 0,
    intact: isIntactExt4(bytes.subarray(at, at + 1024)),
  };
}

function xfs(bytes: Buffer, at: number): Superblock | undefined {
  if (bytes.length < at + 512 || bytes.toString('latin1', at, at + 4) !== 'XFSB') return undefined;
  const sectorBytes = bytes.readUInt16BE(at + 102);
  return {
    filesystem: 'xfs',
    uuid: uuidAt(bytes, at + 32),
    unused: bytes[at + 126] === 1,
    intact: isIntactXfs(bytes.subarray(at, at + sectorBytes), sectorBytes),
  };
}

/** With `metadata_csum`, which every mkfs.ext4 since 1.44 turns on. */
function isIntactExt4(superblock: Buffer): boolean {
  const hasChecksum = (superblock.readUInt32LE(0x64) & 0x400) !== 0;
  return hasChecksum && superblock.readUInt32LE(0x3fc) === ~crc32c(superblock.subarray(0, 0x3fc)) >>> 0;
}

/** Version 5, which every mkfs.xfs since 3.2.3 makes. */
function isIntactXfs(superblock: Buffer, sectorBytes: number): boolean {
  if (sectorBytes < 512 || superblock.length < sectorBytes || (superblock.readUInt16BE(100) & 0xf) !== 5) return false;
  const unsealed = Buffer.from(superblock);
  unsealed.fill(0, 224, 228);
  return superblock.readUInt32LE(224) === crc32c(unsealed);
}

function btrfs(bytes: Buffer, at: number): Superblock | undefined {
  if (bytes.length < at + 4096 || bytes.toString('latin1', at + 64, at + 72) !== '_BHRfS_M') return undefined;
  return { filesystem: 'btrfs', uuid: uuidAt(bytes, at + 32), unused: false, intact: false };
}

function uuidAt(bytes: Buffer, at: number): string {
  return bytes.toString('hex', at, at + 16).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
