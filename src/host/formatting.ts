/** Decides what filesystem is on the device of a volume, and makes one where, and only where, that destroys nothing. */
import { randomUUID } from 'node:crypto';
import { printExactSize } from '../failures/print-size.ts';
import { StorageError } from '../storage/errors.ts';
import { examine, type Findings } from './blankness.ts';
import type { BlockDevice } from './block-device.ts';
import { withDeviceLock } from './device-lock.ts';
import type { FormatRecord, FormatRecords } from './format-record.ts';
import { type Filesystem, filesystemOn, type Mountable } from './found-filesystem.ts';
import { ProcessError, type Processes } from './processes.ts';

/** A volume whose device shall hold a filesystem. */
export interface Formattable {
  readonly uuid: string;
  /** Of this publication. While it lasts no other node writes to the volume. */
  readonly nqn: string;
  /** Made without a source: its device began as zeros. No other volume is ever formatted. */
  readonly blank: boolean;
  /** What to make when it holds nothing. */
  readonly filesystem: Filesystem;
}

const MKFS_MS = 600_000;

/** It reads as blank and is not formatted: an empty restore must not pass for a good one. */
const NEVER_HELD_ONE =
  'it was made from a source, as a raw block volume, or adopted, yet holds no filesystem. If its source was never mounted, ' +
  'there is nothing to restore: make a claim without a dataSource';

/**
 * What an ext4 needs that is to grow a thousandfold and more. Blocks of 4 KiB at any size: mkfs gives small ones 1 KiB, and
 * those stay below 256 GiB forever. An inode for each 16 KiB: with the 4096 bytes that small ones get, inodes run out of numbers
 * at 16 TiB. Room for group descriptors is as mkfs gives it, for a thousandfold; beyond it the kernel goes on by meta_bg. More must not be
 * reserved: each growth asks the journal for as many blocks, and a small one has not got them.
 */
const GROWABLE = ['-b', '4096', '-i', '16384'];

/**
 * The arguments that make a filesystem with this id. Nothing is discarded: a proven blank image has
 * nothing to give back. An ext4 that finds itself damaged stops being written to, as XFS does, so that later snapshots of it are
 * not worse than the first.
 */
const mkfs: Readonly<Record<Filesystem, (uuid: string, again: boolean) => readonly string[]>> = {
  ext4: (uuid) => ['mkfs.ext4', '-q', '-m', '0', '-e', 'remount-ro', ...GROWABLE, '-E', 'nodiscard', '-U', uuid],
  xfs: (uuid, again) => ['mkfs.xfs', '-q', '-K', '-m', `uuid=${uuid}`, ...(again ? ['-f'] : [])],
};

/** `refused`: it is not provably blank, and was left alone. `failed`: mkfs did not end well. */
export type FormatOutcome = 'done' | 'refused' | 'failed';

export class Formatting {
  readonly #host: Processes;
  readonly #records: FormatRecords;
  readonly #onFormat: (outcome: FormatOutcome) => void;
  /** Volumes that were used, which is not on the disk yet. */
  readonly #used = new Set<string>();

  /** @param onFormat notified of every format, and of every one that was refused; must not throw */
  constructor(host: Processes, records: FormatRecords, onFormat: (outcome: FormatOutcome) => void = () => undefined) {
    this.#host = host;
    this.#records = records;
    this.#onFormat = onFormat;
  }

  /**
   * The filesystem on the device, made first if the device is proven blank.
   *
   * @param identify looks the device of the volume up again
   * @throws StorageError `precondition` when there is none to mount and none may be made; `unavailable` or `busy` when
   * that cannot be determined now
   */
  async ensure(
    volume: Formattable,
    device: BlockDevice,
    identify: () => Promise<BlockDevice | undefined>,
    signal: AbortSignal,
  ): Promise<Mountable> {
    try {
      return await this.#ensure(volume, device, identify, signal);
    } catch (error) {
      if (error instanceof StorageError && error.code === 'NODE-FORMAT') this.#onFormat('refused');
      throw error;
    }
  }

