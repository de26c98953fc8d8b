import { hasCode } from './plain-files.ts';
import type { Image, Rds } from './rds.ts';
import { type DiskRecord, pathKey } from './records.ts';
import type { Extent } from './volume-store.ts';

/** An exported image, as an initiator would see it: one subsystem with one namespace (docs/routeros.md, 10). */
export interface Namespace {
  readonly nqn: string;
  /** Bytes. */
  readonly size: number;
  readonly slot: string;
  readonly readOnly: boolean;
}

/** Why blocks cannot be reached. */
export type BlockErrorCode = 'no-such-namespace' | 'not-exported' | 'out-of-range' | 'read-only' | 'no-space';

/** Raised when blocks cannot be read or written; the code says why. */
export class BlockError extends Error {
  override readonly name = 'BlockError';
  readonly code: BlockErrorCode;

  constructor(code: BlockErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

/**
 * The data path of the simulated device, in place of NVMe/TCP. Every access looks the export up again, so that one that was
 * turned off, shrunk from under a reader or replaced is never reached through a stale handle.
 */
export class BlockAccess {
  readonly #rds: Rds;

  constructor(rds: Rds) {
    this.#rds = rds;
  }

  /** Everything that is exported now. */
  namespaces(): Namespace[] {
    const found: Namespace[] = [];
    for (const disk of this.#rds.state.table('disk').values()) {
      const image = disk.exported ? this.#rds.imageOf(disk) : undefined;
      if (image !== undefined && disk.nqn !== undefined) found.push(this.#describe(disk, disk.nqn, image));
    }
    return found;
  }

  /** @throws {@link BlockError} when nothing is exported under this NQN. */
  namespace(nqn: string): Namespace {
    const { disk, image } = this.#find(nqn);
    return this.#describe(disk, nqn, image);
  }

  /** @throws {@link BlockError} when the range is not within the namespace. */
  async read(nqn: string, offset: number, length: number): Promise<Buffer> {
    return this.#withImage(nqn, async (_disk, image) => {
      checkRange(image, offset, length);
      const file = await this.#rds.store.openFile(image.pool, image.path);
      try {
        return await file.read(offset, length);
      } finally {
        await file.close();
      }
    });
  }

  /**
   * Writes all of the data before any later snapshot, or after an earlier one, never in the middle of it.
   *
   * @throws {@link BlockError} when the range is not within the namespace, it is read-only, or the pool is full.
   */
  async write(nqn: string, offset: number, data: Uint8Array): Promise<void> {
    await this.#withImage(nqn, async (disk, image) => {
      checkRange(image, offset, data.length);
      if (this.#isReadOnly(disk, image)) throw new BlockError('read-only', `${nqn} is read-only`);
      if (data.length > this.#rds.freeBytes(image.pool)) throw new BlockError('no-space', 'the pool is full');
      const file = await this.#rds.store.openFile(image.pool, image.path);
      try {
        await file.write(offset, data);
      } catch (error) {
        if (hasCode(error, 'ENOSPC')) throw new BlockError('no-space', 'the pool is full');
        throw error;
      } finally {
        await file.close();
        // Also what a write that failed half-way has taken.
        await this.#rds.refreshUsage(image);
      }
    });
  }

  /** The ranges that may hold data; everything else reads as zeros. */
  async extents(nqn: string): Promise<Extent[]> {
    return this.#withImage(nqn, (_disk, image) => this.#rds.store.extents(image.pool, image.path));
  }

  async #withImage<T>(nqn: string, task: (disk: DiskRecord, image: Image) => Promise<T>): Promise<T> {
    const { pool, fullname } = this.#rds.subvolumeOf(this.#find(nqn).image);
    return this.#rds.writes.shared(pathKey(pool, fullname), async () => {
      // Looked up again: the export may have ended while this waited for a snapshot.
      const { disk, image } = this.#find(nqn);
      return task(disk, image);
    });
  }

  #find(nqn: string): { disk: DiskRecord; image: Image } {
    const known = [...this.#rds.state.table('disk').values()].filter((disk) => disk.nqn === nqn);
    if (known.length === 0) throw new BlockError('no-such-namespace', `no disk has the NQN ${nqn}`);
    for (const disk of known) {
      const image = disk.exported ? this.#rds.imageOf(disk) : undefined;
      if (image !== undefined) return { disk, image };
    }
    throw new BlockError('not-exported', `${nqn} is not exported`);
  }

  #describe(disk: DiskRecord, nqn: string, image: Image): Namespace {
    return { nqn, size: image.length, slot: disk.slot, readOnly: this.#isReadOnly(disk, image) };
  }

  #isReadOnly(disk: DiskRecord, image: Image): boolean {
    const { readOnly } = this.#rds.conditions.of(image.pool);
    return disk.mountReadOnly || readOnly || this.#rds.subvolumeOf(image).readOnly;
  }
}

function checkRange(image: Image, offset: number, length: number): void {
  const isWithin = offset >= 0 && length >= 0 && offset + length <= image.length;
  if (!isWithin) throw new BlockError('out-of-range', `${offset}+${length} is not within ${image.length} bytes`);
}
