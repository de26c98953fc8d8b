/**
 * Conditions: what is wrong with a pool or volume that is there, seen by a look at it and not by a call that failed. One row
 * each, by a stable code, which is the `reason` of CSI, that of the Event, and a label of the metrics (docs/health.md). A code
 * never changes its meaning, and is never used again.
 */
import type { EventReason } from './events.ts';

/** How bad it is, in the words of CSI 1.13 (VolumeHealthErrorType). */
export type Severity =
  /** It works, with less safety than it should have. */
  | 'degraded'
  /** It cannot be used as it is to be used. */
  | 'inaccessible'
  /** Content is lost, or most likely is. */
  | 'dataLoss';

export interface ConditionMeaning {
  readonly about: 'pool' | 'volume';
  /** Who sees it: the controller, by what the RDS reports, or the node that uses the volume. */
  readonly seenBy: 'controller' | 'node';
  readonly severity: Severity;
  /** What is so, beginning in lower case and without a full stop. In a message the detail follows after a colon. */
  readonly what: string;
  /** What the reader can do, without the last full stop. */
  readonly remedy: string;
}

const ROWS = {
  PoolDeviceMissing: {
    about: 'pool',
    seenBy: 'controller',
    severity: 'degraded',
    what: 'a device of the pool is missing',
    remedy:
      'See on the RDS which one, put it back or replace it; without redundancy that is left, one more takes the whole pool',
  },
  PoolDeviceErrors: {
    about: 'pool',
    seenBy: 'controller',
    severity: 'degraded',
    what: 'Btrfs has counted errors of the devices of the pool',
    remedy:
      'Back up what matters, find the device in the log of the RDS, replace it, and scrub the pool; reset-counters ends the report',
  },
  PoolDiskWarning: {
    about: 'pool',
    seenBy: 'controller',
    severity: 'degraded',
    what: 'a disk of the pool gives a critical warning',
    remedy: 'Look at /disk/smart-info of that disk, and replace it before it fails',
  },
  PoolDiskErrors: {
    about: 'pool',
    seenBy: 'controller',
    severity: 'degraded',
    what: 'a disk of the pool has counted errors',
    remedy:
      'Look at the disk, its slot and the log of the RDS, and replace it if they grow; reset-counters ends the report',
  },
  VolumeMissing: {
    about: 'volume',
    seenBy: 'controller',
    severity: 'dataLoss',
    what: 'the volume is not on the RDS',
    remedy: 'Find out who removed it; restore the claim from a snapshot',
  },
  ImageSmaller: {
    about: 'volume',
    seenBy: 'controller',
    severity: 'dataLoss',
    what: 'the image on the RDS is smaller than the volume',
    remedy: 'Stop what writes to it, find out who changed the image, and restore from a snapshot',
  },
  DiskItemLost: {
    about: 'volume',
    seenBy: 'controller',
    severity: 'inaccessible',
    what: 'the disk item of the volume is lost; its image is still there',
    remedy: 'The next pod that uses it attaches its image again; restart one that uses it now',
  },
  ExportLost: {
    about: 'volume',
    seenBy: 'controller',
    severity: 'inaccessible',
    what: 'a node has the volume, and the RDS does not export it',
    remedy: 'Wait five minutes, in which external-attacher publishes it again; else ask rose-csi why',
  },
  ConnectionLost: {
    about: 'volume',
    seenBy: 'node',
    severity: 'inaccessible',
    what: 'the node has lost its connection to the volume',
    remedy:
      'See that the RDS is up and its data address answers from that node; the kernel reconnects by itself until it gives up',
  },
  FilesystemGaveUp: {
    about: 'volume',
    seenBy: 'node',
    severity: 'inaccessible',
    what: 'its filesystem has given up after an I/O error',
    remedy:
      'See that the pool has room and the RDS answers, then delete the pods that use the volume: the next one mounts it again',
  },
  FilesystemDamaged: {
    about: 'volume',
    seenBy: 'node',
    severity: 'dataLoss',
    what: 'its filesystem is damaged, so it was not mounted',
    remedy: 'Take a snapshot, then repair the filesystem (docs/guides/troubleshooting.md#a-damaged-filesystem)',
  },
  FilesystemErrorRecorded: {
    about: 'volume',
    seenBy: 'node',
    severity: 'degraded',
    what: 'the kernel has recorded errors in its filesystem',
    remedy: 'Back up what matters; when its last pod is gone and the next one starts, it is checked and repaired',
  },
  DeviceReadOnly: {
    about: 'volume',
    seenBy: 'node',
    severity: 'inaccessible',
    what: 'its device has become read-only',
    remedy: 'See on the RDS whether the pool can be written, then delete the pods that use the volume',
  },
  DeviceSmaller: {
    about: 'volume',
    seenBy: 'node',
    severity: 'dataLoss',
    what: 'its device is smaller than the volume',
    remedy: 'Stop what writes to it, and compare /disk on the RDS; restore from a snapshot if the image was cut off',
  },
} as const satisfies Partial<Record<EventReason, ConditionMeaning>>;

export type ConditionCode = keyof typeof ROWS;

/** By code. */
export const CONDITIONS: Readonly<Record<ConditionCode, ConditionMeaning>> = ROWS;

/** One thing that is wrong with one pool or volume. */
export interface Condition {
  readonly code: ConditionCode;
  /** What was found, human-readable; may be empty. */
  readonly detail: string;
}

/** What was seen of a pool or volume at one time. */
export interface Look {
  readonly conditions: readonly Condition[];
  /** The conditions that it could judge, whether they are so or not. Of the others it says nothing: they are unknown. */
  readonly examined: readonly ConditionCode[];
}

/** All codes of one kind, in the order of the list. */
export function codesOf(wanted: Partial<Pick<ConditionMeaning, 'about' | 'seenBy'>>): ConditionCode[] {
  return (Object.keys(ROWS) as ConditionCode[]).filter((code) => {
    const { about, seenBy } = CONDITIONS[code];
    return about === (wanted.about ?? about) && seenBy === (wanted.seenBy ?? seenBy);
  });
}

/** What is so, in one sentence without a full stop. */
export function conditionSentence({ code, detail }: Condition): string {
  const { what } = CONDITIONS[code];
  return detail === '' ? what : `${what}: ${detail}`;
}

/** `object: sentence. Remedy [code]`, as the messages of failures are made. @param object what it is about */
export function conditionMessage(object: string, condition: Condition): string {
  return `${object}: ${conditionSentence(condition)}${endOf(condition.code)}`;
}

/** That a condition is over, as {@link tellsEndOf} knows it again. @param object what it was about */
export function recoveryMessage(object: string, code: ConditionCode, how: 'well' | 'gone'): string {
  return `${object}: ${code} is over${how === 'gone' ? ', as this node no longer has the volume' : ''}`;
}

/** Whether the message of an Event says that this condition of the object is over. */
export function tellsEndOf(object: string, code: ConditionCode, message: string): boolean {
  return message.startsWith(`${object}: ${code} is over`);
}

/** What of a message must never be cut: what to do, and the code. Empty for what is no message of a condition. */
export function conditionEnd(message: string): string {
  const code = /\[([A-Za-z]+)\]$/.exec(message)?.[1] ?? '';
  const end = isConditionCode(code) ? endOf(code) : '';
  return message.endsWith(end) ? end : '';
}

export function isConditionCode(text: string): text is ConditionCode {
  return Object.hasOwn(ROWS, text);
}

function endOf(code: ConditionCode): string {
  return `. ${CONDITIONS[code].remedy} [${code}]`;
}
