/** NVMe settings of a StorageClass; by themselves, since the node needs them without what checks a StorageClass. */

/** Keys of the NVMe tuning with their finite ranges; also keys of volume_context. Seconds, but for `ioQueues`. */
export const tuningRanges = {
  /** How long I/O waits for a lost RDS before it fails. Never "forever": a node with such a mount cannot reboot. */
  ctrlLossTimeoutSeconds: [10, 86_400],
  reconnectDelaySeconds: [1, 300],
  keepAliveTimeoutSeconds: [1, 300],
  /** I/O queues of the connection, hence TCP connections. */
  ioQueues: [1, 128],
} as const satisfies Record<string, readonly [number, number]>;

/** A key of the NVMe tuning. */
export type TuningKey = keyof typeof tuningRanges;
