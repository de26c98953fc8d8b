import type { Logger } from 'pino';
import type { Look } from '../failures/conditions.ts';
import type { VolumeNqn } from '../storage/ids.ts';
import type { Attachment } from './attachment.ts';
import type { Formatting } from './formatting.ts';
import type { Mounts } from './mounts.ts';
import type { Processes } from './processes.ts';

/** A volume as its id names it. */
export interface VolumeIdentity {
  /** The CSI volume id, for messages and locks. */
  readonly id: string;
  readonly uuid: string;
  /** Of the volume, and so of any publication of it. */
  readonly nqn: VolumeNqn;
}

/** What the parts of the node side share. */
export interface NodeDependencies {
  readonly host: Processes;
  readonly attachment: Attachment;
  readonly mounts: Mounts;
  readonly formatting: Formatting;
  readonly logger: Logger;
  /** How long an unstage waits for an RDS that does not answer, in ms, before it gives up what was not flushed. */
  readonly patienceMs: number;
  /** Notified of a volume that was disconnected with data that was not flushed; must not throw. */
  readonly onUnflushed?: (volume: VolumeIdentity) => void;
  /** Notified of a volume that was mounted at its old size, and why; must not throw. */
  readonly onNotGrown?: (volume: VolumeIdentity, fact: string) => void;
  /** Notified of how a volume is at each look at it, and of one that this node no longer has; must not throw. */
  readonly onExamined?: (volume: VolumeIdentity, look: Look | 'gone') => void;
}
