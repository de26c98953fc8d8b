import { readFile, realpath } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { StorageError } from '../storage/errors.ts';
import { unlessAbsent } from './errno.ts';
import { type Mount, parseMountinfo } from './mountinfo.ts';
import { ProcessError, type Processes } from './processes.ts';

/** A mount replays the journal first. */
const MOUNT_MS = 300_000;

/** Mounts of this node, read from the kernel each time; nothing here looks into a mounted filesystem. */
export class Mounts {
  readonly #host: Processes;
  readonly #hidden: string | undefined;

  /** @param hidden directory under which the host's mounts appear a second time */
  constructor(host: Processes, hidden?: string) {
    this.#host = host;
    this.#hidden = hidden;
  }

  /** All mounts, an upper one after those that it hides. */
  async list(): Promise<Mount[]> {
    const mounts = parseMountinfo(await readFile('/proc/self/mountinfo', 'utf8'));
    const hidden = this.#hidden;
    return hidden === undefined
      ? mounts
      : mounts.filter(({ mountPoint }) => !`${mountPoint}/`.startsWith(`${hidden}/`));
  }

  /** The mounts on exactly this path, the visible one last. */
  async at(path: string): Promise<Mount[]> {
    const point = await canonical(path);
    return (await this.list()).filter(({ mountPoint }) => mountPoint === point);
  }

  /** @param advice for the end of the message @throws StorageError `unavailable` with what mount(8) said */
  async mount(args: readonly string[], advice = ''): Promise<void> {
    try {
      await this.#host.run('mount', args, { timeoutMs: MOUNT_MS });
    } catch (error) {
      if (!(error instanceof ProcessError)) throw error;
      const what = `mount ${args.join(' ')}`;
      const text = `${what}: ${error.message} (the kernel log may say why)${advice}`;
      throw new StorageError('unavailable', text, { cause: error });
    }
  }

  /**
   * Unmounts whatever is on the path, however often something was mounted there.
   *
   * @throws ProcessError when umount(8) fails or takes too long; what is left then is still to be seen by {@link at}
   */
  async unmount(path: string, timeoutMs: number): Promise<void> {
    const point = await canonical(path);
    for (let layers = await this.at(path); layers.length > 0; ) {
      await this.#umount([point], timeoutMs);
      const left = await this.at(path);
      if (left.length >= layers.length) throw new ProcessError(`${path} is still mounted after umount`);
      layers = left;
    }
  }

  /** Leaves one mount of several on the path: a mount(8) whose starter was killed may have ended after the next one. */
  async unstack(path: string): Promise<void> {
    const point = await canonical(path);
    for (let left = (await this.at(path)).length; left > 1; left -= 1) await this.#umount([point], MOUNT_MS);
  }

  /** Takes the mounts out of sight at once; the filesystem ends when its last user does. */
  async unmountLazily(path: string): Promise<void> {
    const point = await canonical(path);
    const layers = await this.at(path);
    for (let left = layers.length; left > 0; left -= 1) await this.#umount(['--lazy', point], MOUNT_MS);
  }

  /** The mount may go on its own meanwhile: an earlier umount that was cut off still runs in the kernel. */
  async #umount(args: readonly string[], timeoutMs: number): Promise<void> {
    const { status, complaint } = await this.#host.ask('umount', args, { timeoutMs });
    if (status !== 0 && !/not mounted|no mount point/.test(complaint)) {
      throw new ProcessError(`umount ${args.join(' ')}: ${complaint}`, { status });
    }
  }
}

/** As the kernel knows it. The last part is never looked at: it may be a mount of a dead device. */
async function canonical(path: string): Promise<string> {
  const parent = (await unlessAbsent(() => realpath(dirname(path)))) ?? dirname(path);
  return join(parent, basename(path));
}
