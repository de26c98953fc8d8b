/** How the volumes of this node are, as far as the kernel shows it: sysfs, mountinfo, and for XFS one stat(1). */
import { basename, join } from 'node:path';
import type { Condition } from '../failures/conditions.ts';
import { printExactSize } from '../failures/print-size.ts';
import { StorageError } from '../storage/errors.ts';
import { type BlockDevice, PLACES, type Places, readAttribute } from './block-device.ts';
import { isOf } from './device-owner.ts';
import { givenUp } from './filesystem-health.ts';
import type { Mount } from './mountinfo.ts';
import type { NodeDependencies, VolumeIdentity } from './node-dependencies.ts';
import { showsDevice, showsFilesystem } from './volume-users.ts';

/** A volume as a look has found it. */
export interface Examined {
  /** Undefined when the node has none for it. */
  readonly device: BlockDevice | undefined;
  /** What is at the path, of whatever it is; undefined for nothing. */
  readonly mount: Mount | undefined;
  /** What cannot be read is in none of them. */
  readonly conditions: readonly Condition[];
}

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

  /** Takes note of why a volume could not be staged. */
  notStaged({ uuid }: VolumeIdentity, error: unknown): void {
    if (error instanceof StorageError && error.code === 'NODE-DAMAGED') this.#damaged.set(uuid, error.detail);
  }

  /** Forgets a volume that this node no longer has. */
  isGone({ uuid }: VolumeIdentity): void {
    this.#bytes.delete(uuid);
    this.#damaged.delete(uuid);
  }

  /**
   * Looks at a volume at the first of the paths at which anything is mounted, or without any, wherever its device is mounted.
   * Where the connection is lost nothing else is looked at, as that could hang.
   *
   * @throws StorageError `unavailable` when its device cannot be determined
   */
  async look(volume: VolumeIdentity, paths: readonly string[], signal?: AbortSignal): Promise<Examined> {
    const { attachment } = this.#tools;
    const damaged = this.#damaged.get(volume.uuid);
    const known: Condition[] = damaged === undefined ? [] : [{ code: 'FilesystemDamaged', detail: damaged }];
    const device = await attachment.find(volume.nqn);
    const mount = await this.#mountOf(device, paths);
    if (device === undefined) {
      const lost = await this.#howLost(volume, mount);
      return { device, mount, conditions: lost === undefined ? known : [...known, lost] };
    }
    const conditions = (await attachment.isLive(volume.nqn))
      ? [...this.#ofSize(volume, device), ...(mount === undefined ? [] : await this.#ofMount(mount, device, signal))]
      : [lostWith('the kernel is reconnecting')];
    return { device, mount, conditions: [...known, ...conditions] };
  }

  /**
   * What is wrong with a volume that the node has, or could not stage.
   *
   * @throws StorageError `notFound` when the node knows nothing of it, `unavailable` as {@link look}
   */
  async conditionsOf(
    volume: VolumeIdentity,
    paths: readonly string[],
    signal?: AbortSignal,
  ): Promise<readonly Condition[]> {
    const { device, conditions } = await this.look(volume, paths, signal);
    if (device === undefined && conditions.length === 0) {
      throw new StorageError('NODE-ABSENT', volume.id, paths[0] ?? 'anywhere');
    }
    return conditions;
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
    for (const path of paths) {
      const top = (await mounts.at(path)).at(-1);
      if (top !== undefined) return top;
    }
    if (device === undefined || paths.length > 0) return undefined;
    return (await mounts.visible((mount) => showsFilesystem(mount, device) || showsDevice(mount, device)))[0];
  }

  /** Without a device: the kernel has given it up while it was mounted, or is connecting and has not got it yet. */
  async #howLost({ nqn }: VolumeIdentity, mount: Mount | undefined): Promise<Condition | undefined> {
    const { attachment } = this.#tools;
    if (mount !== undefined && (await isOf(attachment, nqn, mount))) return lostWith('the kernel has given it up');
    const isConnecting = (await attachment.connected(nqn)).length > 0 && !(await attachment.isLive(nqn));
    return isConnecting ? lostWith('the kernel is connecting') : undefined;
  }

  /** A namespace without a size is one that the kernel has not read yet. */
  #ofSize({ uuid }: VolumeIdentity, { bytes }: BlockDevice): Condition[] {
    const wanted = this.#bytes.get(uuid);
    if (wanted === undefined || bytes === 0n || bytes >= wanted) return [];
    return [{ code: 'DeviceSmaller', detail: `${printExactSize(bytes)} of ${printExactSize(wanted)}` }];
  }

  async #ofMount(mount: Mount, device: BlockDevice, signal?: AbortSignal): Promise<Condition[]> {
    const isFilesystem = showsFilesystem(mount, device);
    if (!isFilesystem && !showsDevice(mount, device)) return [];
    const options = isFilesystem ? mount.superOptions : mount.options;
    const readOnly: Condition[] =
      device.readOnly && !options.includes('ro') ? [{ code: 'DeviceReadOnly', detail: device.path }] : [];
    if (!isFilesystem) return readOnly;
    const fact = await givenUp(this.#tools.host, mount, device, signal);
    if (fact !== undefined) return [...readOnly, { code: 'FilesystemGaveUp', detail: fact }];
    const errors = await this.#errorsOf(mount, device);
    return errors === 0
      ? readOnly
      : [...readOnly, { code: 'FilesystemErrorRecorded', detail: `${errors} on ${device.path}` }];
  }

  /** What ext4 has written into its superblock since it was last repaired; 0 for a filesystem that shows no such number. */
  async #errorsOf({ type }: Mount, { path }: BlockDevice): Promise<number> {
    if (type !== 'ext4') return 0;
    const shown = await readAttribute(join(this.#places.sys, 'fs/ext4', basename(path), 'errors_count'));
    return Number(shown ?? 0) || 0;
  }
}

function lostWith(detail: string): Condition {
  return { code: 'ConnectionLost', detail };
}
