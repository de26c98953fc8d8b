/**
 * Faults: what can go wrong once. Each is data, so that it can be armed through the API, by a flag or by a test, and so
 * that a table of them can be generated.
 */

/** A command of a script; every given property must fit. Without any, each command fits. */
export interface Place {
  /** Menu path, e.g. `/disk`; absent for builtins. */
  readonly path?: string;
  /** `add`, or `:put` with the colon for a builtin. */
  readonly command?: string;
  /** Must occur in the command as it stands in the script. */
  readonly text?: string;
  /** Counts the fitting commands from the moment of arming; by default the first, 1. */
  readonly nth?: number;
}

/** Which exec is meant. */
interface OneExec {
  /** Must occur in the line that was sent; without it, each line fits. */
  readonly line?: string;
}

/** Whether the command at the place has taken effect when the fault strikes. */
export type Moment = 'before' | 'after';

export type Fault =
  /** The command fails with this text of the device, and the script may catch it. */
  | { readonly kind: 'fail'; readonly at: Place; readonly error: string }
  /** The script dies; its channel closes in good order without the rest of the output. */
  | { readonly kind: 'kill'; readonly at: Place; readonly when: Moment }
  /** The connection dies, and with it every channel; this script runs on or dies, the others run on. */
  | { readonly kind: 'drop'; readonly at: Place; readonly when: Moment; readonly scriptRunsOn: boolean }
  /** The device restarts: all scripts and connections die, no one can connect for `downMs`, what was done stays. */
  | { readonly kind: 'restart'; readonly at: Place; readonly when: Moment; readonly downMs: number }
  /**
   * Before the command, the script stands still for so many ms of the device's clock, or until it is released; its connection
   * ends when that begins, or stays. Other scripts run meanwhile, and a restart kills it.
   */
  | {
      readonly kind: 'stall';
      readonly at: Place;
      readonly ms: number | 'untilReleased';
      readonly disconnect: boolean;
    }
  /** The output of one exec ends after so many bytes, the channel closes as if all were well. */
  | ({ readonly kind: 'cut'; readonly bytes: number } & OneExec)
  /** The output of one exec is broken into lines of so many columns. */
  | ({ readonly kind: 'wrap'; readonly columns: number } & OneExec)
  /** Bytes that no one asked for, before, after or in place of the output of one exec. */
  | ({ readonly kind: 'garbage'; readonly where: 'before' | 'after' | 'instead'; readonly text: string } & OneExec)
  /** So many bytes of rubbish before the output of one exec. */
  | ({ readonly kind: 'flood'; readonly bytes: number } & OneExec)
  /** A connection that has this many channels open gets no further one (U15). */
  | { readonly kind: 'channel-limit'; readonly channels: number };

/** What a pool is like until it is set otherwise; an absent property stays as it is. */
export interface PoolCondition {
  /** Label. */
  readonly pool: string;
  /** No free space: whatever needs some fails. */
  readonly full?: boolean;
  /** Btrfs went read-only, as it does after an error. */
  readonly readOnly?: boolean;
  /** False: the filesystem is known and mounted nowhere. */
  readonly mounted?: boolean;
  /** Another filesystem with the same label stands in its place: this uuid, and empty. Null takes it out again. */
  readonly swappedFor?: string | null;
  /** Removed subvolumes stay in the list as `dead` for this long, in ms. */
  readonly removalMs?: number;
  /** A device of the filesystem is missing, and it works on without. */
  readonly missingDevice?: boolean;
  /** Blocks whose checksum Btrfs has found wrong. */
  readonly deviceErrors?: number;
  /** The bits that the disk of the pool shows as its critical warning, NVMe's. */
  readonly criticalWarning?: number;
  /** I/O errors that the disk of the pool has counted. */
  readonly ioErrors?: number;
}
