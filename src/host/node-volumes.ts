import type { Condition } from '../failures/conditions.ts';
import type { Call } from '../storage/call.ts';
import { StorageError } from '../storage/errors.ts';
import { KeyedLock } from '../storage/keyed-lock.ts';
import { isSystemError } from './errno.ts';
import type { NodeDependencies, VolumeIdentity } from './node-dependencies.ts';
import { NodeHealth } from './node-health.ts';
import { ProcessError } from './processes.ts';
import { NodePublishing, type NodePublishRequest, type VolumeStats } from './publishing.ts';
import { type StageRequest, Staging } from './staging.ts';
import { type MountedVolume, type Trim, Trimming } from './trimming.ts';

/** The volumes of this node: one operation at a time on each, and every failure a StorageError. */
export class NodeVolumes {
  readonly #staging: Staging;
  readonly #publishing: NodePublishing;
  readonly #trimming: Trimming;
  readonly #health: NodeHealth;
  readonly #onExamined: NonNullable<NodeDependencies['onExamined']>;
  readonly #lock = new KeyedLock();
  /** The trim that is under way. */
  #trim: { readonly key: string; readonly giveWay: AbortController } | undefined;

  constructor(tools: NodeDependencies) {
    this.#staging = new Staging(tools);
    this.#publishing = new NodePublishing(tools);
    this.#trimming = new Trimming(tools);
    this.#health = new NodeHealth(tools);
    this.#onExamined = tools.onExamined ?? (() => undefined);
  }

  /** @see Staging.stage */
  async stage(request: StageRequest, call: Call): Promise<void> {
    await this.#exclusively(request.volume, call, async () => {
      await this.#staged(request, () => this.#staging.stage(request, call));
    });
  }

  /** @see Staging.unstage */
  async unstage(volume: VolumeIdentity, stagingPath: string, call: Call): Promise<void> {
    await this.#exclusively(volume, call, () => this.#staging.unstage(volume, stagingPath, call));
    this.#health.isGone(volume);
    this.#onExamined(volume, 'gone');
  }

  /** @see Staging.renew and Publishing.publish */
  async publish(request: NodePublishRequest, call: Call): Promise<void> {
    await this.#exclusively(request.volume, call, async () => {
      const { staged } = request;
      if (staged !== undefined) await this.#staged(staged, () => this.#staging.renew(staged, call));
      await this.#publishing.publish(request);
    });
  }

  /** @see NodePublishing.unpublish */
  async unpublish(volume: VolumeIdentity, targetPath: string, call: Call): Promise<void> {
    await this.#exclusively(volume, call, () => this.#publishing.unpublish(volume, targetPath));
  }

  /** @see NodePublishing.expand */
  async expand(volume: VolumeIdentity, path: string, bytes: bigint, call: Call): Promise<bigint> {
    const grown = await this.#exclusively(volume, call, () => this.#publishing.expand(volume, path, bytes, call));
    this.#health.hasBytes(volume, grown);
    return grown;
  }

  /** Without the lock: it changes nothing, and must not wait for a mkfs. @see NodePublishing.usage */
  async usage(volume: VolumeIdentity, path: string, call: Call): Promise<VolumeStats> {
    return await named(volume, async () => {
      const examined = await this.#health.look(volume, [path], call.signal);
      this.#onExamined(volume, examined);
      return await this.#publishing.usage(volume, path, examined, call);
    });
  }

  /** Without the lock, as {@link usage}. @see NodeHealth.examine */
  async conditions(volume: VolumeIdentity, paths: readonly string[], call: Call): Promise<readonly Condition[]> {
    return await named(volume, async () => {
      const examined = await this.#health.examine(volume, paths, call.signal);
      this.#onExamined(volume, examined);
      return examined.conditions;
    });
  }

  /** @see NodeHealth.unreachable */
  async unreachable(): Promise<string[]> {
    return await named({ id: 'the connections of this node' }, () => this.#health.unreachable());
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

  /** Takes note of how staging a volume ends. */
  async #staged({ volume, target }: StageRequest, stage: () => Promise<void>): Promise<void> {
    try {
      await stage();
      this.#health.hasBytes(volume, target.bytes);
    } catch (error) {
      const look = this.#health.notStaged(volume, error);
      if (look !== undefined) this.#onExamined(volume, look);
      throw error;
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
async function named<T>({ id }: Pick<VolumeIdentity, 'id'>, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof ProcessError || isSystemError(error))) throw error;
    throw new StorageError('NODE-PROGRAM', id, error.message, { cause: error });
  }
}
