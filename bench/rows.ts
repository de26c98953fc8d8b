/** What the benchmark prints with `--json`, one object per line. Times are milliseconds, memory is in MB of 10^6 bytes. */

/** One RPC, by one caller. `execs` is the mean for one call. */
export interface RpcRow {
  readonly rpc: string;
  readonly backend: string;
  readonly latencyMs: number;
  readonly n: number;
  readonly p50: number;
  readonly p99: number;
  readonly execs: number;
  /** Median of the bare execs that were measured in turn with this RPC. */
  readonly floorP50: number;
  readonly ratio: number;
  /** Mean time that the RDS took to run the call's own commands, latency left out; part of `p50`. */
  readonly rdsMs: number;
  /** Median of execs of the call's own script, without the driver, in turn with it; where it has been measured. */
  readonly scriptP50?: number;
}

/** Processor time of each program, in ms. */
export interface CpuMs {
  readonly controller: number;
  readonly rds: number;
  readonly callers: number;
}

/** One RPC by many callers at once, each with objects of its own. */
export interface LoadRow {
  readonly kind: 'load';
  readonly rpc: string;
  readonly latencyMs: number;
  readonly callers: number;
  readonly n: number;
  readonly p50: number;
  /** Calls that were done in a second, of all callers together. */
  readonly perSecond: number;
  /** By another version in the same run (`--against`). */
  readonly otherPerSecond?: number;
  /** Of one call. */
  readonly cpuMs: CpuMs;
}

/** Time against the size of a volume, on real Btrfs. */
export interface SizeRow {
  readonly kind: 'size';
  readonly rpc: string;
  readonly backend: string;
  readonly n: number;
  /** Median for the volume of 1 GiB with 64 MiB written. */
  readonly smallP50: number;
  /** Median for the volume of 100 GiB with 2 GiB written. */
  readonly largeP50: number;
  readonly ratio: number;
}

/** Listing all snapshots, in pages as large as the driver makes them. */
export interface ListRow {
  readonly kind: 'list';
  readonly snapshots: number;
  readonly latencyMs: number;
  readonly n: number;
  readonly firstPageP50: number;
  /** One walk over all pages. */
  readonly walkMs: number;
  readonly pages: number;
  readonly execs: number;
  /** Peak of the controller's resident memory since it started. */
  readonly peakRssMb: number;
}

/** An RPC on a pool that holds this many volumes. */
export interface CapacityRow {
  readonly kind: 'capacity';
  readonly rpc: string;
  readonly volumes: number;
  readonly latencyMs: number;
  readonly n: number;
  readonly p50: number;
  readonly execs: number;
}

/** An RPC on a pool that holds so many objects of others. */
export interface FullPoolRow {
  readonly kind: 'full-pool';
  readonly rpc: string;
  readonly volumes: number;
  readonly snapshots: number;
  readonly latencyMs: number;
  readonly n: number;
  readonly p50: number;
  readonly execs: number;
  /** Median time that the RDS took to run the call's own commands, latency left out; part of `p50`. */
  readonly rdsP50: number;
}

/** Starting the controller. */
export interface StartRow {
  readonly kind: 'start';
  /** Flags of Node.js, those of the image first; empty for none. */
  readonly flags: string;
  readonly n: number;
  /** From the start of the process to the first answer to Probe. */
  readonly servingP50: number;
  /** From the start of the process to the answer that an RDS is fit. */
  readonly readyP50: number;
  readonly idleRssMb: number;
}

/** Starting the node. */
export interface NodeStartRow {
  readonly kind: 'node-start';
  readonly n: number;
  /** From the start of the process to the first answer. */
  readonly servingP50: number;
  readonly idleRssMb: number;
}

/** A call of the node, beside the same done by hand in the same run. */
export interface NodeRow {
  readonly kind: 'node';
  /** What stands between node and volume; `nvme-tcp` is between two machines in an emulator. */
  readonly over: 'loop' | 'nvme-tcp';
  readonly call: string;
  readonly filesystem: string;
  readonly n: number;
  readonly p50: number;
  /** Median of attach, mkfs where the call formats, and mount; or of umount and detach. */
  readonly bareP50: number;
  readonly ratio: number;
  /** Programs that the call runs. */
  readonly programs: number;
  /** Medians by step; they need not add up to `p50`. */
  readonly steps: Readonly<Record<string, number>>;
}

/** What is sent for a copy, on real Btrfs, against `btrfs send` of the same subvolumes typed by hand. In bytes. */
export interface ReplicaBytesRow {
  readonly kind: 'replica-bytes';
  readonly copy: 'full' | 'incremental';
  readonly written: number;
  readonly sent: number;
  /** `btrfs send`, with `-p` and the snapshot before it where the copy is incremental. */
  readonly byHand: number;
  readonly ratio: number;
}

/** Copies on a second RDS of snapshots that are made all at once, of a volume each. */
export interface ReplicaLagRow {
  readonly kind: 'replica-lag';
  readonly snapshots: number;
  readonly latencyMs: number;
  /** From the answer to the last CreateSnapshot until the controller knows the last copy. */
  readonly allMs: number;
  /** The same by another version in the same run (`--against`). */
  readonly otherAllMs?: number;
  /** From copy to copy. */
  readonly eachP50: number;
  /** Median of transfers of the same, one row typed by hand and looked at until it is done. */
  readonly byHandP50: number;
  /** Most that the metric of the lag showed, in seconds; it counts from the second in a name. */
  readonly maxLagSeconds: number;
  /** Looks at both sides until then, and commands of both RDS together for each snapshot. */
  readonly passes: number;
  readonly execsEach: number;
  /** One pass that finds all copied. */
  readonly idlePassP50: number;
  readonly idlePassExecs: number;
  /** Resident memory of the controller before the snapshots are made, and the most until all are copied. */
  readonly rssBeforeMb: number;
  readonly rssMostMb: number;
}

/** What could not be measured here. */
export interface LeftOutRow {
  readonly kind: 'left-out';
  readonly section: string;
  readonly reason: string;
}

/** A promise of the project and whether it was kept in this run. */
export interface BudgetRow {
  readonly kind: 'budget';
  readonly what: string;
  readonly limit: string;
  readonly measured: string;
  readonly holds: boolean;
}

export type Row =
  | RpcRow
  | LoadRow
  | SizeRow
  | ListRow
  | CapacityRow
  | FullPoolRow
  | StartRow
  | NodeStartRow
  | NodeRow
  | ReplicaBytesRow
  | ReplicaLagRow
  | LeftOutRow
  | BudgetRow;

/** The rows of one kind. */
export function ofKind<K extends Exclude<Row, RpcRow>['kind']>(
  rows: readonly Row[],
  kind: K,
): Extract<Row, { kind: K }>[] {
  return rows.filter((row): row is Extract<Row, { kind: K }> => 'kind' in row && row.kind === kind);
}

export function rpcRows(rows: readonly Row[]): RpcRow[] {
  return rows.filter((row) => 'latencyMs' in row && 'floorP50' in row);
}
