import { DOCTOR, DOCTOR_WRITES, failing, SNAPSHOTS } from './failure.ts';
import { ofTwo } from './figures.ts';

/** Refusals of our scripts that are about a pool, or about what RouterOS can do. */
export const POOLS = {
  'RC-POOL': failing(
    'unavailable',
    'the configured pool is not present and mounted exactly once',
    'Compare /disk and /disk/btrfs/filesystem on the RDS with label, uuid and mountPoint of the pool in the configuration',
    {
      // What was found in its place says all of it.
      says: (detail) => (/^pool [^:]+: /.test(detail) ? detail : undefined),
      event: 'PoolMissing',
      passes: true,
      command: DOCTOR,
    },
  ),
  'RC-SPACE': failing(
    'exhausted',
    'the pool has too little free space',
    'Delete snapshots or volumes that are no longer needed, add disks, or ask for less',
    {
      says: ofTwo((free, needed) => `the pool has ${free} free, ${needed} needed with the reserve`),
      event: 'PoolFull',
      command: SNAPSHOTS,
    },
  ),
  'RC-PROMISE': failing(
    'exhausted',
    'the pool would promise more than overCommitRatio allows',
    'Delete volumes, add disks, raise overCommitRatio of the backend, or ask for less',
    {
      says: ofTwo((promised, most) => `the pool would promise ${promised}, overCommitRatio allows ${most}`),
      event: 'OverCommitReached',
      command: SNAPSHOTS,
    },
  ),
  'RC-ERE': failing(
    'unavailable',
    'this RouterOS does not support intervals such as {2} in regular expressions',
    'Report this RouterOS version; the driver changes nothing on such an RDS',
    { event: 'RouterOsUnfit', command: DOCTOR },
  ),
  'RC-NAME': failing(
    'precondition',
    'the RDS shows the subvolume under another name than the one that was sent',
    'Use another RouterOS; rose-csi doctor --write shows what this one does with names. What a failed creation left has to be removed by hand',
    { event: 'RouterOsUnfit', command: DOCTOR_WRITES },
  ),
};
