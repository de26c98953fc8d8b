/** What this node knows about volumes that it has formatted, on its own disk, one file each. */
import { mkdir, open, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { StorageError } from '../storage/errors.ts';
import { unlessAbsent } from './errno.ts';

/** Why a format may be repeated, or must never be begun again. */
export interface FormatRecord {
  readonly version: 1;
  readonly nqn: string;
  /** `formatting`: proven blank, and mkfs was begun. `formatted`: it has held a filesystem since. */
  readonly state: 'formatting' | 'formatted';
  readonly filesystem: 'ext4' | 'xfs';
  /** Of the filesystem that mkfs was told to make; so what it left half-made is known from anything else. */
  readonly uuid: string;
  /** Size of the device that was proven blank. */
  readonly bytes: string;
}

/** What each field may hold. Checked by hand, since zod takes as much memory as the rest of an idle node. */
const FIELDS: Readonly<Record<keyof FormatRecord, (value: unknown) => boolean>> = {
  version: (value) => value === 1,
  nqn: isText,
  state: (value) => value === 'formatting' || value === 'formatted',
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

  constructor(stateDirectory: string) {
    this.#directory = join(stateDirectory, 'formatted');
  }

  /** Where the record of a volume is, for messages. */
  path(volumeUuid: string): string {
    return join(this.#directory, `${volumeUuid}.json`);
  }

  /**
   * @throws StorageError `precondition` when there is one that is none: what it would have forbidden is then unknown
   * @throws Error of the operating system when it cannot be read
   */
  async read(volumeUuid: string): Promise<FormatRecord | undefined> {
    const path = this.path(volumeUuid);
    const text = await unlessAbsent(() => readFile(path, 'utf8'));
    if (text === undefined) return undefined;
    const record = parsed(text);
    if (isRecord(record)) return record;
    throw new StorageError(
      'precondition',
      `${path} on this node is damaged, so it is unknown whether the volume has held a filesystem here: nothing is ` +
        'mounted or formatted. If the volume is known to be whole, remove that file',
    );
  }

  /** Returns once it is on the disk, name and contents. */
  async write(volumeUuid: string, record: FormatRecord): Promise<void> {
    await mkdir(this.#directory, { recursive: true, mode: 0o700 });
    const part = `${this.path(volumeUuid)}.part`;
    await flushed(part, 'w', (file) => file.writeFile(`${JSON.stringify(record)}\n`));
    await rename(part, this.path(volumeUuid));
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
