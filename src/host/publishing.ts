/** NodePublish and NodeUnpublish: bind mounts of what is staged, and what can be done to it while it is in use. */
import { dirname } from 'node:path';
import type { Call } from '../storage/call.ts';
import { StorageError } from '../storage/errors.ts';
import type { BlockDevice } from './block-device.ts';
import { isOf } from './device-owner.ts';
import { FilesystemGaveUp, givenUp } from './filesystem-health.ts';
import { type FilesystemUsage, filesystemUsage, growFilesystem } from './filesystems.ts';
import type { Filesystem } from './found-filesystem.ts';
import { makeTarget, removeTarget } from './mount-point.ts';
import type { Mount } from './mountinfo.ts';
import type { IsOurs } from './mounts.ts';
import type { NodeDependencies, VolumeIdentity } from './node-dependencies.ts';
import type { Examined } from './node-health.ts';
import { ProcessError } from './processes.ts';
import type { StageRequest } from './staging.ts';
import { placesOf, showsDevice, showsFilesystem } from './volume-users.ts';
import { waitForSize } from './wait-for-size.ts';

export interface NodePublishRequest {
  readonly volume: VolumeIdentity;
  readonly kind: 'block' | 'filesystem';
  readonly stagingPath: string;
  readonly targetPath: string;
  readonly readOnly: boolean;
  /** No second target may have it (SINGLE_NODE_SINGLE_WRITER). */
  readonly exclusive: boolean;
  /** How it was to be staged, where the caller says so: as which publication. */
  readonly staged?: StageRequest | undefined;
}

/** What a volume holds: bytes alone for a raw block volume. */
export type VolumeStats =
  | { readonly kind: 'block'; readonly bytes: bigint }
  | ({ readonly kind: 'filesystem' } & FilesystemUsage);

const UMOUNT_MS = 20_000;
/** Options of a mount that keep what is in it from acting on the node. */
const PROTECTING = ['nosuid', 'nodev', 'noexec'];

/** For one volume at a time: the caller holds its lock. */
export class NodePublishing {
  readonly #tools: NodeDependencies;

  constructor(tools: NodeDependencies) {
    this.#tools = tools;
  }

  /**
   * Binds what is staged to the target, or finds that it is bound.
   *
   * @throws StorageError `precondition` when it is not staged, or another target has it that wants it alone;
   * `alreadyExists` when the target has something else, or the volume in another mode
   */
  async publish(request: NodePublishRequest): Promise<void> {
    const { mounts } = this.#tools;
    const { volume, targetPath: target, kind, readOnly } = request;
    const device = await this.#staged(request);
    const isIt = kind === 'block' ? showsDevice : showsFilesystem;
    const current = (await mounts.at(target)).at(-1);
    if (current === undefined) {
      await mounts.refuseCovered(target, (mount) => isIt(mount, device));
      await this.#refuseSecond(request, device);
      await makeTarget(kind, target);
      await this.#bind(request, device);
      await mounts.unstack(target);
    }
    const bound = current ?? (await mounts.at(target)).at(-1);
    if (bound === undefined || !isIt(bound, device)) {
      // What this call has bound, when the device was replaced by another one in the meantime.
      if (current === undefined) await mounts.unmount(target, async () => true, UMOUNT_MS);
      throw new StorageError('NODE-TAKEN', target, `${bound?.source ?? 'nothing'}, not ${volume.id}`);
    }
    if (readOnly !== isReadOnly(bound)) {
      const mode = readOnly ? 'read-write' : 'read-only';
      throw new StorageError('NODE-MODE', volume.id, `${mode} at ${target}`);
    }
  }

