import { CLASSES, DOCTOR_WRITES, failing, passing, SNAPSHOTS, VALUES } from './failure.ts';
import { ofSize } from './figures.ts';

/** The id of a source behind what it is. */
function spaced(source: string): string {
  return source === '' ? '' : ` ${source}`;
}

/** A sentence about a source, from a detail that is its id alone; undefined for another detail. */
function ofSource(say: (source: string) => string): (detail: string) => string | undefined {
  return (detail) => (/^[^ :]+:(?:pvc|snap)-\S+$/.test(detail) ? say(detail) : undefined);
}

/** What cannot be made from a source, or cannot be taken of it. */
export const SOURCES = {
  'RC-NOSRC': failing(
    'notFound',
    'the source is not on the RDS',
    'Delete this object and recreate it from a source that exists',
    { says: ofSource((source) => `the source ${source} is not on the RDS`), event: 'SourceGone', command: SNAPSHOTS },
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
    'It can be read, restored and cloned by its id, and changed only by the cluster that made it. If that is gone for good, list its id under adoptedClusterIds',
    {
      says: ofSource((source) => `the source ${source} belongs to another cluster`),
      page: 'snapshots.md#what-another-cluster-made',
      event: 'OwnedByOtherCluster',
      command: VALUES,
    },
  ),
  'RC-SMALL': failing(
    'outOfRange',
    'the request allows less than the size of the source',
    'Delete the claim and recreate it with at least the size of its source',
    {
      says: ofSize((size, source) => `the source${spaced(source)} has ${size}, more than the request allows`),
      event: 'RestoreTooSmall',
    },
  ),
  'RC-EMPTY': failing(
    'precondition',
    'the source holds no usable image',
    'Delete the claim and recreate it from another snapshot',
    {
      // One byte stands for a source whose size the RDS does not show.
      says: ofSize((size, source) => {
        const what = `the source${spaced(source)} holds no usable image`;
        return size === '1 B' ? what : `${what}: its copy has less than ${size}`;
      }),
      event: 'SourceUnusable',
      command: SNAPSHOTS,
    },
  ),
  'RC-NESTED': failing(
    'precondition',
    'another subvolume has the name of the source and is nested in a subvolume of the pool; RouterOS identifies a source by its name alone',
    'Recreate the nested one under another name on the RDS, or remove it if no one needs it; the driver does not guess which of the two RouterOS would use',
    {
      says: (path) =>
        `${path} on the RDS has the name of the source, and RouterOS identifies a source by its name alone, not by its path`,
      page: 'limits.md',
      event: 'CopyInTheWay',
      command: SNAPSHOTS,
    },
  ),
  'RC-NODISK': failing(
    'precondition',
    'the disk item of the source volume is lost; its image is still there',
    'Start a pod that uses the source volume once: publishing attaches its image again',
    {
      says: ofSource((source) => `the disk item of the source ${source} is lost; its image is still there`),
      event: 'SourceDetached',
    },
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
  /**
   * An RDS that refuses is otherwise `unavailable`. But while csi-snapshotter believes that one may be under way, it lets no one
   * delete the VolumeSnapshot, so what was seen not to be there is reported as final.
   */
  'DRV-NOSNAP': failing(
    'precondition',
    'the RDS refused to take the snapshot, so there is none',
    'Read what the RDS says, and run rose-csi doctor --write. The VolumeSnapshot can be deleted; as long as it is there, Kubernetes may retry',
    { event: 'BackendRefuses', passes: true, command: DOCTOR_WRITES },
  ),
  'DRV-RATE': passing('busy', 'too many snapshots at once', {
    remedy: 'Retrying automatically; if it never gets a turn, raise the rate or spread the schedule',
  }),
};
