import type { Failure } from './failure.ts';
import { DOCTOR, SNAPSHOTS } from './failure.ts';
import { ofTwo } from './figures.ts';

/** Refusals of our scripts that are about a pool, or about what RouterOS can do. */
export const POOLS = {
  'RC-POOL': {
    kind: 'unavailable',
    what: 'the configured pool is not present and mounted exactly once',
    remedy: 'Compare /disk/btrfs/filesystem on the RDS with label and uuid of the pool in the configuration',
    event: 'PoolMissing',
    passes: true,
    command: DOCTOR,
  },
  'RC-SPACE': {
    kind: 'exhausted',
    what: 'the pool has too little free space',
    says: ofTwo((free, needed) => `the pool has ${free} free, ${needed} needed with the reserve`),
    remedy: 'Delete snapshots or volumes that are no longer needed, add disks, or ask for less',
    event: 'PoolFull',
    command: SNAPSHOTS,
  },
  'RC-PROMISE': {
    kind: 'exhausted',
    what: 'the pool would promise more than overCommitRatio allows',
    says: ofTwo((promised, most) => `the pool would promise ${promised}, overCommitRatio allows ${most}`),
    remedy: 'Delete volumes, add disks, raise overCommitRatio of the backend, or ask for less',
    event: 'OverCommitReached',
    command: SNAPSHOTS,
  },
  'RC-ERE': {
    kind: 'unavailable',
    what: 'this RouterOS does not know intervals such as {2} in expressions',
    remedy: 'Report this RouterOS version; the driver changes nothing on such an RDS',
    event: 'RouterOsUnfit',
    command: DOCTOR,
  },
  'RC-NAME': {
    kind: 'precondition',
    what: 'the RDS shows the subvolume under another name than the one that was sent',
    remedy: 'Remove what was made there; rose-csi doctor --write shows what the RDS does with names',
    event: 'RouterOsUnfit',
    command: DOCTOR,
  },
} as const satisfies Readonly<Record<string, Failure>>;
