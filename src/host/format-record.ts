/** What this node knows about volumes that it has formatted, on its own disk, one file each. */
import { mkdir, open, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';

const schema = z.strictObject({
  version: z.literal(1),
  nqn: z.string(),
  /** `formatting`: proven blank, and mkfs was begun. `formatted`: it has held a filesystem since. */
  state: z.enum(['formatting', 'formatted']),
  filesystem: z.enum(['ext4', 'xfs']),
  /** Of the filesystem that mkfs was told to make; so what it left half-made is known from anything else. */
  uuid: z.string(),
  /** Size of the device that was proven blank. */
  bytes: z.string(),
});

/** Why a format may be repeated, or must never be begun again. */
export type FormatRecord = z.infer<typeof schema>;

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

  /** @throws Error when there is one that cannot be read: what it would have forbidden is then unknown */
  async read(volumeUuid: string): Promise<FormatRecord | undefined> {
    try {
      return schema.parse(JSON.parse(await readFile(this.path(volumeUuid), 'utf8')));
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
      throw new Error(`${this.path(volumeUuid)} cannot be read`, { cause: error });
    }
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