  async #ensure(
    volume: Formattable,
    device: BlockDevice,
    identify: () => Promise<BlockDevice | undefined>,
    signal: AbortSignal,
  ): Promise<Mountable> {
    const found = await filesystemOn(this.#host, device, signal);
    if (found.kind === 'filesystem' && !(await this.#mayBeUnfinished(volume))) return found;
    if (found.kind === 'other')
      throw refusal(volume, device, `it holds ${found.what}; only ext4 and xfs can be mounted`);
    if (!volume.blank) throw refusal(volume, device, NEVER_HELD_ONE);
    const record = await this.#records.read(volume.uuid);
    if (this.#used.has(volume.uuid)) throw refusal(volume, device, 'it has been used before');
    if (record?.state === 'long ago') throw refusal(volume, device, record.why);
    if (record?.state === 'formatted' || record?.state === 'raw') {
      const use = record.state === 'raw' ? 'been a raw block volume' : 'held a filesystem';
      throw refusal(volume, device, `it has ${use} before (${this.#records.path(volume.uuid)})`);
    }
    return await withDeviceLock(this.#host, device, identify, async (descriptor) => {
      const findings = await examine(this.#host, device, signal);
      const isUnfinished = record !== undefined && isLeftByMkfs(record, volume, device, findings);
      if (findings.trace !== undefined && !isUnfinished) {
        if (found.kind === 'filesystem') return found;
        throw refusal(volume, device, findings.trace);
      }
      await this.#make(volume, device, isUnfinished && found.kind === 'filesystem', descriptor);
      return { filesystem: volume.filesystem, isAlone: true, isNew: true };
    });
  }

  /**
   * To be called once a volume that was not formatted here was mounted, or offered as a device: from then on this node never
   * formats it. Where it cannot be written down, this process remembers it, and the next stage writes it.
   *
   * @throws StorageError `unavailable` when it cannot be written down
   */
  async remember(volume: Formattable, device: BlockDevice, use: Filesystem | 'raw'): Promise<void> {
    if (!volume.blank) return;
    this.#used.add(volume.uuid);
    const record = await this.#records.read(volume.uuid);
    if (record === undefined || record.state === 'formatting') {
      const id = record?.uuid ?? '';
      if (use === 'raw') await this.#write(volume, device, 'raw', id, volume.filesystem);
      else await this.#write(volume, device, 'formatted', id, use);
    }
    this.#used.delete(volume.uuid);
  }

  /** Whether mkfs may have been cut off here. Where that cannot be read, a filesystem that is there is mounted. */
  async #mayBeUnfinished({ blank, uuid }: Formattable): Promise<boolean> {
    if (!blank) return false;
    const record = await this.#records.read(uuid).catch(() => undefined);
    return record?.state === 'formatting';
  }

  /** The proof is on this node's disk before mkfs begins, so that what mkfs leaves partial can be determined from data. */
  async #make(volume: Formattable, device: BlockDevice, again: boolean, descriptor: number): Promise<void> {
    const id = randomUUID();
    await this.#write(volume, device, 'formatting', id, volume.filesystem);
    const program = [...mkfs[volume.filesystem](id, again), device.path];
    // It dies with this process, and while it lives it keeps the lock that `whileHeld` took.
    const args = ['--pdeathsig', 'KILL', '--', ...program];
    try {
      await this.#host.run('setpriv', args, { timeoutMs: MKFS_MS, inherit: descriptor });
    } catch (error) {
      this.#onFormat('failed');
      if (!(error instanceof ProcessError)) throw error;
      const what = `${volume.filesystem} on ${device.path} (${printExactSize(device.bytes)})`;
      throw new StorageError('NODE-MKFS', volume.nqn, `${what}: ${error.message}`, { cause: error });
    }
    this.#onFormat('done');
    // Before anyone can write to it: with the record of one that has begun, it would be formatted again.
    await this.#write(volume, device, 'formatted', id, volume.filesystem);
  }

  async #write(
    { uuid, nqn }: Formattable,
    { bytes }: BlockDevice,
    state: FormatRecord['state'],
    id: string,
    filesystem: Filesystem,
  ): Promise<void> {
    await this.#records.write(uuid, { version: 1, nqn, state, filesystem, uuid: id, bytes: `${bytes}` });
  }
}

/**
 * Whether the device holds nothing but what mkfs, begun on this node on the proven blank device and never ended, has left. What
 * is neither blank nor a filesystem may be anyone's data, so it must be the same publication: within it no other node can have
 * written. A finished filesystem may have been used since, so its own superblock must deny that; a backup alone could be what
 * is left of a used one.
 */
function isLeftByMkfs(
  record: FormatRecord,
  volume: Formattable,
  device: BlockDevice,
  { superblock, others }: Findings,
): boolean {
  if (record.state !== 'formatting' || record.nqn !== volume.nqn || record.bytes !== `${device.bytes}`) return false;
  return superblock === undefined ? others.length === 0 : superblock.uuid === record.uuid && superblock.unused;
}

function refusal({ nqn }: Formattable, { path }: BlockDevice, why: string): StorageError {
  return new StorageError('NODE-FORMAT', `${nqn} (${path})`, why);
}
