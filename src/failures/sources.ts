import type { Failure } from './failure.ts';
import { CLASSES, SNAPSHOTS, VALUES } from './failure.ts';
import { ofSize } from './figures.ts';

const NO_IMAGE = 'the source holds no usable image';

/** What cannot be made from a source, or cannot be taken of it. */
export const SOURCES = {
  'RC-NOSRC': {
    kind: 'notFound',
    what: 'the source is not on the RDS',
    remedy: 'Delete this object and recreate it from a source that exists',
    event: 'SourceGone',
    command: SNAPSHOTS,
  },
  'RC-ELSEWHERE': {
    kind: 'invalid',
    what: 'the source is in another pool',
    says(detail) {
      const [, pool, name] = /^(\S+) (\S+)$/.exec(detail) ?? [];
      return pool && `the source is in pool ${pool} (${name})`;
    },
    remedy: 'Delete the claim and recreate it with a StorageClass that names the pool of the source',
    event: 'SourceElsewhere',
    command: CLASSES,
  },
  'DRV-ELSEWHERE': {
    kind: 'invalid',
    what: 'the source is on another backend than the StorageClass names',
    remedy: 'Delete the claim and recreate it with a StorageClass that names the backend of the source',
    event: 'SourceElsewhere',
    command: CLASSES,
  },
  'RC-OWNER': {
    kind: 'precondition',
    what: 'the object belongs to another cluster',
    remedy: 'If that cluster is gone for good, list its id under adoptedClusterIds; else use a source of this cluster',
    event: 'OwnedByOtherCluster',
    command: VALUES,
  },
  'RC-SMALL': {
    kind: 'outOfRange',
    what: 'the request allows less than the size of the source',
    says: ofSize((size) => `the source has ${size}, more than the request allows`),
    remedy: 'Delete the claim and recreate it with at least the size of its source',
    event: 'RestoreTooSmall',
  },
  'RC-EMPTY': {
    kind: 'precondition',
    what: NO_IMAGE,
    // One byte stands for a source whose size the RDS does not show.
    says: ofSize((size) => (size === '1 B' ? NO_IMAGE : `${NO_IMAGE}: its copy has less than ${size}`)),
    remedy: 'Delete the claim and recreate it from another snapshot',
    event: 'SourceUnusable',
    command: SNAPSHOTS,
  },
  'RC-NODISK': {
    kind: 'precondition',
    what: 'the disk item of the source volume is lost; its image is still there',
    remedy: 'Start a pod that uses the source volume once: publishing attaches its image again',
    event: 'SourceDetached',
  },
  'RC-QUOTA': {
    kind: 'exhausted',
    what: 'the volume has as many snapshots as its VolumeSnapshotClass allows',
    says(detail) {
      const [, count, oldest, time, most] = /^(\d+) (\S+) (\S+) (\S+)$/.exec(detail) ?? [];
      const snapshots = `${count} ${count === '1' ? 'snapshot' : 'snapshots'}`;
      return (
        count &&
        `the volume has ${snapshots}, its VolumeSnapshotClass allows ${most} (maxSnapshotsPerVolume); the oldest is ${oldest} of ${time}`
      );
    },
    remedy: 'Delete older VolumeSnapshots of this claim',
    event: 'SnapshotQuotaReached',
    command: 'kubectl get volumesnapshots --all-namespaces --sort-by=.metadata.creationTimestamp',
  },
  'DRV-RATE': {
    kind: 'busy',
    what: 'too many snapshots at once',
    remedy: 'Retrying automatically; if it never gets a turn, raise the rate or spread the schedule',
    passes: true,
  },
} as const satisfies Readonly<Record<string, Failure>>;
