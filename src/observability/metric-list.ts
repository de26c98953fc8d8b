/** Every metric of the driver: here its name stands, and nowhere else in the code (docs/metrics.md says what to do with it). */

export interface MetricDefinition {
  /** As Prometheus knows it. */
  readonly name: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly labels: readonly string[];
  readonly help: string;
  /** Upper bounds of the buckets of a histogram, in seconds. */
  readonly buckets?: readonly number[];
}

/** From a read that is answered at once to a call that waits for a lost RDS. */
const CALL_SECONDS = [0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];
/** From `mount` to `mkfs` on a slow device. */
const PROGRAM_SECONDS = [0.01, 0.05, 0.25, 1, 5, 30, 120, 600];

export const metricList = {
  buildInfo: {
    name: 'rose_csi_build_info',
    type: 'gauge',
    labels: ['component', 'version'],
    help: 'Always 1: which part of the driver this is, and its version.',
  },
  rpcs: {
    name: 'rose_csi_rpcs_total',
    type: 'counter',
    labels: ['method', 'code'],
    help: 'CSI calls that ended, by method and gRPC code.',
  },
  rpcSeconds: {
    name: 'rose_csi_rpc_duration_seconds',
    type: 'histogram',
    labels: ['method', 'code'],
    help: 'How long CSI calls took, by method and gRPC code.',
    buckets: CALL_SECONDS,
  },
  execs: {
    name: 'rose_csi_execs_total',
    type: 'counter',
    labels: ['backend', 'outcome'],
    help: 'Commands on an RDS that ended, by how they ended.',
  },
  execSeconds: {
    name: 'rose_csi_exec_duration_seconds',
    type: 'histogram',
    labels: ['backend'],
    help: 'How long commands on an RDS took from their turn in the queue to their end, connecting included.',
    buckets: CALL_SECONDS,
  },
  execsQueued: {
    name: 'rose_csi_execs_queued',
    type: 'gauge',
    labels: ['backend'],
    help: 'Commands that wait for their turn on an RDS.',
  },
  execsInFlight: {
    name: 'rose_csi_execs_in_flight',
    type: 'gauge',
    labels: ['backend'],
    help: 'Commands that an RDS is busy with.',
  },
  execsWindow: {
    name: 'rose_csi_execs_window',
    type: 'gauge',
    labels: ['backend'],
    help: 'Commands that an RDS may be busy with at once, at this moment.',
  },
  breaker: {
    name: 'rose_csi_breaker_state',
    type: 'gauge',
    labels: ['backend', 'state'],
    help: '1 for the state that the circuit breaker of an RDS is in, 0 for the others.',
  },
  poolSize: {
    name: 'rose_csi_pool_size_bytes',
    type: 'gauge',
    labels: ['backend', 'pool'],
    help: 'Size of a pool at its last reading.',
  },
  poolFree: {
    name: 'rose_csi_pool_free_bytes',
    type: 'gauge',
    labels: ['backend', 'pool'],
    help: 'What is free in a pool at its last reading, the reserve included.',
  },
  poolReserve: {
    name: 'rose_csi_pool_reserve_bytes',
    type: 'gauge',
    labels: ['backend', 'pool'],
    help: 'What the configuration says must stay free in a pool.',
  },
  poolPromised: {
    name: 'rose_csi_pool_promised_bytes',
    type: 'gauge',
    labels: ['backend', 'pool'],
    help: 'Sum of the sizes of all images in a pool, whoever owns them; read once an hour.',
  },
  poolVolumes: {
    name: 'rose_csi_pool_volumes',
    type: 'gauge',
    labels: ['backend', 'pool'],
    help: 'Volumes of this cluster in a pool at its last reading.',
  },
  poolSnapshots: {
    name: 'rose_csi_pool_snapshots',
    type: 'gauge',
    labels: ['backend', 'pool'],
    help: 'Snapshots of this cluster in a pool at its last reading.',
  },
  poolMostSnapshots: {
    name: 'rose_csi_pool_volume_snapshots_max',
    type: 'gauge',
    labels: ['backend', 'pool'],
    help: 'Snapshots of the volume that has most of them in a pool; read once an hour.',
  },
  poolCondition: {
    name: 'rose_csi_pool_condition',
    type: 'gauge',
    labels: ['backend', 'pool', 'condition'],
    help: '1 for a condition that a pool had at its last reading, 0 for one that it was seen not to have.',
  },
  volumeConditions: {
    name: 'rose_csi_volume_conditions',
    type: 'gauge',
    labels: ['backend', 'condition'],
    help: 'Volumes of this cluster on an RDS that have a condition, as the RDS reports it.',
  },
  poolReadings: {
    name: 'rose_csi_pool_readings_total',
    type: 'counter',
    labels: ['backend', 'outcome'],
    help: 'Readings of the pools of an RDS, by outcome.',
  },
  poolReadingTime: {
    name: 'rose_csi_pool_reading_timestamp_seconds',
    type: 'gauge',
    labels: ['backend'],
    help: 'When the pools of an RDS were last read, in Unix seconds.',
  },
  replicaLag: {
    name: 'rose_csi_replica_lag_seconds',
    type: 'gauge',
    labels: ['backend', 'pool'],
    help: 'Age of the oldest snapshot of a pool that has no copy on its replica; 0 when each has one.',
  },
  replicaMissing: {
    name: 'rose_csi_replica_missing_copies',
    type: 'gauge',
    labels: ['backend', 'pool'],
    help: 'Snapshots of a pool that have no copy on its replica.',
  },
  replicaNewest: {
    name: 'rose_csi_replica_newest_copy_timestamp_seconds',
    type: 'gauge',
    labels: ['backend', 'pool'],
    help: 'When the newest snapshot of a pool that has a copy was cut, in Unix seconds.',
  },
  replicaBytes: {
    name: 'rose_csi_replica_sent_bytes_total',
    type: 'counter',
    labels: ['backend', 'pool'],
    help: 'What transfers of snapshots of a pool have moved that ended, as the RDS counts it.',
  },
  replicaFailures: {
    name: 'rose_csi_replica_failures_total',
    type: 'counter',
    labels: ['backend', 'pool'],
    help: 'Transfers of snapshots of a pool that failed.',
  },
  replicaExpired: {
    name: 'rose_csi_replica_expired_copies_total',
    type: 'counter',
    labels: ['backend', 'pool'],
    help: 'Copies of snapshots of a pool that were removed since their originals were gone for long enough.',
  },
  replicaPasses: {
    name: 'rose_csi_replica_passes_total',
    type: 'counter',
    labels: ['backend', 'pool', 'outcome'],
    help: 'Looks at a pool and its replica, by outcome.',
  },
  orphans: {
    name: 'rose_csi_orphans',
    type: 'gauge',
    labels: ['backend', 'kind'],
    help: 'Volumes, snapshots and partial volumes on an RDS that nothing in Kubernetes refers to.',
  },
  orphanPasses: {
    name: 'rose_csi_orphan_passes_total',
    type: 'counter',
    labels: ['outcome'],
    help: 'Passes of the orphan report, by outcome.',
  },
  orphanPassTime: {
    name: 'rose_csi_orphan_last_pass_timestamp_seconds',
    type: 'gauge',
    labels: [],
    help: 'When the last complete pass of the orphan report ended, in Unix seconds.',
  },
  snapshotCrdsPresent: {
    name: 'rose_csi_snapshot_crds_present',
    type: 'gauge',
    labels: [],
    help: '1 when the API server knew the snapshot kinds at the last look, 0 when it did not.',
  },
  nodeVolumeConditions: {
    name: 'rose_csi_node_volume_conditions',
    type: 'gauge',
    labels: ['condition'],
    help: 'Volumes on this node that have a condition, as the node sees it.',
  },
  programs: {
    name: 'rose_csi_programs_total',
    type: 'counter',
    labels: ['program', 'outcome'],
    help: 'Programs that the node ran, by name and by how they ended.',
  },
  programSeconds: {
    name: 'rose_csi_program_duration_seconds',
    type: 'histogram',
    labels: ['program'],
    help: 'How long programs of the node took.',
    buckets: PROGRAM_SECONDS,
  },
  formats: {
    name: 'rose_csi_formats_total',
    type: 'counter',
    labels: ['outcome'],
    help: 'Volumes that were formatted on this node, or were to be, by outcome.',
  },
  trims: {
    name: 'rose_csi_trims_total',
    type: 'counter',
    labels: ['outcome'],
    help: 'Filesystems that the node was to trim, by outcome.',
  },
  trimmedBytes: {
    name: 'rose_csi_trimmed_bytes_total',
    type: 'counter',
    labels: [],
    help: 'What fstrim reported to the devices as unused; the same space may be reported again.',
  },
  processStart: {
    name: 'process_start_time_seconds',
    type: 'gauge',
    labels: [],
    help: 'When the process began, in Unix seconds.',
  },
  processCpu: {
    name: 'process_cpu_seconds_total',
    type: 'counter',
    labels: [],
    help: 'Processor time of the process, in its own code and in the kernel.',
  },
  processMemory: {
    name: 'process_resident_memory_bytes',
    type: 'gauge',
    labels: [],
    help: 'Resident memory of the process.',
  },
} as const satisfies Readonly<Record<string, MetricDefinition>>;

type MetricList = typeof metricList;
export type MetricKey = keyof MetricList;
/** The keys of the metrics of one type. */
export type KeysOf<Type extends MetricDefinition['type']> = {
  [Key in MetricKey]: MetricList[Key]['type'] extends Type ? Key : never;
}[MetricKey];
/** A value for each label of a metric. */
export type LabelsOf<Key extends MetricKey> = Readonly<Record<MetricList[Key]['labels'][number], string>>;
