/** Reports the RDS what the filesystems of this node's volumes do not use any more, by fstrim(8). */
import { basename, join } from 'node:path';
import { volumeUuidOf } from '../storage/ids.ts';
import { type BlockDevice, PLACES, type Places, readAttribute } from './block-device.ts';
import { givenUp } from './filesystem-health.ts';
import { isFilesystem } from './found-filesystem.ts';
import type { Mount } from './mountinfo.ts';
import type { NodeDependencies } from './node-dependencies.ts';
import { ProcessError } from './processes.ts';
import { showsFilesystem } from './volume-users.ts';

/** A filesystem of a volume that is mounted on this node. */
export interface MountedVolume {
  readonly uuid: string;
  /** Of its publication. */
  readonly nqn: string;
  /** The first of its mounts, which is the one that it was staged by. */
  readonly mount: Mount;
}

/**
 * `interrupted`: someone needed the volume. `skipped`: not begun, since a call is at work on it, or it cannot be written now.
 * `unsupported`: not begun, since its device takes no discards.
 */
export type TrimOutcome = 'done' | 'interrupted' | 'failed' | 'skipped' | 'unsupported';

/** What became of one filesystem. */
export interface Trim {
  readonly outcome: TrimOutcome;
  /** What the filesystem reported to the device as unused. XFS tells all of it each time, ext4 what is new since the mount. */
  readonly bytes: bigint;
}

/** One run on a large filesystem takes minutes. */
const TRIM_MS = 3_600_000;
/** The kernel ends a killed fstrim between two discards, and until then the filesystem cannot be unmounted. */
const LINGER_MS = 2000;
/** In the C locale: `/mnt: 60.5 MiB (63438848 bytes) trimmed`. */
const SAID = /^[0-9.]+ (?:B|[KMGTPE]iB) \((\d{1,20}) bytes\) trimmed$/;

/** For one volume at a time: the caller holds its lock. */
export class Trimming {
  readonly #tools: Pick<NodeDependencies, 'host' | 'attachment' | 'mounts' | 'logger'>;
  readonly #places: Places;
  /** NQNs of publications whose devices take no discards, as far as they were logged. */
  #unsupported: ReadonlySet<string> = new Set();

  constructor(tools: Pick<NodeDependencies, 'host' | 'attachment' | 'mounts' | 'logger'>, places: Places = PLACES) {
    this.#tools = tools;
    this.#places = places;
  }

  /** Each filesystem of a volume once, however often it is mounted, by a mount that is to be seen. @throws StorageError `unavailable` */
  async mounted(): Promise<MountedVolume[]> {
    const { attachment, mounts } = this.#tools;
    const first = new Map<string, Mount>();
    const isWhole = ({ type, root }: Mount) => isFilesystem(type) && root === '/';
    for (const mount of await mounts.visible(isWhole)) {
      if (!first.has(mount.device)) first.set(mount.device, mount);
    }
    const found: MountedVolume[] = [];
    for (const mount of first.values()) {
      const owner = await attachment.ownerOf(mount.device);
      const uuid = owner.kind === 'volume' ? volumeUuidOf(owner.nqn) : undefined;
      if (owner.kind === 'volume' && uuid !== undefined) found.push({ uuid, nqn: owner.nqn, mount });
    }
    const seen = new Set(found.map(({ nqn }) => nqn));
    this.#unsupported = new Set([...this.#unsupported].filter((nqn) => seen.has(nqn)));
    return found;
  }

  /** Looks at everything again, since the volume may have gone while others were trimmed. Whatever fails is logged. */
  async trim({ nqn, mount: { mountPoint } }: MountedVolume, signal: AbortSignal): Promise<Trim> {
    const { host, logger } = this.#tools;
    try {
      const device = await this.#writable(nqn, mountPoint, signal);
      if (device === undefined) return { outcome: 'skipped', bytes: 0n };
      if (!(await takesDiscards(this.#places, device))) return this.#logUnsupported(nqn, device);
      // It dies with this process: no one else would end it when the volume is needed.
      const args = ['--pdeathsig', 'KILL', '--', 'fstrim', '--verbose', mountPoint];
      const { text } = await host.run('setpriv', args, { timeoutMs: TRIM_MS, lingerMs: LINGER_MS, signal });
      const bytes = bytesIn(text, mountPoint);
      logger.info({ nqn, bytes: `${bytes}` }, 'trimmed');
      return { outcome: 'done', bytes };
    } catch (error) {
      if (signal.aborted) return { outcome: 'interrupted', bytes: 0n };
      logger.warn({ err: error, nqn, path: mountPoint }, 'a filesystem was not trimmed; retrying at the next interval');
      return { outcome: 'failed', bytes: 0n };
    }
  }

  /** The device of the filesystem that is to be seen at the path, if both work and can be written. */
  async #writable(nqn: string, path: string, signal: AbortSignal): Promise<BlockDevice | undefined> {
    const { host, attachment, mounts } = this.#tools;
    const device = await attachment.find(nqn);
    const top = (await mounts.at(path)).at(-1);
    if (device === undefined || top === undefined || !showsFilesystem(top, device)) return undefined;
    if (device.readOnly || !(await attachment.isLive(nqn))) return undefined;
    return (await givenUp(host, top, device, signal)) === undefined ? device : undefined;
  }

  #logUnsupported(nqn: string, { path }: BlockDevice): Trim {
    if (!this.#unsupported.has(nqn)) this.#tools.logger.warn({ nqn, device: path }, 'the device takes no discards');
    this.#unsupported = new Set([...this.#unsupported, nqn]);
    return { outcome: 'unsupported', bytes: 0n };
  }
}

/** What FITRIM of ext4 and XFS asks, too, before it answers EOPNOTSUPP. A device without the attribute has gone meanwhile. */
async function takesDiscards({ sys }: Places, { path }: BlockDevice): Promise<boolean> {
  return (await readAttribute(join(sys, 'block', basename(path), 'queue/discard_max_bytes'))) !== '0';
}

/** @throws ProcessError when it is not what fstrim says */
function bytesIn(text: string, path: string): bigint {
  const said = text.startsWith(`${path}: `) ? SAID.exec(text.slice(path.length + 2))?.[1] : undefined;
  if (said === undefined)
    throw new ProcessError(`fstrim said something else than how much it trimmed: ${text.slice(0, 300)}`);
  return BigInt(said);
}
