import { type Cluster, KubernetesError, type LeaseState } from './cluster.ts';

export interface LeadershipOptions {
  readonly cluster: Pick<Cluster, 'readLease' | 'writeLease'>;
  /** Name of the Lease. */
  readonly name: string;
  /** Who this process is; different from every other. */
  readonly holder: string;
  /** How long the Lease stands without being renewed. */
  readonly seconds: number;
  /** Milliseconds that only go forward; replaced in tests. */
  readonly now?: () => number;
}

/**
 * One process of many, by a Lease. Another's Lease is taken over when it has not changed for as long as it is valid, by
 * our own clock: the time that it holds is of another clock.
 */
export class Leadership {
  readonly #options: LeadershipOptions;
  readonly #now: () => number;
  /** The Lease of another as it was last seen, and since when. */
  #seen: { readonly resourceVersion: string; readonly since: number } | undefined;
  #held = false;

  constructor(options: LeadershipOptions) {
    this.#options = options;
    this.#now = options.now ?? (() => performance.now());
  }

  /**
   * Takes or renews the Lease.
   *
   * @returns false while someone else leads.
   * @throws KubernetesError when that cannot be determined.
   */
  async hold(signal: AbortSignal): Promise<boolean> {
    const { cluster, name } = this.#options;
    this.#held = false;
    const lease = await cluster.readLease(name, signal);
    if (lease !== undefined && this.#isAnothers(lease)) return false;
    this.#held = await this.#write(lease, this.#options.holder, signal);
    return this.#held;
  }

  /** Gives the Lease back, so that the next one need not wait. Without effect when it is not ours. */
  async release(signal: AbortSignal): Promise<void> {
    if (!this.#held) return;
    this.#held = false;
    const lease = await this.#options.cluster.readLease(this.#options.name, signal);
    if (lease?.holder === this.#options.holder) await this.#write(lease, undefined, signal);
  }

  #isAnothers({ holder, seconds, resourceVersion }: LeaseState): boolean {
    if (holder === undefined || holder === this.#options.holder) return false;
    if (this.#seen?.resourceVersion !== resourceVersion) this.#seen = { resourceVersion, since: this.#now() };
    return this.#now() - this.#seen.since < seconds * 1000;
  }

  async #write(lease: LeaseState | undefined, holder: string | undefined, signal: AbortSignal): Promise<boolean> {
    const { cluster, name, seconds } = this.#options;
    const changes = holder !== undefined && lease?.holder !== holder;
    const transitions = (lease?.transitions ?? 0) + (lease !== undefined && changes ? 1 : 0);
    try {
      await cluster.writeLease(name, { holder, seconds, transitions, resourceVersion: lease?.resourceVersion }, signal);
      return true;
    } catch (error) {
      // Someone else was quicker.
      if (error instanceof KubernetesError && error.status === 409) return false;
      throw error;
    }
  }
}
