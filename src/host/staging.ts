/** NodeStage and NodeUnstage: a volume becomes a device of this node and, if it holds a filesystem, a mount. */
import { lstat } from 'node:fs/promises';
import type { Call } from '../storage/call.ts';
import { StorageError } from '../storage/errors.ts';
import type { NvmeTarget } from './attachment.ts';
import { type BlockDevice, isSame } from './block-device.ts';
import { isOf } from './device-owner.ts';
import { unlessAbsent } from './errno.ts';
import { checkFilesystem } from './filesystem-check.ts';
import { FilesystemGaveUp, givenUp } from './filesystem-health.ts';
import { growFilesystem, mountFilesystem } from './filesystems.ts';
import type { Formattable } from './formatting.ts';
import { type Filesystem, isFilesystem } from './found-filesystem.ts';
import { holdersOf } from './holders.ts';
import { makeDirectory } from './mount-point.ts';
import type { Mount } from './mountinfo.ts';
import type { IsOurs } from './mounts.ts';
import type { NodeDependencies, VolumeIdentity } from './node-dependencies.ts';
import { ProcessError } from './processes.ts';
import { endStaleConnections, staleConnections } from './stale-connections.ts';
import { isFree, placesOf, showsFilesystem } from './volume-users.ts';
import { waitFor } from './wait.ts';
import { waitForSize } from './wait-for-size.ts';

/** What the volume shall be on this node. */
export type Use =
  | {
      readonly kind: 'block';
      readonly readOnly: boolean;
      /** Whether it was made without a source and to be mounted, so that a node might format it later. */
      readonly blank: boolean;
    }
  | {
      readonly kind: 'filesystem';
      /** What to make when the volume is proven blank. */
      readonly filesystem: Filesystem;
      /** Whether it was made without a source. */
      readonly blank: boolean;
      readonly mountOptions: readonly string[];
    };

export interface StageRequest {
  readonly volume: VolumeIdentity;
  readonly target: NvmeTarget;
  readonly stagingPath: string;
  readonly use: Use;
}

const UMOUNT_MS = 5000;

/** For one volume at a time: the caller holds its lock. */
export class Staging {
  readonly #tools: NodeDependencies;
  /** Since when backends are waited for, by volume id, over all calls that do. */
  readonly #lostSince = new Map<string, number>();

  constructor(tools: NodeDependencies) {
    this.#tools = tools;
  }

