import { mkdirSync, mkdtempSync, readdirSync, renameSync, statSync } from 'node:fs';
import { mkdir, rm, truncate } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { ChunkMap } from './chunk-map.ts';
import { dataExtents } from './extents.ts';
import { createHoleOnly, hasCode, lengthen, listTree, openBlocks, refuseExisting, usageOf } from './plain-files.ts';
import { pathKey } from './records.ts';
import { SparseCopier } from './sparse-copy.ts';
import { FilesSink, sendFiles } from './transfer/file-stream.ts';
import type {
  BlockFile,
  Extent,
  FileUsage,
  Location,
  SnapshotOptions,
  StoredEntry,
  StreamSink,
  VolumeStore,
} from './volume-store.ts';

/**
 * Keeps a pool as a directory of sparse files: no root rights and no Btrfs needed. A snapshot is a copy that shares
 * its blocks with the source where the host filesystem can do that, and a sparse copy elsewhere.
 */
export class FilesStore implements VolumeStore {
  readonly backend = 'files';
  readonly #pools: string;
  readonly #temporary: string;
  readonly #copier = new SparseCopier();
  /** Where each file may hold data; looked up in the file itself when it is not here. */
  readonly #written = new Map<string, ChunkMap>();
  /** Files that others write, too: what is in them is looked up each time. */
  readonly #shared = new Set<string>();

  private constructor(pools: string, temporary: string) {
    this.#pools = pools;
    this.#temporary = temporary;
  }

  /** Opens the store in a directory of its own and removes partial copies of an earlier run. */
  static async open(directory: string): Promise<FilesStore> {
    const store = new FilesStore(join(directory, 'pools'), join(directory, 'tmp'));
    await rm(store.#temporary, { recursive: true, force: true });
    await mkdir(store.#temporary, { recursive: true, mode: 0o700 });
    await mkdir(store.#pools, { recursive: true, mode: 0o700 });
    return store;
  }

  async ensurePool(pool: string): Promise<void> {
    await mkdir(this.#path(pool, ''), { recursive: true, mode: 0o700 });
  }

  async list(pool: string, fullname = ''): Promise<StoredEntry[]> {
    return listTree(this.#path(pool, ''), fullname);
  }

  async createSubvolume(pool: string, fullname: string): Promise<void> {
    await this.createDirectory(pool, fullname);
  }

  async snapshotSubvolume(pool: string, source: string, target: string, { nested }: SnapshotOptions): Promise<void> {
    // A rename would replace an empty directory.
    refuseExisting(this.#path(pool, target));
    const copy = mkdtempSync(join(this.#temporary, 'snapshot-'));
    try {
      const maps = await this.#copyTree(pool, source, copy, new Set(nested));
      renameSync(copy, this.#path(pool, target));
      for (const [name, map] of maps) this.#written.set(pathKey(pool, `${target}/${name}`), map);
    } catch (error) {
      await rm(copy, { recursive: true, force: true });
      throw error;
    }
  }

  /** Nothing to do: the directory stays as it is. */
  async setReadOnly(): Promise<void> {}

  async createDirectory(pool: string, path: string): Promise<void> {
    mkdirSync(this.#path(pool, path), { mode: 0o700 });
  }

  async createFile(pool: string, path: string, length: number): Promise<void> {
    await createHoleOnly(this.#path(pool, path), length);
    this.#written.set(pathKey(pool, path), ChunkMap.of([]));
  }

  async copyFile(from: Location, to: Location): Promise<void> {
    const source = this.#path(from.pool, from.path);
    const { size } = statSync(source);
    const written = await this.#writtenIn(from.pool, from.path);
    await this.#copier.copy(source, this.#path(to.pool, to.path), size, written.extents(size));
    this.#written.set(pathKey(to.pool, to.path), written.copy());
  }

  async grow(pool: string, path: string, length: number): Promise<void> {
    lengthen(this.#path(pool, path), length);
  }

  async truncate(pool: string, path: string, length: number): Promise<void> {
    await truncate(this.#path(pool, path), length);
  }

  send(pool: string, fullname: string, parent: string | undefined): AsyncIterable<Buffer> {
    return sendFiles(this, pool, fullname, parent);
  }

  receive({ pool, path }: Location, name: string, parent: string | undefined): StreamSink {
    return new FilesSink(this, pool, path === '' ? name : `${path}/${name}`, parent);
  }

  async remove(pool: string, path: string): Promise<void> {
    const key = pathKey(pool, path);
    for (const known of this.#written.keys()) {
      if (known === key || known.startsWith(`${key}/`)) this.#written.delete(known);
    }
    // Renamed first, so that a name is free at once and a large tree never looks half-removed.
    const doomed = join(mkdtempSync(join(this.#temporary, 'removed-')), 'tree');
    try {
      renameSync(this.#path(pool, path), doomed);
    } catch (error) {
      if (!hasCode(error, 'ENOENT')) throw error;
    }
    await rm(dirname(doomed), { recursive: true, force: true });
  }

  async usage(pool: string, path: string): Promise<FileUsage> {
    return usageOf(this.#path(pool, path));
  }

  hostPath(pool: string, path: string): string {
    this.#shared.add(pathKey(pool, path));
    return this.#path(pool, path);
  }

  async openFile(pool: string, path: string): Promise<BlockFile> {
    const written = await this.#writtenIn(pool, path);
    return openBlocks(this.#path(pool, path), (offset, length) => written.mark(offset, length));
  }

  /** Unknown: the filesystem below belongs to others too. */
  space(): undefined {}

  async extents(pool: string, path: string): Promise<Extent[]> {
    const written = await this.#writtenIn(pool, path);
    return written.extents(statSync(this.#path(pool, path)).size);
  }

  /** Copies the contents of a directory into another one. Returns where the copies hold data, by relative path. */
  async #copyTree(
    pool: string,
    source: string,
    target: string,
    skip: ReadonlySet<string>,
  ): Promise<Map<string, ChunkMap>> {
    const maps = new Map<string, ChunkMap>();
    for (const entry of readdirSync(this.#path(pool, source), { withFileTypes: true })) {
      const path = source === '' ? entry.name : `${source}/${entry.name}`;
      const copy = join(target, entry.name);
      if (!entry.isDirectory()) {
        const { size } = statSync(this.#path(pool, path));
        const written = await this.#writtenIn(pool, path);
        await this.#copier.copy(this.#path(pool, path), copy, size, written.extents(size));
        maps.set(entry.name, written.copy());
      } else if (!skip.has(path)) {
        mkdirSync(copy, { mode: 0o700 });
        for (const [name, map] of await this.#copyTree(pool, path, copy, skip)) maps.set(`${entry.name}/${name}`, map);
      }
    }
    return maps;
  }

  async #writtenIn(pool: string, path: string): Promise<ChunkMap> {
    const key = pathKey(pool, path);
    const known = this.#shared.has(key) ? undefined : this.#written.get(key);
    if (known !== undefined) return known;
    const found = ChunkMap.of(await dataExtents(this.#path(pool, path)));
    // Another caller may have been quicker, and a write may be recorded in its map already.
    const quicker = this.#shared.has(key) ? found : (this.#written.get(key) ?? found);
    this.#written.set(key, quicker);
    return quicker;
  }

  #path(pool: string, path: string): string {
    return join(this.#pools, pool, path);
  }
}
