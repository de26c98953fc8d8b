import type { PublicationNqn } from '../storage/ids.ts';
import type { BlockDevice } from './block-device.ts';
import type { Owner } from './device-owner.ts';

/** How long the kernel tries before it gives a lost RDS up, and how hard. Seconds, but for `ioQueues`. */
export interface Tuning {
  readonly ctrlLossTimeoutSeconds: number;
  readonly reconnectDelaySeconds: number;
  readonly keepAliveTimeoutSeconds: number;
  /** I/O queues, hence TCP connections, at most as many as the node has processors. */
  readonly ioQueues: number;
}

/**
 * For a StorageClass that says nothing. An RDS that reboots is back well within 10 minutes; after that I/O fails, so that
 * a node whose RDS is gone for good can still be drained and rebooted.
 */
export const DEFAULT_TUNING: Tuning = {
  ctrlLossTimeoutSeconds: 600,
  reconnectDelaySeconds: 5,
  keepAliveTimeoutSeconds: 15,
  ioQueues: 4,
};

/** What a volume is reached by. */
export interface NvmeTarget {
  readonly nqn: PublicationNqn;
  readonly address: string;
  readonly port: number;
  /** What the RDS showed when it exported the volume; the device is never smaller. */
  readonly bytes: bigint;
  readonly tuning: Tuning;
}

/** One way to storage. */
export interface Connection {
  readonly place: string;
  /** Whether I/O goes through now, as far as the kernel knows. */
  readonly isLive: boolean;
}

/**
 * Volumes as block devices of this node. A volume is known by its subsystem NQN alone, looked up again each time: kernel
 * names such as `nvme0n1` pass from one volume to another (docs/routeros.md, 10). Each publication of a volume has an NQN
 * of its own; where the NQN of the volume is given, whichever publication is connected is meant.
 */
export interface Attachment {
  /**
   * Connects unless it is connected, and waits until the device can be used.
   *
   * @throws StorageError `unavailable`; a connection may be left, which the next call goes on with
   */
  connect(target: NvmeTarget, signal: AbortSignal): Promise<BlockDevice>;

  /** The NQNs of what is connected, working or not. */
  connected(nqn: string): Promise<string[]>;

  /** The device of a volume now; undefined when there is none. @throws StorageError `unavailable` when that is unsure */
  find(nqn: string): Promise<BlockDevice | undefined>;

  /** Whether I/O goes through now, as far as the kernel knows. */
  isLive(nqn: string): Promise<boolean>;

  /** All connections of this driver's volumes, each with where it leads, such as `192.0.2.1:4420`. */
  connections(): Promise<readonly Connection[]>;

  /** Whose a device is now. @param number `major:minor`, as in mountinfo @throws StorageError `unavailable` */
  ownerOf(number: string): Promise<Owner>;

  /** Lets the kernel look at the size again. */
  rescan(nqn: string): Promise<void>;

  /** Ends the connection and proves that nothing is left of it. @throws StorageError `unavailable` when something is */
  disconnect(nqn: string): Promise<void>;
}
