import type { BlockFile, Extent, StoredEntry, StreamSink, VolumeStore } from '../volume-store.ts';

/**
 * What the backend `files` has in place of a Btrfs stream. Each piece is one step: a line of JSON, and the data of a
 * write. Holes are left out, and of what the parent has, too, only what is different is sent.
 */
type Step =
  | { readonly step: 'begin' }
  | { readonly step: 'remove' | 'directory'; readonly path: string }
  | { readonly step: 'file' | 'length'; readonly path: string; readonly length: number }
  | { readonly step: 'write'; readonly path: string; readonly offset: number };

const BLOCK_BYTES = 32 * 1024;
const NEWLINE = 0x0a;

/** Sends a subvolume, by its full name; with a parent only the difference to that. */
export async function* sendFiles(
  store: VolumeStore,
  pool: string,
  source: string,
  parent: string | undefined,
): AsyncGenerator<Buffer> {
  yield piece({ step: 'begin' });
  const [has, had] = [await entriesIn(store, pool, source), await entriesIn(store, pool, parent)];
  // What is in a directory goes before it.
  for (const [path, { kind }] of [...had].reverse())
    if (has.get(path)?.kind !== kind) yield piece({ step: 'remove', path });
  for (const [path, { kind, usage }] of has) {
    const old = had.get(path);
    const isNew = old?.kind !== kind;
    if (kind === 'directory') {
      if (isNew) yield piece({ step: 'directory', path });
      continue;
    }
    if (isNew) yield piece({ step: 'file', path, length: usage.length });
    else if (old.usage.length !== usage.length) yield piece({ step: 'length', path, length: usage.length });
    yield* changesOf(store, pool, path, source, isNew ? undefined : parent);
  }
}

/** Receives such a stream. */
export class FilesSink implements StreamSink {
  readonly #store: VolumeStore;
  readonly #pool: string;
  readonly #target: string;
  readonly #parent: string | undefined;

  /** @param target Full name of what is received, which must not exist. */
  constructor(store: VolumeStore, pool: string, target: string, parent: string | undefined) {
    this.#store = store;
    this.#pool = pool;
    this.#target = target;
    this.#parent = parent;
  }

  async write(data: Buffer): Promise<void> {
    const end = data.indexOf(NEWLINE);
    const step: Step = JSON.parse(data.subarray(0, end).toString());
    if (step.step === 'begin') return this.#begin();
    const path = `${this.#target}/${step.path}`;
    switch (step.step) {
      case 'remove':
        return this.#store.remove(this.#pool, path);
      case 'directory':
        return this.#store.createDirectory(this.#pool, path);
      case 'file':
        return this.#store.createFile(this.#pool, path, step.length);
      case 'length':
        return this.#store.truncate(this.#pool, path, step.length);
      case 'write':
        return withFile(this.#store, this.#pool, path, (file) => file.write(step.offset, data.subarray(end + 1)));
    }
  }

  async #begin(): Promise<void> {
    const nothingInside = { nested: [], readOnly: false };
    if (this.#parent === undefined) await this.#store.createSubvolume(this.#pool, this.#target);
    else await this.#store.snapshotSubvolume(this.#pool, this.#parent, this.#target, nothingInside);
  }

  async end(): Promise<void> {}

  async abort(): Promise<void> {}
}

function piece(step: Step, data: Buffer = Buffer.alloc(0)): Buffer {
  return Buffer.concat([Buffer.from(`${JSON.stringify(step)}\n`), data]);
}

/** By path within the subvolume, containers first. */
async function entriesIn(
  store: VolumeStore,
  pool: string,
  fullname: string | undefined,
): Promise<ReadonlyMap<string, StoredEntry>> {
  if (fullname === undefined) return new Map();
  const entries = await store.list(pool, fullname);
  return new Map(entries.map((entry) => [entry.path.slice(fullname.length + 1), entry]));
}

async function* changesOf(
  store: VolumeStore,
  pool: string,
  path: string,
  source: string,
  parent: string | undefined,
): AsyncGenerator<Buffer> {
  const place = (fullname: string) => `${fullname}/${path}`;
  const { length } = await store.usage(pool, place(source));
  const before = parent === undefined ? 0 : (await store.usage(pool, place(parent))).length;
  const extents = await store.extents(pool, place(source));
  if (parent !== undefined) extents.push(...(await store.extents(pool, place(parent))));
  for (const offset of blocksOf(extents)) {
    if (offset >= length) continue;
    const now = await readAt(store, pool, place(source), offset, length);
    const then = Buffer.alloc(now.length);
    if (parent !== undefined && offset < before) (await readAt(store, pool, place(parent), offset, before)).copy(then);
    if (!now.equals(then)) yield piece({ step: 'write', path, offset }, now);
  }
}

/** Offsets of the blocks that the extents touch, ascending. */
function blocksOf(extents: readonly Extent[]): readonly number[] {
  const blocks = new Set<number>();
  for (const { offset, length } of extents) {
    const first = offset - (offset % BLOCK_BYTES);
    for (let block = first; block < offset + length; block += BLOCK_BYTES) blocks.add(block);
  }
  return [...blocks].sort((a, b) => a - b);
}

function readAt(store: VolumeStore, pool: string, path: string, offset: number, end: number): Promise<Buffer> {
  return withFile(store, pool, path, (file) => file.read(offset, Math.min(BLOCK_BYTES, end - offset)));
}

async function withFile<T>(
  store: VolumeStore,
  pool: string,
  path: string,
  task: (file: BlockFile) => Promise<T>,
): Promise<T> {
  const file = await store.openFile(pool, path);
  try {
    return await task(file);
  } finally {
    await file.close();
  }
}
