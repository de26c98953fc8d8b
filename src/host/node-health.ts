/** How the volumes of this node are, as far as the kernel shows it: sysfs, mountinfo, and for XFS one stat(1). */
import { basename, join } from 'node:path';
import type { ConditionCode, Look } from '../failures/conditions.ts';
import { printExactSize } from '../failures/print-size.ts';
import { StorageError } from '../storage/errors.ts';
import { type BlockDevice, PLACES, type Places, readAttribute } from './block-device.ts';
import { isOf } from './device-owner.ts';
import { givenUp } from './filesystem-health.ts';
import type { Mount } from './mountinfo.ts';
import type { NodeDependencies, VolumeIdentity } from './node-dependencies.ts';
import { showsDevice, showsFilesystem } from './volume-users.ts';

/** A volume as a look has found it. */
export interface Examined extends Look {
  /** Undefined when the node has none for it. */
  readonly device: BlockDevice | undefined;
  /** What is at the path, of whatever it is; undefined for nothing. */
  readonly mount: Mount | undefined;
}

/** What was found of a condition; undefined when it is not so. */
type Verdict = readonly [code: ConditionCode, found: string | undefined];

type Tools = Pick<NodeDependencies, 'host' | 'attachment' | 'mounts'>;

/** Looks at volumes. It remembers only what no look can find out: which size was given to a volume, and what a check said. */
export class NodeHealth {
  readonly #tools: Tools;
  readonly #places: Places;
  /** By uuid, since this process began. */
  readonly #bytes = new Map<string, bigint>();
  /** What e2fsck said of those that could not be mounted, by uuid. */
  readonly #damaged = new Map<string, string>();

  constructor(tools: Tools, places: Places = PLACES) {
    this.#tools = tools;
    this.#places = places;
  }

  /** Takes note of the size of a volume that is in use from now on, or has grown. */
  hasBytes({ uuid }: VolumeIdentity, bytes: bigint): void {
    const before = this.#bytes.get(uuid) ?? 0n;
    // What Kubernetes keeps of a publication is the size that the volume had then.
    this.#bytes.set(uuid, bytes > before ? bytes : before);
    this.#damaged.delete(uuid);
  }

  /** Takes note of why a volume could not be staged. @returns what that says of the volume; undefined for nothing */
  notStaged({ uuid }: VolumeIdentity, error: unknown): Look | undefined {
    if (!(error instanceof StorageError) || error.code !== 'NODE-DAMAGED') return undefined;
    this.#damaged.set(uuid, error.detail);
    return { conditions: [{ code: 'FilesystemDamaged', detail: error.detail }], examined: ['FilesystemDamaged'] };
  }

  /** Forgets a volume that this node no longer has. */
  isGone({ uuid }: VolumeIdentity): void {
    this.#bytes.delete(uuid);
    this.#damaged.delete(uuid);
  }

  /**
   * Looks at a volume at the first of the paths at which it is mounted, else at what is mounted there, or without any path,
   * wherever its device is mounted. Where the connection is lost nothing else is looked at, as that could hang.
   *
   * @throws StorageError `unavailable` when its device cannot be determined
   */
  async look(volume: VolumeIdentity, paths: readonly string[], signal?: AbortSignal): Promise<Examined> {
    const device = await this.#tools.attachment.find(volume.nqn);
    const mount = await this.#mountOf(device, paths);
    const verdicts = [...this.#ofCheck(volume, device, mount), ...(await this.#judge(volume, device, mount, signal))];
    return {
      device,
      mount,
      conditions: verdicts.flatMap(([code, detail]) => (detail === undefined ? [] : [{ code, detail }])),
      examined: verdicts.map(([code]) => code),
    };
  }

  /**
   * How a volume is that the node has, or could not stage. Where it is not mounted at the paths, it is looked at wherever it is.
   *
   * @throws StorageError `notFound` when the node knows nothing of it, `unavailable` as {@link look}
   */
  async examine(volume: VolumeIdentity, paths: readonly string[], signal?: AbortSignal): Promise<Examined> {
    const there = await this.look(volume, paths, signal);
    const { device, mount, examined } = there;
    if (examined.length === 0) throw new StorageError('NODE-ABSENT', volume.id, paths[0] ?? 'anywhere');
    const isSeen = device === undefined || (mount !== undefined && shows(mount, device));
    return isSeen || paths.length === 0 ? there : await this.look(volume, [], signal);
  }

  /** The places of storage that this node has volumes of, and to which none of its connections works now. */
  async unreachable(): Promise<string[]> {
    const live = new Map<string, boolean>();
    for (const { place, isLive } of await this.#tools.attachment.connections()) {
      live.set(place, (live.get(place) ?? false) || isLive);
    }
    return [...live].flatMap(([place, isLive]) => (isLive ? [] : [place]));
  }

  async #mountOf(device: BlockDevice | undefined, paths: readonly string[]): Promise<Mount | undefined> {
    const { mounts } = this.#tools;
    if (paths.length > 0) {
      const tops = await Promise.all(paths.map(async (path) => (await mounts.at(path)).at(-1) ?? []));
      const found = tops.flat();
      return found.find((mount) => device !== undefined && shows(mount, device)) ?? found[0];
    }
    return device && (await mounts.visible((mount) => shows(mount, device)))[0];
  }