  /**
   * Connects, then makes, mounts and grows the filesystem; every step looks first whether it is done. When it fails and
   * nothing on the node uses the volume, it is disconnected again: kubelet does not unstage after every failure.
   *
   * @throws StorageError
   */
  async stage(request: StageRequest, { signal }: Call): Promise<void> {
    const { volume, target, use } = request;
    this.#lostSince.delete(volume.id);
    try {
      await endStaleConnections(this.#tools, volume, target);
      const connected = await this.#tools.attachment.connect(target, signal);
      const published = { id: volume.id, nqn: target.nqn };
      const device = await waitForSize(this.#tools.attachment, published, connected, target.bytes, signal);
      if (use.kind === 'block') {
        await this.#remember(
          { ...request.volume, nqn: target.nqn, blank: use.blank, filesystem: 'ext4' },
          device,
          'raw',
        );
        if (use.readOnly && !device.readOnly) await this.#tools.host.run('blockdev', ['--setro', device.path]);
      } else {
        await this.#stageFilesystem(request, use, device, signal);
      }
    } catch (error) {
      await this.#abandon(volume);
      throw error;
    }
  }

  /**
   * Stages what kubelet holds for staged, when that is not so any more: its connection is one of an earlier publication,
   * the kernel has given it up, or the filesystem has given up. What was never staged stays so: kubelet makes the path before it stages, and removes it
   * afterwards.
   *
   * @throws StorageError
   */
  async renew(request: StageRequest, call: Call): Promise<void> {
    const { attachment, mounts } = this.#tools;
    const { volume, target, stagingPath, use } = request;
    const device = await attachment.find(target.nqn);
    const mount = (await mounts.at(stagingPath)).at(-1);
    const isMounted = device !== undefined && mount !== undefined && showsFilesystem(mount, device);
    const isStaged =
      use.kind === 'block'
        ? device !== undefined
        : isMounted && (await givenUp(this.#tools.host, mount, device, call.signal)) === undefined;
    if (isStaged && (await staleConnections(attachment, volume, target)).length === 0) return;
    const isKnown = mount !== undefined || (await unlessAbsent(() => lstat(stagingPath))) !== undefined;
    if (isKnown) await this.stage(request, call);
  }

  async #stageFilesystem(
    { volume, target, stagingPath: path }: StageRequest,
    use: Extract<Use, { kind: 'filesystem' }>,
    device: BlockDevice,
    signal: AbortSignal,
  ): Promise<void> {
    const { host, mounts, formatting } = this.#tools;
    const identify = () => this.#tools.attachment.find(target.nqn);
    const formattable = { ...volume, nqn: target.nqn, blank: use.blank, filesystem: use.filesystem };
    let filesystem = await this.#usable(volume, path, device);
    const wasMounted = filesystem !== undefined;
    let isNew = false;
    if (filesystem === undefined) {
      const found = await formatting.ensure(formattable, device, identify, signal);
      filesystem = found.filesystem;
      isNew = found.isNew ?? false;
      const report = await checkFilesystem(host, volume, { device, ...found }, identify);
      if (report !== undefined) this.#tools.logger.warn({ volumeId: volume.id, device: device.path }, report);
      await makeDirectory(path);
      await mountFilesystem(mounts, { device, filesystem, wanted: use.filesystem, path, options: use.mountOptions });
    }
    await mounts.unstack(path);
    const top = (await mounts.at(path)).at(-1);
    const mounted = top && shown(top, device);
    if (!isSame(device, await identify()) || mounted === undefined) {
      // Nothing was there before it, so all is what this call has mounted.
      await mounts.unmount(path, async (mount) => !wasMounted || showsFilesystem(mount, device), UMOUNT_MS);
      throw new StorageError('NODE-CHANGED', volume.id, device.path);
    }
    await this.#remember(formattable, device, mounted);
    if (!isNew) await this.#grow(volume, { device, filesystem: mounted, path });
  }

  /** A filesystem that does not grow is used at its size: what is in it is worth more than what would be added. */
  async #grow(volume: VolumeIdentity, what: Parameters<typeof growFilesystem>[1]): Promise<void> {
    try {
      await growFilesystem(this.#tools.host, what);
    } catch (error) {
      if (!(error instanceof StorageError)) throw error;
      this.#tools.logger.error({ err: error, volumeId: volume.id }, 'mounted at its old size');
      this.#tools.onNotGrown?.(volume, error.message);
    }
  }

  /** What only forbids a format later does not keep a volume from being used now. */
  async #remember(volume: Formattable, device: BlockDevice, use: Filesystem | 'raw'): Promise<void> {
    try {
      await this.#tools.formatting.remember(volume, device, use);
    } catch (error) {
      if (!(error instanceof StorageError)) throw error;
      this.#tools.logger.warn({ err: error, nqn: volume.nqn }, 'could not record yet that this volume was used');
    }
  }

  /** The filesystem of the device on the path; one that has given up is taken away, unless pods still have it. */
  async #usable(volume: VolumeIdentity, path: string, device: BlockDevice): Promise<Filesystem | undefined> {
    const { host, mounts, logger } = this.#tools;
    const filesystem = await this.#mounted(volume, path, device);
    const mount = filesystem && (await mounts.at(path)).at(-1);
    const fact = mount && (await givenUp(host, mount, device));
    if (mount === undefined || fact === undefined) return filesystem;
    const others = placesOf(await mounts.list(), device).filter((place) => place !== mount.mountPoint);
    const [other] = others;
    if (other !== undefined) {
      throw new FilesystemGaveUp(volume, other, `${fact}, still published at ${others.join(', ')}`);
    }
    logger.warn({ path, source: mount.source, fact }, 'unmounting a filesystem that has given up, to mount it again');
    await mounts.unmount(path, this.#isOf(volume), UMOUNT_MS);
    return undefined;
  }

  /** The filesystem of the device on the path. One that a lost device left there is taken away. */
  async #mounted(volume: VolumeIdentity, path: string, device: BlockDevice): Promise<Filesystem | undefined> {
    const { mounts } = this.#tools;
    const mount = (await mounts.at(path)).at(-1);
    if (mount === undefined) {
      await mounts.refuseCovered(path, (covered) => showsFilesystem(covered, device));
      return undefined;
    }
    const filesystem = shown(mount, device);
    if (filesystem !== undefined) return filesystem;
    if (!(await this.#isOf(volume)(mount))) {
      throw new StorageError('NODE-TAKEN', path, `${mount.source} (${mount.type}), not ${volume.id}`);
    }
    this.#tools.logger.warn({ path, source: mount.source }, 'unmounting a filesystem whose device was lost');
    await mounts.unmountLazily(path, this.#isOf(volume));
    return undefined;
  }

  /**
   * Unmounts, waits until all is flushed, disconnects, and proves that. When the RDS does not answer it is waited for,
   * by as many calls as it takes; after `patienceMs` the connection is given up, and with it what was not flushed.
   *
   * @throws StorageError `busy` while the volume is still published or in use, `unavailable` while it is being flushed
   */
  async unstage(volume: VolumeIdentity, stagingPath: string, { signal }: Call): Promise<void> {
    const { attachment, mounts } = this.#tools;
    const device = await attachment.find(volume.nqn);
    for (;;) {
      const isUnmounted = await this.#unmount(volume, stagingPath);
      if (device !== undefined && isUnmounted) await this.#refuseUsed(volume, device);
      const isFlushed = isUnmounted && (device === undefined || (await this.#becomesFree(device, signal)));
      const isLive = await attachment.isLive(volume.nqn);
      if (isFlushed) {
        // What a lost RDS did not take in time, the kernel has dropped.
        if (this.#lostSince.has(volume.id) && !isLive) this.#reportLost(volume);
        break;
      }
      if (isLive) {
        this.#lostSince.delete(volume.id);
        if (isUnmounted || signal.aborted) throw await inUse(volume, device);
        continue;
      }
      // Never the time of day, which may be set forward while data is waiting to be flushed.
      const since = this.#lostSince.get(volume.id) ?? performance.now();
      this.#lostSince.set(volume.id, since);
      if (performance.now() - since >= this.#tools.patienceMs) {
        this.#reportLost(volume);
        break;
      }
      if (signal.aborted) throw await inUse(volume, device);
    }
    this.#lostSince.delete(volume.id);
    await attachment.disconnect(volume.nqn);
    if (!(await this.#unmount(volume, stagingPath))) {
      this.#tools.logger.error({ volumeId: volume.id, stagingPath }, 'unmounting lazily: the device is gone');
      await mounts.unmountLazily(stagingPath, this.#isOf(volume));
    }
  }

  #isOf({ nqn }: VolumeIdentity): IsOurs {
    return (mount) => isOf(this.#tools.attachment, nqn, mount);
  }

  #reportLost(volume: VolumeIdentity): void {
    this.#tools.logger.error(
      { volumeId: volume.id, patienceMs: this.#tools.patienceMs },
      'the RDS is gone: the volume is disconnected, and what was not flushed to it is lost',
    );
    this.#tools.onUnflushed?.(volume);
  }

  /** @returns whether nothing of the volume is mounted there any more. @throws StorageError `busy` while it is open */
  async #unmount(volume: VolumeIdentity, path: string): Promise<boolean> {
    const { mounts, logger } = this.#tools;
    const isOurs = this.#isOf(volume);
    try {
      await mounts.unmount(path, isOurs, UMOUNT_MS);
    } catch (error) {
      if (!(error instanceof ProcessError)) throw error;
      if (!error.timedOut) throw new StorageError('NODE-UMOUNT', path, error.message);
    }
    const left = await mounts.at(path);
    const top = left.at(-1);
    if (top === undefined) {
      await mounts.refuseCovered(path, isOurs);
      return true;
    }
    if (await isOurs(top)) return false;
    const ours = await Promise.all(left.map(isOurs));
    if (ours.includes(true)) {
      throw new StorageError('NODE-UMOUNT', path, `${top.source} (${top.type}) is mounted above ${volume.id}`);
    }
    logger.warn(
      { volumeId: volume.id, path, source: top.source, type: top.type },
      'a mount that is not ours is left alone',
    );
    return true;
  }

  /** What is unmounted may still be flushed, by an umount that was cut off or in another mount namespace. */
  async #becomesFree(device: BlockDevice, signal: AbortSignal): Promise<boolean> {
    const free = async () => ((await isFree(device)) ? true : undefined);
    return (await waitFor(free, UMOUNT_MS, signal)) ?? false;
  }

  async #refuseUsed(volume: VolumeIdentity, device: BlockDevice): Promise<void> {
    const places = placesOf(await this.#tools.mounts.list(), device);
    if (places.length === 0) return;
    throw new StorageError('NODE-PUBLISHED', volume.id, places.join(', '));
  }

  async #abandon(volume: VolumeIdentity): Promise<void> {
    const { attachment, mounts, logger } = this.#tools;
    try {
      const device = await attachment.find(volume.nqn);
      const places = device === undefined ? [] : placesOf(await mounts.list(), device);
      if (places.length > 0 || (device !== undefined && !(await isFree(device)))) return;
      await attachment.disconnect(volume.nqn);
    } catch (error) {
      logger.warn({ err: error, volumeId: volume.id }, 'a connection is left; the next attempt continues with it');
    }
  }
}

/** The filesystem of the device, where the mount shows it. */
function shown(mount: Mount, device: BlockDevice): Filesystem | undefined {
  return showsFilesystem(mount, device) && isFilesystem(mount.type) ? mount.type : undefined;
}

async function inUse(volume: VolumeIdentity, device: BlockDevice | undefined): Promise<StorageError> {
  const holders = device === undefined ? [] : await holdersOf(device);
  return holders.length > 0
    ? new StorageError('NODE-HELD', `${volume.id} (${device?.path})`, holders.join(', '))
    : new StorageError('NODE-FLUSH', `${volume.id} (${device?.path})`);
}
