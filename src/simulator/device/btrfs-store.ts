import { accessSync, constants, existsSync, lstatSync, mkdirSync, readdirSync, rmdirSync, statfsSync } from 'node:fs';
import { rm, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { btrfs } from './btrfs-command.ts';
import { claimDirectory } from './btrfs-directory.ts';
import { BtrfsReceive, btrfsSend } from './btrfs-stream.ts';
import { dataExtents } from './extents.ts';
import { createHoleOnly, hasCode, lengthen, listTree, openBlocks, refuseExisting, usageOf } from './plain-files.ts';
import { SparseCopier } from './sparse-copy.ts';
import type {
  BlockFile,
  Extent,
  FileUsage,
  Location,
  PoolSpace,
  SnapshotOptions,
  StoredEntry,
  StreamSink,
  VolumeStore,
} from './volume-store.ts';

/** Inode number of the root of every subvolume (BTRFS_FIRST_FREE_OBJECTID). */
const SUBVOLUME_INODE = 256;

/**
 * Keeps a pool on a mounted Btrfs filesystem of the host, with real subvolumes and snapshots. The rules of
 * {@link reconcile} make a creation whole: what a killed simulator left without a record is removed at the next start.
 */
export class BtrfsStore implements VolumeStore {
  readonly backend = 'btrfs';
  readonly #stateDirectory: string;
  readonly #paths: ReadonlyMap<string, string>;
  /** The subvolumes that stand for the roots of the pools, by label. */
  readonly #roots = new Map<string, string>();
  readonly #copier = new SparseCopier();

  /**
   * @param stateDirectory Absolute path of the simulator's own directory.
   * @param paths For each pool, by label, a directory on a mounted Btrfs filesystem.
   */
  constructor(stateDirectory: string, paths: ReadonlyMap<string, string>) {
    this.#stateDirectory = stateDirectory;
    this.#paths = paths;
  }

  async ensurePool(pool: string): Promise<void> {
    const path = this.#paths.get(pool);
    if (path === undefined) throw new Error(`pool ${pool}: the btrfs backend needs its path`);
    this.#roots.set(pool, await claimDirectory(pool, path, this.#stateDirectory));
  }

  async list(pool: string, fullname = ''): Promise<StoredEntry[]> {
    return listTree(this.#root(pool), fullname);
  }

  async createSubvolume(pool: string, fullname: string): Promise<void> {
    const path = this.#newPath(pool, fullname);
    await this.#whole(path, () => btrfs('subvolume', 'create', path));
  }

  async snapshotSubvolume(
    pool: string,
    source: string,
    target: string,
    { nested, readOnly }: SnapshotOptions,
  ): Promise<void> {
    const from = this.#subvolume(pool, source);
    const to = this.#newPath(pool, target);
    await this.#whole(to, async () => {
      if (nested.length === 0) return btrfs('subvolume', 'snapshot', ...(readOnly ? ['-r'] : []), from, to);
      await btrfs('subvolume', 'snapshot', from, to);
      // Btrfs leaves an empty directory where a nested subvolume was, and it can go only while this is writable.
      const prefix = source === '' ? 0 : source.length + 1;
      for (const path of nested) removePlaceholder(join(to, path.slice(prefix)));
      if (readOnly) await setProperty(to, true);
    });
  }

  async setReadOnly(pool: string, fullname: string, readOnly: boolean): Promise<void> {
    const path = this.#subvolume(pool, fullname);
    if (isReadOnly(path) !== readOnly) await setProperty(path, readOnly);
  }

  async createDirectory(pool: string, path: string): Promise<void> {
    mkdirSync(this.#path(pool, path), { mode: 0o700 });
  }

  async createFile(pool: string, path: string, length: number): Promise<void> {
    await createHoleOnly(this.#path(pool, path), length);
  }

  async copyFile(from: Location, to: Location): Promise<void> {
    const source = this.#path(from.pool, from.path);
    const { length } = usageOf(source);
    await this.#copier.copy(source, this.#path(to.pool, to.path), length, await dataExtents(source));
  }

  async grow(pool: string, path: string, length: number): Promise<void> {
    lengthen(this.#path(pool, path), length);
  }

  async truncate(pool: string, path: string, length: number): Promise<void> {
    await truncate(this.#path(pool, path), length);
  }

  send(pool: string, fullname: string, parent: string | undefined): AsyncIterable<Buffer> {
    const flags = parent === undefined ? [] : ['-p', this.#path(pool, parent)];
    return btrfsSend(...flags, this.#path(pool, fullname));
  }

  /** The name and the parent are in the stream. */
  receive({ pool, path }: Location): StreamSink {
    return new BtrfsReceive(this.#subvolume(pool, path));
  }

  async remove(pool: string, path: string): Promise<void> {
    await removeTree(this.#path(pool, path));
  }

  async usage(pool: string, path: string): Promise<FileUsage> {
    return usageOf(this.#path(pool, path));
  }

  hostPath(pool: string, path: string): string {
    return this.#path(pool, path);
  }

  async openFile(pool: string, path: string): Promise<BlockFile> {
    return openBlocks(this.#path(pool, path));
  }

  async extents(pool: string, path: string): Promise<Extent[]> {
    return dataExtents(this.#path(pool, path));
  }

  space(pool: string): PoolSpace {
    const { blocks, bavail, bsize } = statfsSync(this.#root(pool));
    return { size: blocks * bsize, free: bavail * bsize };
  }

  /** Runs what makes something at this path, and removes what it made when it fails half-way. */
  async #whole(path: string, task: () => Promise<void>): Promise<void> {
    try {
      await task();
    } catch (error) {
      await removeTree(path);
      throw error;
    }
  }

  #root(pool: string): string {
    const root = this.#roots.get(pool);
    if (root === undefined) throw new Error(`the pool ${pool} is not open`);
    return root;
  }

  /** The place of a subvolume; with an empty name the root of the pool. */
  #subvolume(pool: string, fullname: string): string {
    return fullname === '' ? this.#root(pool) : this.#path(pool, fullname);
  }

  /** The place of something below the root of the pool, never the root itself. */
  #path(pool: string, path: string): string {
    if (path.split('/').some((component) => ['', '.', '..'].includes(component))) {
      throw new Error(`"${path}" is not a path in the pool ${pool}`);
    }
    return join(this.#root(pool), path);
  }

  /** As {@link BtrfsStore.#path}, for what must not exist: `btrfs` would make it inside of what does. */
  #newPath(pool: string, path: string): string {
    const found = this.#path(pool, path);
    refuseExisting(found);
    return found;
  }
}

async function setProperty(path: string, readOnly: boolean): Promise<void> {
  // What was received is made writable by force only.
  const force = readOnly ? [] : ['-f'];
  await btrfs('property', 'set', ...force, '-t', 'subvol', path, 'ro', String(readOnly));
}

function isReadOnly(path: string): boolean {
  try {
    accessSync(path, constants.W_OK);
    return false;
  } catch (error) {
    if (hasCode(error, 'EROFS')) return true;
    throw error;
  }
}

function removePlaceholder(path: string): void {
  // A subvolume within a nested one left no trace.
  if (existsSync(path)) rmdirSync(path);
}

async function removeTree(path: string): Promise<void> {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found === undefined) return;
  if (!found.isDirectory()) return rm(path);
  if (found.ino === SUBVOLUME_INODE) {
    // Plain files go along in one go; only subvolumes inside have to go first.
    for (const nested of subvolumesIn(path)) await removeTree(nested);
    return btrfs('subvolume', 'delete', path);
  }
  for (const name of readdirSync(path)) await removeTree(join(path, name));
  rmdirSync(path);
}

function subvolumesIn(directory: string): string[] {
  return readdirSync(directory, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => join(directory, entry.name))
    .flatMap((path) => (lstatSync(path).ino === SUBVOLUME_INODE ? [path] : subvolumesIn(path)));
}