  /** What e2fsck said is so until the volume is staged; whether it ever said so is not known of one that is not mounted. */
  #ofCheck({ uuid }: VolumeIdentity, device: BlockDevice | undefined, mount: Mount | undefined): Verdict[] {
    const damaged = this.#damaged.get(uuid);
    const isMounted = device !== undefined && mount !== undefined && showsFilesystem(mount, device);
    return damaged === undefined && !isMounted ? [] : [['FilesystemDamaged', damaged]];
  }

  async #judge(
    volume: VolumeIdentity,
    device: BlockDevice | undefined,
    mount: Mount | undefined,
    signal?: AbortSignal,
  ): Promise<Verdict[]> {
    if (device === undefined) return await this.#ofNoDevice(volume, mount);
    if (!(await this.#tools.attachment.isLive(volume.nqn))) return [['ConnectionLost', 'the kernel is reconnecting']];
    return [
      ['ConnectionLost', undefined],
      ...this.#ofSize(volume, device),
      ...(mount === undefined ? [] : await this.#ofMount(mount, device, signal)),
    ];
  }

  /** Without a device: the kernel has given it up while it was mounted, or is connecting and has not got it yet. */
  async #ofNoDevice({ nqn }: VolumeIdentity, mount: Mount | undefined): Promise<Verdict[]> {
    const { attachment } = this.#tools;
    if (mount !== undefined && (await isOf(attachment, nqn, mount))) {
      return [['ConnectionLost', 'the kernel has given it up']];
    }
    const isConnecting = (await attachment.connected(nqn)).length > 0 && !(await attachment.isLive(nqn));
    return isConnecting ? [['ConnectionLost', 'the kernel is connecting']] : [];
  }

  /** A namespace without a size is one that the kernel has not read yet. */
  #ofSize({ uuid }: VolumeIdentity, { bytes }: BlockDevice): Verdict[] {
    const wanted = this.#bytes.get(uuid);
    if (wanted === undefined || bytes === 0n) return [];
    const isSmaller = bytes < wanted;
    return [['DeviceSmaller', isSmaller ? `${printExactSize(bytes)} of ${printExactSize(wanted)}` : undefined]];
  }

  /** Nothing, unless the mount is one of the device: what else is mounted there says nothing of the volume. */
  async #ofMount(mount: Mount, device: BlockDevice, signal?: AbortSignal): Promise<Verdict[]> {
    if (!shows(mount, device)) return [];
    const isFilesystem = showsFilesystem(mount, device);
    const options = isFilesystem ? mount.superOptions : mount.options;
    const ofDevice = readOnlyVerdict(device, options);
    if (!isFilesystem) return ofDevice;
    const fact = await givenUp(this.#tools.host, mount, device, signal);
    if (fact !== undefined) return [...ofDevice, ['FilesystemGaveUp', fact]];
    return [
      ...ofDevice,
      // Whether one on a device that cannot be written has given up is not to be seen.
      ...(device.readOnly ? [] : [['FilesystemGaveUp', undefined] as const]),
      ...(await this.#ofErrors(mount, device)),
    ];
  }

  /** What ext4 has written into its superblock since it was last repaired. Other filesystems show no such number. */
  async #ofErrors({ type }: Mount, { path }: BlockDevice): Promise<Verdict[]> {
    if (type !== 'ext4') return [];
    const shown = await readAttribute(join(this.#places.sys, 'fs/ext4', basename(path), 'errors_count'));
    if (shown === undefined || !/^\d+$/.test(shown)) return [];
    return [['FilesystemErrorRecorded', Number(shown) === 0 ? undefined : `${shown} on ${path}`]];
  }
}

/** A mount that cannot be written may have been made so, or have become so because of its device: it says nothing. */
function readOnlyVerdict({ readOnly, path }: BlockDevice, options: readonly string[]): Verdict[] {
  if (!readOnly) return [['DeviceReadOnly', undefined]];
  return options.includes('ro') ? [] : [['DeviceReadOnly', path]];
}

function shows(mount: Mount, device: BlockDevice): boolean {
  return showsFilesystem(mount, device) || showsDevice(mount, device);
}
