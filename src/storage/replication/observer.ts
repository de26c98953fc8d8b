import type { Original, Received } from './decision.ts';
import type { ReplicaPair } from './pair.ts';

/** Learns what happens to copies. Must not throw. */
export interface ReplicaObserver {
  /** @param bytes that were sent for it, as the RDS counts them. */
  copied(pair: ReplicaPair, original: Original, copy: Received, bytes: bigint): void;
  /** @param bytes as the RDS counts them. */
  sent(pair: ReplicaPair, bytes: bigint): void;
  /** @param why In the words of the RDS. */
  failed(pair: ReplicaPair, name: string, why: string): void;
  /** Something else has the name on the replica. */
  taken(pair: ReplicaPair, original: Original): void;
  /** What a transfer had left that was cut off is removed. */
  discarded(pair: ReplicaPair, half: Received): void;
  /** A copy is removed, as its original has been gone for long enough. */
  expired(pair: ReplicaPair, copy: Received): void;
  /** One that might be, as it has been gone for so long, is not, as something stands in the way. */
  kept(pair: ReplicaPair, copy: Received, why: string): void;
}

/** One that does nothing with it. */
export const SILENT: ReplicaObserver = {
  copied() {},
  sent() {},
  failed() {},
  taken() {},
  discarded() {},
  expired() {},
  kept() {},
};
