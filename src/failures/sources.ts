import { CLASSES, failing, passing, SNAPSHOTS, VALUES } from './failure.ts';
import { ofSize } from './figures.ts';

const NO_IMAGE = 'the source holds no usable image';

/** What cannot be made from a source, or cannot be taken of it. */
export const SOURCES = {
  'RC-NOSRC': failing(
    'notFound',
    'the source is not on the RDS',
    'Delete this object and recreate it from a source that exists',
    { event: 'SourceGone', command: SNAPSHOTS },
  ),
  'RC-ELSEWHERE': failing(
    'invalid',
    'the source is in another pool',
    'Delete the claim and recreate it with a StorageClass that names the pool of the source',
    {
      says(detail) {
        const [, pool, name] = /^(\S+) (\S+)$/.exec(detail) ?? [];
        return pool && `the source is in pool ${pool} (${name})`;
      },
      event: 'SourceElsewhere',
      command: CLASSES,
    },
  ),
  'DRV-ELSEWHERE': failing(
    'invalid',
    'the source is on another backend than the StorageClass names',
    'Delete the claim and recreate it with a StorageClass that names the backend of the source; snapshots can be restored elsewhere when their pool has a replica there',
    { page: 'guides/second-rds.md', event: 'SourceElsewhere', command: CLASSES },
  ),
  'RC-OWNER': failing(
    'precondition',
    'the object belongs to another cluster',
    'If that cluster is gone for good, list its id under adoptedClusterIds; else use a source of this cluster',
    { event: 'OwnedByOtherCluster', command: VALUES },
  ),
  'RC-SMALL': failing(
    'outOfRange',
    'the request allows less than the size of the source',
    'Delete the claim and recreate it with at least the size of its source',
    {
      says: ofSize((size) => `the source has ${size}, more than the request allows`),
      event: 'RestoreTooSmall',
    },
  ),
  'RC-EMPTY': failing('precondition', NO_IMAGE, 'Delete the claim and recreate it from another snapshot', {
    // One byte stands for a source whose size the RDS does not show.
    says: ofSize((size) => (size === '1 B' ? NO_IMAGE : `${NO_IMAGE}: its copy has less than ${size}`)),
    event: 'SourceUnusable',
    command: SNAPSHOTS,
  }),
  'RC-NODISK': failing(
    'precondition',
    'the disk item of the source volume is lost; its image is still there',
    'Start a pod that uses the source volume once: publishing attaches its image again',
    { event: 'SourceDetached' },
  ),
  'RC-QUOTA': failing(
    'exhausted',
    'the volume has as many snapshots as its VolumeSnapshotClass allows',
    'Delete older VolumeSnapshots of this claim',
    {
      says(detail) {
        const [, count, oldest, time, most] = /^(\d+) (\S+) (\S+) (\S+)$/.exec(detail) ?? [];
        const snapshots = `${count} ${count === '1' ? 'snapshot' : 'snapshots'}`;
        return (
          count &&
          `the volume has ${snapshots}, its VolumeSnapshotClass allows ${most} (maxSnapshotsPerVolume); the oldest is ${oldest} of ${time}`
        );
      },
      event: 'SnapshotQuotaReached',
      command: 'kubectl get volumesnapshots --all-namespaces --sort-by=.metadata.creationTimestamp',
    },
  ),
  'DRV-RATE': passing('busy', 'too many snapshots at once', {
    remedy: 'Retrying automatically; if it never gets a turn, raise the rate or spread the schedule',
  }),
};
