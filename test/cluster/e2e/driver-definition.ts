/**
 * What upstream's suite is told about the driver. **It ignores fields that it does not know**, so that a capability with a
 * typing error is one that is not tested: the list of specs (specs.txt) is what shows that.
 */

/** A StorageClass of the chart as the test installs it, and for what it is used. */
export type Kind =
  /** ext4, the default. */
  | 'ext4'
  /** XFS: specs in which a mounted filesystem grows, which ext4 cannot do on a machine without CAP_SYS_RESOURCE. */
  | 'xfs'
  /** Raw block volumes for several nodes at once, which filesystems cannot be. */
  | 'shared-block'
  /** A node that takes few volumes, so that its bound is reached soon. */
  | 'few-volumes'
  /** Nodes by their networks. Whoever says so is not asked what becomes of volumes that wait for no pod. */
  | 'topology';

/** The network of the RDS, which all nodes of the test reach. */
const TOPOLOGY_KEYS = ['rds.rose-csi.io/network-default'];

const CAPABILITIES = {
  persistence: true,
  block: true,
  fsGroup: true,
  exec: true,
  multipods: true,
  multiplePVsSameID: true,
  snapshotDataSource: true,
  pvcDataSource: true,
  readWriteOncePod: true,
  capacity: true,
  controllerExpansion: true,
  nodeExpansion: true,
  onlineExpansion: true,
  offlineExpansion: true,
};

/** The definition for `-storage.testdriver`, as JSON. */
export function driverDefinition(kind: Kind): string {
  const capabilities = {
    ...CAPABILITIES,
    ...(kind === 'shared-block' && { RWX: true }),
    ...(kind === 'few-volumes' && { volumeLimits: true }),
    ...(kind === 'topology' && { topology: true }),
  };
  const definition = {
    StorageClass: { FromExistingClassName: kind === 'xfs' ? 'rose-csi-xfs' : 'rose-csi' },
    SnapshotClass: { FromExistingClassName: 'rose-csi' },
    DriverInfo: {
      Name: 'rds.rose-csi.io',
      SupportedSizeRange: { Min: '1Gi' },
      SupportedFsType: { '': {}, ext4: {}, xfs: {} },
      SupportedMountOption: { noatime: {} },
      ...(kind === 'topology' && { TopologyKeys: TOPOLOGY_KEYS }),
      Capabilities: capabilities,
      StressTestOptions: { NumPods: 5, NumRestarts: 3 },
      VolumeSnapshotStressTestOptions: { NumPods: 3, NumSnapshots: 3 },
    },
  };
  return JSON.stringify(definition, null, 2);
}
