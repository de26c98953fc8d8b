import { mkdirSync, mkdtempSync, readdirSync, renameSync, statSync, truncateSync } from 'node:fs';
import { mkdir, open, readdir, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { ChunkMap } from './chunk-map.ts';
import { dataExtents } from './extents.ts';
import { pathKey } from './records.ts';
import { createHole, SparseCopier } from './sparse-copy.ts';
import type { BlockFile, Extent, FileUsage, StoredEntry, VolumeStore } from './volume-store.ts';

/**
 * Keeps a pool as a directory of sparse files: no root rights and no Btrfs needed. A snapshot is a copy that shares
 * its blocks with the source where the host filesystem can do that, and a sparse copy elsewhere. Names and lengths are
 * changed by synchronous calls: those take microseconds, and a turn through the thread pool several times as long.
 */
export class FilesStore implements VolumeStore {
  readonly backend = 'files';
  readonly #pools: string;
  readonly #temporary: string;
  readonly #copier = new SparseCopier();
  /** Where each file may hold data; looked up in the file itself when it is not here. */
  readonly #written = new Map<string, ChunkMap>();

  private constructor(pools: string, temporary: string) {
    this.#pools = pools;
    this.#temporary = temporary;
  }

  /** Opens the store in a directory of its own and removes half-made copies of an earlier run. */
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

  async list(pool: string): Promise<StoredEntry[]> {
    const found: StoredEntry[] = [];
    const walk = async (directory: string): Promise<void> => {
      for (const entry of await readdir(this.#path(pool, directory), { withFileTypes: true })) {
        const path = directory === '' ? entry.name : `${directory}/${entry.name}`;
        const kind = entry.isDirectory() ? 'directory' : 'file';
        const usage = kind === 'file' ? await this.usage(pool, path) : { length: 0, allocated: 0 };
        found.push({ path, kind, usage });
        if (kind === 'directory') await walk(path);
      }
    };
    await walk('');
    return found;
  }

  async createSubvolume(pool: string, fullname: string): Promise<void> {
    await this.createDirectory(pool, fullname);
  }

  async snapshotSubvolume(pool: string, source: string, target: string, nested: readonly string[]): Promise<void> {
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

  async createDirectory(pool: string, path: string): Promise<void> {
    mkdirSync(this.#path(pool, path), { mode: 0o700 });
  }

  async createFile(pool: string, path: string, length: number): Promise<void> {
    try {
      createHole(this.#path(pool, path), length);
    } catch (error) {
      // A length that the host refuses leaves an empty file behind, unless it was there before.
      if (!hasCode(error, 'EEXIST')) await rm(this.#path(pool, path), { force: true });
      throw error;
    }
    this.#written.set(pathKey(pool, path), ChunkMap.of([]));
  }

  async grow(pool: string, path: string, length: number): Promise<void> {
    if (statSync(this.#path(pool, path)).size < length) truncateSync(this.#path(pool, path), length);
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
    return usageOf(statSync(this.#path(pool, path)));
  }

  async openFile(pool: string, path: string): Promise<BlockFile> {
    const written = await this.#writtenIn(pool, path);
    const file = await open(this.#path(pool, path), 'r+');
    return {
      async read(offset, length) {
        const data = Buffer.alloc(length);
        let done = 0;
        while (done < length) {
          const { bytesRead } = await file.read(data, done, length - done, offset + done);
          if (bytesRead === 0) throw new Error(`${path} ends before ${offset + length}`);
          done += bytesRead;
        }
        return data;
      },
      async write(offset, data) {
        written.mark(offset, data.length);
        let done = 0;
        while (done < data.length) {
          done += (await file.write(data, done, data.length - done, offset + done)).bytesWritten;
        }
      },
      close: () => file.close(),
    };
  }

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
    const known = this.#written.get(key);
    if (known !== undefined) return known;
    const found = ChunkMap.of(await dataExtents(this.#path(pool, path)));
    // Another caller may have been quicker, and a write may be recorded in its map already.
    const quicker = this.#written.get(key) ?? found;
    this.#written.set(key, quicker);
    return quicker;
  }

  #path(pool: string, path: string): string {
    return join(this.#pools, pool, path);
  }
}

function usageOf(stats: { readonly size: number; readonly blocks: number }): FileUsage {
  // st_blocks counts units of 512 bytes on every Unix, whatever the block size of the filesystem.
  return { length: stats.size, allocated: stats.blocks * 512 };
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
