import { StorageError } from '../storage/errors.ts';
import { KeyedLock } from '../storage/keyed-lock.ts';
import type { Call } from '../storage/storage.ts';
import { isSystemError } from './errno.ts';
import type { NodeTools, VolumeName } from './node-tools.ts';
import { ProcessError } from './processes.ts';
import { Publishing, type PublishRequest, type VolumeUsage } from './publishing.ts';
import { type StageRequest, Staging } from './staging.ts';

/** The volumes of this node: one operation at a time on each, and every failure a StorageError. */
export class NodeVolumes {
  readonly #staging: Staging;
  readonly #publishing: Publishing;
  readonly #lock = new KeyedLock();

  constructor(tools: NodeTools) {
    this.#staging = new Staging(tools);
    this.#publishing = new Publishing(tools);
  }

  /** @see Staging.stage */
  async stage(request: StageRequest, call: Call): Promise<void> {
    await this.#exclusively(request.volume, call, () => this.#staging.stage(request, call));
  }

  /** @see Staging.unstage */
  async unstage(volume: VolumeName, stagingPath: string, call: Call): Promise<void> {
    await this.#exclusively(volume, call, () => this.#staging.unstage(volume, stagingPath, call));
  }

  /** @see Staging.renew and Publishing.publish */
  async publish(request: PublishRequest, call: Call): Promise<void> {
    await this.#exclusively(request.volume, call, async () => {
      if (request.staged !== undefined) await this.#staging.renew(request.staged, call);
      await this.#publishing.publish(request);
    });
  }

  /** @see Publishing.unpublish */
  async unpublish(volume: VolumeName, targetPath: string, call: Call): Promise<void> {
    await this.#exclusively(volume, call, () => this.#publishing.unpublish(volume, targetPath));
  }

  /** @see Publishing.expand */
  async expand(volume: VolumeName, path: string, bytes: bigint, call: Call): Promise<bigint> {
    return await this.#exclusively(volume, call, () => this.#publishing.expand(volume, path, bytes, call));
  }

  /** Without the lock: it changes nothing, and must not wait for a mkfs. @see Publishing.usage */
  async usage(volume: VolumeName, path: string, call: Call): Promise<VolumeUsage> {
    return await named(volume, () => this.#publishing.usage(volume, path, call));
  }

  async #exclusively<T>(volume: VolumeName, call: Call, work: () => Promise<T>): Promise<T> {
    return await this.#lock.run(volume.id, call, () => named(volume, work));
  }
}

/** A program or a call of the operating system that failed where nobody expected it to is trouble that may pass. */
async function named<T>({ id }: VolumeName, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof ProcessError || isSystemError(error))) throw error;
    throw new StorageError('unavailable', `${id}: ${error.message}`, { cause: error });
  }
}
