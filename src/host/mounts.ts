import { readFile, realpath } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { StorageError } from '../storage/errors.ts';
import { unlessAbsent } from './errno.ts';
import { coverOf, depthOf, isStackedOn } from './mount-cover.ts';
import { type Mount, parseMountinfo } from './mountinfo.ts';
import { ProcessError, type Processes } from './processes.ts';

/** Whether a mount may be taken away by the call at hand. */
export type IsOurs = (mount: Mount) => Promise<boolean>;

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

  /** Of the mounts that are meant those that are to be seen at their own path. */
  async visible(isMeant: (mount: Mount) => boolean): Promise<Mount[]> {
    const all = await this.list();
    return all.filter((mount) => isMeant(mount) && coverOf(mount, all) === undefined && !isStackedOn(mount, all));
  }

  /** The mounts that exactly this path leads to, the visible one last. */
  async at(path: string): Promise<Mount[]> {
    const [point, all] = [await canonical(path), await this.list()];
    return all
      .filter((mount) => mount.mountPoint === point && coverOf(mount, all) === undefined)
      .sort((one, other) => depthOf(one, all) - depthOf(other, all));
  }

  /**
   * What is mounted on the path, but cannot be seen there, is not done, and cannot be undone.
   *
   * @throws StorageError `precondition` when such a mount is meant; it names the one above it
   */
  async refuseCovered(path: string, isMeant: (mount: Mount) => boolean | Promise<boolean>): Promise<void> {
    const [point, all] = [await canonical(path), await this.list()];
    for (const mount of all.filter(({ mountPoint }) => mountPoint === point)) {
      const cover = coverOf(mount, all);
      if (cover === undefined || !(await isMeant(mount))) continue;
      const above = `a mount of ${cover.type} (${cover.source}) on ${cover.mountPoint}`;
      throw new StorageError('NODE-COVERED', path, `${mount.source} is beneath ${above}`);
    }
  }

  /** @throws StorageError `unavailable` with what mount(8) said */
  async mount(args: readonly string[]): Promise<void> {
    try {
      await this.#host.run('mount', args, { timeoutMs: MOUNT_MS });
    } catch (error) {
      if (!(error instanceof ProcessError)) throw error;
      throw new StorageError('NODE-MOUNT', `mount ${args.join(' ')}`, error.message, { cause: error });
    }
  }

  /**
   * Unmounts what is on the path, however often something was mounted there, down to the first mount that is not ours.
   *
   * @throws ProcessError when umount(8) fails or takes too long; what is left then is still to be seen by {@link at}
   */
  async unmount(path: string, isOurs: IsOurs, timeoutMs: number): Promise<void> {
    await this.#unmountOurs(path, isOurs, (point) => this.#umount([point], timeoutMs));
  }

  /** Leaves one of several equal mounts on the path: a mount(8) whose starter was killed may have ended after the next one. */
  async unstack(path: string): Promise<void> {
    const [below, top] = (await this.at(path)).slice(-2);
    if (below === undefined || top === undefined || below.device !== top.device || below.root !== top.root) return;
    await this.#umount([top.mountPoint], MOUNT_MS);
    await this.unstack(path);
  }

  /** Takes what is ours out of sight at once; the filesystem ends when its last user does. */
  async unmountLazily(path: string, isOurs: IsOurs): Promise<void> {
    await this.#unmountOurs(path, isOurs, (point) => this.#umount(['--lazy', point], MOUNT_MS));
  }

  async #unmountOurs(path: string, isOurs: IsOurs, umount: (point: string) => Promise<void>): Promise<void> {
    for (let layers = await this.at(path); ; ) {
      const top = layers.at(-1);
      if (top === undefined || !(await isOurs(top))) return;
      await umount(top.mountPoint);
      const left = await this.at(path);
      if (left.length >= layers.length) throw new ProcessError(`${path} is still mounted after umount`);
      layers = left;
    }
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
  return join(await resolved(dirname(path)), basename(path));
}

/** With what of it is there: the rest may be hidden. */
async function resolved(path: string): Promise<string> {
  return (await unlessAbsent(() => realpath(path))) ?? join(await resolved(dirname(path)), basename(path));
}
