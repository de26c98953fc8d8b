import { failing, LOGS, passing, SNAPSHOTS, VALUES } from './failure.ts';

/** What the driver itself refuses, on the controller and on nodes. */
export const DRIVER = {
  'DRV-INVALID': failing('invalid', 'the request can never succeed as it stands', '', {
    says: (detail) => detail,
  }),
  'DRV-ABSENT': failing(
    'notFound',
    'no volume, snapshot or node has this id',
    'Compare it with spec.csi.volumeHandle of the PersistentVolume, status.snapshotHandle of the VolumeSnapshotContent, or the nodeID of the CSINode',
    { says: (detail) => detail, command: SNAPSHOTS },
  ),
  'DRV-BACKEND': failing(
    'unavailable',
    'the backend is not configured',
    'Put the backend back under that name: it must not change',
    {
      says: (detail) => `no backend ${detail} is configured`,
      event: 'BackendMissing',
      command: VALUES,
    },
  ),
  'DRV-NETWORK': failing(
    'exhausted',
    'none of the requested nodes reaches the storage network of the backend',
    'Run the node plugin with that network on the nodes that reach it (node.networks of the chart)',
    { page: 'guides/several-backends.md#several-networks', command: 'kubectl get nodes --show-labels' },
  ),
  'DRV-EXISTS': failing(
    'alreadyExists',
    'the name is taken by an object made from another request',
    'Use another name',
  ),
  'DRV-RANGE': failing('outOfRange', 'the requested size is not possible', '', { says: (detail) => detail }),
  'DRV-BUSY': passing('busy', 'another operation on it is still running'),
  'DRV-PENDING': passing('busy', 'the RDS has not finished with it yet'),
  'DRV-LEFTOVER': passing('unavailable', 'a partial volume could not be removed yet'),
  'DRV-KEPT': failing('precondition', 'it may hold data and is left alone', 'Inspect it on the RDS', {
    command: SNAPSHOTS,
  }),
  'DRV-AUTOMOUNT': failing(
    'precondition',
    'the disk item is not as it was added: RouterOS itself would mount what is in the image',
    'Inspect the disk item on the RDS',
  ),
  'DRV-TOKEN': failing('badToken', 'the page token is not from a list of this driver', 'Start again without a token'),
  'DRV-DEFECT': failing('internal', 'a defect in rose-csi', 'Report it with the log line', { command: LOGS }),
};
