/**
 * What this node knows about volumes that it has formatted, on its own disk: the last of them in a file each, and the ids of all
 * earlier ones in one list. A node cannot know that a volume is gone for good, so none is ever forgotten.
 */
import { mkdir, open, readdir, readFile, rename, stat, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { StorageError } from '../storage/errors.ts';
import { isSystemError, unlessAbsent } from './errno.ts';

/** Why a format may be repeated, or must never be begun again. */
export interface FormatRecord {
  readonly version: 1;
  /** Of the publication at which it was proven blank. Earlier versions wrote that of the volume: it permits nothing. */
  readonly nqn: string;
  /** `formatting`: proven blank, and mkfs was begun. `formatted`: it has held a filesystem since. `raw`: it was a device. */
  readonly state: 'formatting' | 'formatted' | 'raw';
  readonly filesystem: 'ext4' | 'xfs';
  /** Of the filesystem that mkfs was told to make; so what it left partial is known from anything else. */
  readonly uuid: string;
  /** Size of the device that was proven blank. */
  readonly bytes: string;
}

/** What is left of a record after a long time: it forbids what `formatted` forbids, and permits nothing. */
export interface LongAgo {
  readonly state: 'long ago';
  /** Why the volume is not to be formatted, in a few words. */
  readonly why: string;
}

/** Most files of single volumes that are kept; beyond it the older half goes into the list, with 37 bytes each. */
const MOST_FILES = 256;
const SUFFIX = '.json';
const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** What each field may hold. Checked by hand, since zod takes as much memory as the rest of an idle node. */
const FIELDS: Readonly<Record<keyof FormatRecord, (value: unknown) => boolean>> = {
  version: (value) => value === 1,
  nqn: isText,
  state: (value) => value === 'formatting' || value === 'formatted' || value === 'raw',
  filesystem: (value) => value === 'ext4' || value === 'xfs',
  uuid: isText,
  bytes: isText,
};

function isText(value: unknown): boolean {
  return typeof value === 'string';
}

function isRecord(value: unknown): value is FormatRecord {
  if (typeof value !== 'object' || value === null) return false;
  const found = new Map(Object.entries(value));
  const isComplete = Object.entries(FIELDS).every(([field, isFit]) => isFit(found.get(field)));
  return isComplete && found.size === Object.keys(FIELDS).length;
}

/** Records in a directory that must survive a restart of the node. */
export class FormatRecords {
  readonly #directory: string;
  /** Ends when all that was to be written is written: one at a time. */
  #written: Promise<unknown> = Promise.resolve();

  constructor(stateDirectory: string) {
    this.#directory = join(stateDirectory, 'formatted');
  }

  /** Where the record of a volume is, for messages. */
  path(volumeUuid: string): string {
    return join(this.#directory, `${volumeUuid}${SUFFIX}`);
  }

  get #list(): string {
    return join(this.#directory, 'earlier.list');
  }

  /**
   * @throws StorageError `precondition` when there is one that is none: what it would have forbidden is then unknown
   * @throws StorageError `unavailable` when it cannot be read
   */
  async read(volumeUuid: string): Promise<FormatRecord | LongAgo | undefined> {
    // The file first: it is removed after its id is in the list.
    const text = await this.#using(() => unlessAbsent(() => readFile(this.path(volumeUuid), 'utf8')));
    if (text === undefined) return await this.#readEarlier(volumeUuid);
    const record = parsed(text);
    if (isRecord(record)) return record;
    throw new StorageError('NODE-RECORD', this.path(volumeUuid));
  }

  async #readEarlier(volumeUuid: string): Promise<LongAgo | undefined> {
    const ids = await this.#earlier();
    if (ids === undefined)
      return { state: 'long ago', why: `it may have held a filesystem before: ${this.#list} is damaged` };
    return ids.has(volumeUuid)
      ? { state: 'long ago', why: `it has held a filesystem before (${this.#list})` }
      : undefined;
  }

  /** The ids of the list; undefined when it is damaged, and it is not known which volumes it named. */
  async #earlier(): Promise<ReadonlySet<string> | undefined> {
    const text = await this.#using(() => unlessAbsent(() => readFile(this.#list, 'utf8')));
    if (text === undefined) return new Set();
    const [end, total, ...ids] = text.split('\n').reverse();
    return end === '' && total === `${ids.length} volumes` && ids.every((id) => UUID.test(id))
      ? new Set(ids)
      : undefined;
  }

  /** Returns once it is on the disk, name and contents. @throws StorageError `unavailable` */
  async write(volumeUuid: string, record: FormatRecord): Promise<void> {
    const written = this.#written.then(async () => {
      await this.#using(async () => {
        await mkdir(this.#directory, { recursive: true, mode: 0o700 });
        await this.#replace(this.path(volumeUuid), `${JSON.stringify(record)}\n`);
      });
      // The record is there. What is too many may stay until the next one.
      await this.#foldOldest(volumeUuid).catch(() => undefined);
    });
    this.#written = written.catch(() => undefined);
    await written;
  }

  /**
   * Moves the oldest records of finished filesystems into the list. A file goes only when its id is in the list on the disk.
   * One of a format that never ended stays, as it says what mkfs may have left; so does one that is damaged.
   */
  async #foldOldest(exceptUuid: string): Promise<void> {
    const names = (await readdir(this.#directory)).filter((name) => name.endsWith(SUFFIX));
    if (names.length <= MOST_FILES) return;
    const earlier = await this.#earlier();
    if (earlier === undefined) return;
    const all = await Promise.all(
      names.map(async (name) => {
        const path = join(this.#directory, name);
        const record = parsed(await readFile(path, 'utf8'));
        const isFinished = isRecord(record) && record.state !== 'formatting';
        return { path, uuid: name.slice(0, -SUFFIX.length), isFinished, mtimeMs: (await stat(path)).mtimeMs };
      }),
    );
    const oldest = all
      .filter(({ uuid, isFinished }) => isFinished && UUID.test(uuid) && uuid !== exceptUuid)
      .toSorted((a, b) => a.mtimeMs - b.mtimeMs)
      .slice(0, names.length - MOST_FILES / 2);
    if (oldest.length === 0) return;
    const ids = [...new Set([...earlier, ...oldest.map(({ uuid }) => uuid)])];
    await this.#replace(this.#list, `${ids.join('\n')}\n${ids.length} volumes\n`);
    for (const { path } of oldest) await unlink(path);
  }

  /** Says where the trouble is: a full disk of the node, such as `ENOSPC`, is easily taken for a full volume. */
  async #using<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (!isSystemError(error)) throw error;
      throw new StorageError('NODE-STATE', this.#directory, error.message, { cause: error });
    }
  }

  /** Writes a file in one step. Returns once it is on the disk, name and contents. */
  async #replace(path: string, text: string): Promise<void> {
    const part = `${path}.part`;
    await flushed(part, 'w', (file) => file.writeFile(text));
    await rename(part, path);
    await flushed(this.#directory, 'r', async () => undefined);
  }
}

/** @returns undefined when it is not JSON */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

type File = Awaited<ReturnType<typeof open>>;

async function flushed(path: string, flags: string, work: (file: File) => Promise<unknown>): Promise<void> {
  const file = await open(path, flags, 0o600);
  try {
    await work(file);
    await file.sync();
  } finally {
    await file.close();
  }
}
