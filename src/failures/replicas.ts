import { DOCTOR, failing, passing } from './failure.ts';
import { printSize } from './print-size.ts';

const REPLICAS_STATUS = 'rose-csi replicas status --config rose-csi.yaml';
const PAGE = 'guides/second-rds.md#when-a-copy-does-not-come';

/** What can go wrong with copies of snapshots on another RDS, and with restores from them. */
export const REPLICAS = {
  /** Detail: what is being sent. */
  'RC-SENDING': passing('busy', 'another snapshot of the pool is being sent to its replica'),
  /** Detail: pool and subvolume. */
  'RC-NOPLACE': failing(
    'precondition',
    'the subvolume that copies are to be received in is not in the replica pool, or is read-only',
    'Make it on that RDS, or take replica.subvolume out of the configuration',
    {
      says: (place) => `the subvolume ${place} that copies are to be received in is not there, or is read-only`,
      page: PAGE,
      event: 'ReplicaFailed',
      command: REPLICAS_STATUS,
    },
  ),
  /** Detail: bytes that were sent so far, or words. */
  'DRV-SENDING': passing('busy', 'the snapshot is being sent to the backend of the StorageClass', {
    says: (detail) =>
      /^\d+$/.test(detail)
        ? `the snapshot is being sent to the backend of the StorageClass, ${printSize(BigInt(detail))} so far`
        : undefined,
    command: REPLICAS_STATUS,
  }),
  /** Detail: the words of the RDS. */
  'DRV-TRANSFER': failing(
    'unavailable',
    'the transfer of the snapshot to its replica failed',
    'Compare keys, account and address of the two backends. Retrying automatically',
    { page: PAGE, event: 'ReplicaFailed', passes: true, command: REPLICAS_STATUS },
  ),
  /** Detail: what stands there. */
  'DRV-TAKEN': failing(
    'precondition',
    'something else has the name of the copy on the replica',
    'Inspect it there and remove or rename it; the driver changes neither it nor the original',
    { page: PAGE, event: 'ReplicaFailed', command: REPLICAS_STATUS },
  ),
  /** Detail: who was asked. */
  'DRV-NOCOPY': failing(
    'notFound',
    'neither the snapshot nor a copy of it is there',
    'Delete the claim and recreate it from a snapshot that exists',
    { event: 'SourceGone', command: 'rose-csi replicas ls --config rose-csi.yaml' },
  ),
  /** Detail: how the backend of the original failed. */
  'DRV-NOORIGINAL': failing(
    'unavailable',
    'there is no copy of the snapshot yet, and the backend of the original cannot be asked',
    'Restore from a snapshot that has a copy, or bring the RDS of the original back. Retrying automatically',
    { event: 'BackendUnreachable', passes: true, command: DOCTOR },
  ),
  /** Detail: for how long, in words. */
  'DRV-LAG': failing(
    'unavailable',
    'the snapshot has no copy on the replica of its pool',
    'See what rose-csi replicas status reports of the pair',
    { page: PAGE, event: 'ReplicaLate', passes: true, command: REPLICAS_STATUS },
  ),
};