  /**
   * By one program, whether read-only or not: a mount that can be written is never one that was to become read-only. For
   * read-only, mount(8) sets all options again, so those that protect the node are given again.
   */
  async #bind(
    { kind, stagingPath, targetPath: target, readOnly }: NodePublishRequest,
    device: BlockDevice,
  ): Promise<void> {
    const { mounts } = this.#tools;
    const source = kind === 'block' ? device.path : stagingPath;
    const from = (await mounts.at(kind === 'block' ? dirname(source) : source)).at(-1);
    const options = ['ro', ...PROTECTING.filter((option) => from?.options.includes(option))];
    try {
      await mounts.mount(['--bind', ...(readOnly ? ['-o', options.join(',')] : []), source, target]);
    } catch (error) {
      // It may have bound it, and failed to make that read-only.
      await mounts.unmount(
        target,
        async (mount) => showsDevice(mount, device) || showsFilesystem(mount, device),
        UMOUNT_MS,
      );
      throw error;
    }
  }

  /**
   * Takes away what of the volume is mounted at the target, whatever state it is in, and the target.
   *
   * @throws StorageError `precondition` when something else is there
   */
  async unpublish(volume: VolumeIdentity, target: string): Promise<void> {
    const { attachment, mounts, logger } = this.#tools;
    const isOurs: IsOurs = (mount) => isOf(attachment, volume.nqn, mount);
    try {
      await mounts.unmount(target, isOurs, UMOUNT_MS);
    } catch (error) {
      if (!(error instanceof ProcessError)) throw error;
      if (!error.timedOut) throw new StorageError('NODE-UMOUNT', target, error.message);
      logger.warn({ target }, 'unmounting lazily: the filesystem does not answer');
      await mounts.unmountLazily(target, isOurs);
    }
    const other = (await mounts.at(target)).at(-1);
    if (other !== undefined) {
      throw new StorageError('NODE-FOREIGN', target, `${other.source} (${other.type}), not ${volume.id}`);
    }
    await mounts.refuseCovered(target, isOurs);
    await removeTarget(target);
  }

  /**
   * @param examined how it was found at the path
   * @throws StorageError `notFound` when the volume is not at the path, `unavailable` when it does not answer,
   * FilesystemGaveUp when it is not to be used any more
   */
  async usage(
    volume: VolumeIdentity,
    path: string,
    { device, mount, conditions }: Examined,
    { signal }: Call,
  ): Promise<VolumeStats> {
    if (device === undefined || mount === undefined) throw notThere(volume, path);
    if (showsDevice(mount, device)) return { kind: 'block', bytes: device.bytes };
    if (!showsFilesystem(mount, device)) throw notThere(volume, path);
    for (const { code, detail } of conditions) {
      if (code === 'ConnectionLost')
        throw new StorageError('NODE-LOST', volume.id, `its connection is lost, and ${detail}`);
      if (code === 'FilesystemGaveUp') throw new FilesystemGaveUp(volume, mount.mountPoint, detail);
    }
    return { kind: 'filesystem', ...(await filesystemUsage(this.#tools.host, path, signal)) };
  }

  /**
   * Waits until the device has the size that the controller gave it, then grows the filesystem, while it is in use.
   *
   * @returns bytes of the device
   * @throws StorageError `notFound` when the volume is not at the path, `unavailable` when the device stays small,
   * FilesystemGaveUp when its filesystem is not to be used any more
   */
  async expand(volume: VolumeIdentity, path: string, wantedBytes: bigint, { signal }: Call): Promise<bigint> {
    const { attachment, host, mounts } = this.#tools;
    const mount = (await mounts.at(path)).at(-1);
    const before = await attachment.find(volume.nqn);
    if (before === undefined || mount === undefined) throw notThere(volume, path);
    if (!showsFilesystem(mount, before) && !showsDevice(mount, before)) throw notThere(volume, path);
    const device = await waitForSize(attachment, volume, before, wantedBytes, signal);
    if (showsFilesystem(mount, device)) {
      await this.#refuseGivenUp(volume, mount, device, signal);
      const writable = await this.#writable(device, path);
      await growFilesystem(host, { device, filesystem: mount.type as Filesystem, path: writable });
    }
    return device.bytes;
  }

  async #refuseGivenUp(volume: VolumeIdentity, mount: Mount, device: BlockDevice, signal: AbortSignal): Promise<void> {
    const fact = await givenUp(this.#tools.host, mount, device, signal);
    if (fact !== undefined) throw new FilesystemGaveUp(volume, mount.mountPoint, fact);
  }

  /** XFS is grown through a mount that can be written; a published one may be read-only. */
  async #writable(device: BlockDevice, path: string): Promise<string> {
    const isWritable = (mount: Mount) => showsFilesystem(mount, device) && mount.root === '/' && !isReadOnly(mount);
    const [found] = await this.#tools.mounts.visible(isWritable);
    return found?.mountPoint ?? path;
  }

  async #staged({ volume, kind, stagingPath }: NodePublishRequest): Promise<BlockDevice> {
    const { attachment, mounts } = this.#tools;
    const device = await attachment.find(volume.nqn);
    if (device !== undefined && kind === 'block') return device;
    if (device !== undefined) {
      const mount = (await mounts.at(stagingPath)).at(-1);
      if (mount !== undefined && showsFilesystem(mount, device)) return device;
      await mounts.refuseCovered(stagingPath, (covered) => showsFilesystem(covered, device));
    }
    throw new StorageError('NODE-UNSTAGED', volume.id, stagingPath);
  }

  async #refuseSecond({ volume, exclusive, stagingPath }: NodePublishRequest, device: BlockDevice): Promise<void> {
    if (!exclusive) return;
    const { mounts } = this.#tools;
    const staged = (await mounts.at(stagingPath)).map(({ mountPoint }) => mountPoint);
    const others = placesOf(await mounts.list(), device).filter((place) => !staged.includes(place));
    if (others.length === 0) return;
    throw new StorageError('NODE-ONCE', volume.id, others.join(', '));
  }
}

function isReadOnly({ options }: Mount): boolean {
  return options.includes('ro');
}

function notThere({ id }: VolumeIdentity, path: string): StorageError {
  return new StorageError('NODE-ABSENT', id, path);
}
