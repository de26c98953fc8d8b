import type { Call } from '../storage/call.ts';
import { StorageError } from '../storage/errors.ts';
import { KeyedLock } from '../storage/keyed-lock.ts';
import { isSystemError } from './errno.ts';
import type { NodeDependencies, VolumeIdentity } from './node-dependencies.ts';
import { ProcessError } from './processes.ts';
import { NodePublishing, type NodePublishRequest, type VolumeStats } from './publishing.ts';
import { type StageRequest, Staging } from './staging.ts';
import { type MountedVolume, type Trim, Trimming } from './trimming.ts';

/** The volumes of this node: one operation at a time on each, and every failure a StorageError. */
export class NodeVolumes {
  readonly #staging: Staging;
  readonly #publishing: NodePublishing;
  readonly #trimming: Trimming;
  readonly #lock = new KeyedLock();
  /** The trim that is under way. */
  #trim: { readonly key: string; readonly giveWay: AbortController } | undefined;

  constructor(tools: NodeDependencies) {
    this.#staging = new Staging(tools);
    this.#publishing = new NodePublishing(tools);
    this.#trimming = new Trimming(tools);
  }

  /** @see Staging.stage */
  async stage(request: StageRequest, call: Call): Promise<void> {
    await this.#exclusively(request.volume, call, () => this.#staging.stage(request, call));
  }

  /** @see Staging.unstage */
  async unstage(volume: VolumeIdentity, stagingPath: string, call: Call): Promise<void> {
    await this.#exclusively(volume, call, () => this.#staging.unstage(volume, stagingPath, call));
  }

  /** @see Staging.renew and Publishing.publish */
  async publish(request: NodePublishRequest, call: Call): Promise<void> {
    await this.#exclusively(request.volume, call, async () => {
      if (request.staged !== undefined) await this.#staging.renew(request.staged, call);
      await this.#publishing.publish(request);
    });
  }

  /** @see NodePublishing.unpublish */
  async unpublish(volume: VolumeIdentity, targetPath: string, call: Call): Promise<void> {
    await this.#exclusively(volume, call, () => this.#publishing.unpublish(volume, targetPath));
  }

  /** @see NodePublishing.expand */
  async expand(volume: VolumeIdentity, path: string, bytes: bigint, call: Call): Promise<bigint> {
    return await this.#exclusively(volume, call, () => this.#publishing.expand(volume, path, bytes, call));
  }

  /** Without the lock: it changes nothing, and must not wait for a mkfs. @see NodePublishing.usage */
  async usage(volume: VolumeIdentity, path: string, call: Call): Promise<VolumeStats> {
    return await named(volume, () => this.#publishing.usage(volume, path, call));
  }

  /**
   * Trims the filesystems that are mounted, one after the other, and says what became of each.
   *
   * @throws StorageError `unavailable` when it cannot be determined which those are
   */
  async trim(signal: AbortSignal, onTrim: (trim: Trim) => void): Promise<void> {
    for (const volume of await this.#trimming.mounted()) {
      if (signal.aborted) return;
      onTrim(await this.#trimInTurn(volume, signal));
    }
  }

  /** With the lock, so that what is trimmed cannot be unmounted from under it; but no call waits for it, nor it for a call. */
  async #trimInTurn(volume: MountedVolume, signal: AbortSignal): Promise<Trim> {
    const key = lockKey(volume);
    if (this.#lock.keys().has(key)) return { outcome: 'skipped', bytes: 0n };
    const giveWay = new AbortController();
    this.#trim = { key, giveWay };
    try {
      const either = AbortSignal.any([signal, giveWay.signal]);
      return await this.#lock.run(key, { signal }, () => this.#trimming.trim(volume, either));
    } finally {
      this.#trim = undefined;
    }
  }

  async #exclusively<T>(volume: VolumeIdentity, call: Call, work: () => Promise<T>): Promise<T> {
    const key = lockKey(volume);
    if (this.#trim?.key === key) this.#trim.giveWay.abort();
    return await this.#lock.run(key, call, () => named(volume, work));
  }
}

/** What the id of a volume and its NQN have in common. */
function lockKey({ uuid }: { readonly uuid: string }): string {
  return `pvc-${uuid}`;
}

/** A program or a call of the operating system that failed where no one expected it to is trouble that may pass. */
async function named<T>({ id }: VolumeIdentity, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof ProcessError || isSystemError(error))) throw error;
    throw new StorageError('NODE-PROGRAM', id, error.message, { cause: error });
  }
}
