import type { BackendConfig } from '../../config/schema.ts';
import { printSize } from '../../failures/print-size.ts';
import { mountPointOf, poolProblem } from '../../rds/index.ts';
import { bytes, flag, type JsonRow, put, type RouterOsConsole, ros, text } from '../../routeros/index.ts';
import type { RdsCheck, RdsContext } from '../check.ts';
import { differs, type Finding, fits, unusable } from '../finding.ts';
import { tryConnect } from './connectivity.ts';

export type PoolConfig = BackendConfig['pools'][number];

/** What the RDS says of its Btrfs filesystems and of the mounted disks that hold them. */
export interface PoolRows {
  readonly filesystems: readonly JsonRow[];
  readonly mounted: readonly JsonRow[];
}

export const POOL_CHECKS: readonly RdsCheck[] = [
  { id: 'pools', title: 'configured pools', needs: 'read', run: configuredPools },
  { id: 'labels', title: 'filesystems with one label', unknown: 'U18', needs: 'read', run: labels },
  { id: 'space', title: 'free space and reserve', needs: 'read', run: space },
  { id: 'nvme-port', title: 'NVMe/TCP address answers', needs: 'read', run: nvmePort },
];

/** @throws RouterOsError when the RDS cannot be asked, or knows no Btrfs. */
export async function readPools(console: RouterOsConsole): Promise<PoolRows> {
  const rows = await console.run(
    ros`:foreach xR in=[/disk/btrfs/filesystem print detail as-value proplist=label,uuid] do={${put(ros`$xR`)}};
      :foreach xR in=[/disk print detail as-value proplist=slot,fs,fs-label,mount-point,mount-read-only,size,free where mounted]
      do={${put(ros`$xR`)}}`,
  );
  return {
    filesystems: rows.filter((row) => 'uuid' in row),
    mounted: rows.filter((row) => 'slot' in row && text(row, 'fs') === 'btrfs'),
  };
}

/** Why a configured pool cannot be used, as calls say it; undefined when it can. */
export function problemOf({ filesystems, mounted }: PoolRows, pool: PoolConfig): string | undefined {
  const { label, uuid, mountPoint = label } = pool;
  const problem = poolProblem({ label, uuid, mountPoint }, filesystems, mounted);
  if (problem !== undefined) return `${problem.found} [${problem.code}]`;
  const isReadOnly = mounted.some((row) => text(row, 'fs-label') === label && flag(row, 'mount-read-only'));
  return isReadOnly ? `pool ${label}: its disk has mount-read-only=yes [RDS-REFUSED]` : undefined;
}

async function configuredPools({ backend, console }: RdsContext): Promise<Finding> {
  const rows = await readPools(console);
  const problems = backend.pools.flatMap((pool) => problemOf(rows, pool) ?? []);
  const lines = fragment(rows);
  return problems.length === 0
    ? {
        ...fits(
          `${backend.pools.map(({ label }) => label).join(', ')}: label, uuid and mount point are as configured`,
          'proves this again in every command',
        ),
        lines,
      }
    : {
        ...unusable(problems.join('; '), 'refuses all calls on it. For the configuration, see the lines below'),
        lines,
      };
}

/** The Btrfs pools of the RDS as a part of the configuration. */
function fragment({ filesystems, mounted }: PoolRows): readonly string[] {
  const pools = filesystems.flatMap((row) => {
    const disk = mounted.find((candidate) => text(candidate, 'fs-label') === text(row, 'label'));
    const lines = [`label: ${text(row, 'label')}`, `uuid: ${text(row, 'uuid')}`];
    return disk === undefined
      ? ['  # not mounted:', ...lines.map((line) => `  #   ${line}`)]
      : [...lines, `mountPoint: ${mountPointOf(disk)}`].map((line, at) => `  ${at === 0 ? '-' : ' '} ${line}`);
  });
  return pools.length === 0
    ? ['The RDS has no Btrfs filesystem.']
    : ['The Btrfs filesystems of this RDS, for the configuration:', 'pools:', ...pools];
}

async function labels({ backend, console }: RdsContext): Promise<Finding> {
  const { filesystems } = await readPools(console);
  const all = filesystems.map((row) => text(row, 'label'));
  const twice = [...new Set(all.filter((label, index) => all.indexOf(label) < index))];
  const details = { filesystems: all.length, twice: twice.join(',') };
  if (twice.length === 0) {
    return fits('every label is there once', 'names a filesystem by its label and proves the uuid', details);
  }
  return twice.some((label) => backend.pools.some((pool) => pool.label === label))
    ? unusable(
        `the label of a pool is there twice: ${twice.join(', ')}`,
        'refuses all calls on it. Give the other filesystem another label',
        details,
      )
    : differs(
        `a label is there twice: ${twice.join(', ')}`,
        'does not use these; give one of them another label',
        details,
      );
}

async function space({ backend, console }: RdsContext): Promise<Finding> {
  const { mounted } = await readPools(console);
  const pools = backend.pools.flatMap(({ label }) => {
    const row = mounted.find((candidate) => text(candidate, 'fs-label') === label);
    return row === undefined ? [] : [{ label, free: bytes(row, 'free'), size: bytes(row, 'size') }];
  });
  const said = pools.map(({ label, free, size }) => `${label}: ${sizeOf(free)} of ${sizeOf(size)} free`).join('; ');
  const details = Object.fromEntries(
    pools.map(({ label, free }) => [`free-bytes-${label}`, String(free ?? 'unknown')]),
  );
  if (pools.length === 0 || pools.some(({ free }) => free === undefined)) {
    return unusable(
      said || 'no pool is mounted',
      'refuses to make volumes while it cannot read the free space',
      details,
    );
  }
  const small = pools.filter(({ free }) => (free ?? 0n) < backend.reserve).map(({ label }) => label);
  const tight = pools.filter(({ free, size }) => (free ?? 0n) * 10n < (size ?? 0n)).map(({ label }) => label);
  if (small.length > 0) {
    return unusable(
      said,
      `makes nothing in ${small.join(', ')}: less than the reserve of ${printSize(backend.reserve)} is free`,
      details,
    );
  }
  return tight.length > 0
    ? differs(
        said,
        `works, but less than a tenth of ${tight.join(', ')} is free, where Btrfs gets slow and then full`,
        details,
      )
    : fits(said, `keeps the reserve of ${printSize(backend.reserve)} free`, details);
}

function sizeOf(known: bigint | undefined): string {
  return known === undefined ? 'an unknown size' : printSize(known);
}

async function nvmePort({ backend, timing }: RdsContext): Promise<Finding> {
  const { address, port } = backend.nvme;
  const answer = await tryConnect(address, port, timing.connectMs);
  const lines = [
    'Whoever reaches the NVMe/TCP port and claims a host NQN can read and write every volume that is exported at that moment. Keep the storage network out of reach for everything but nodes, and pods off it: SECURITY.md, "The data path".',
  ];
  if (answer === 'open') {
    return { ...fits(`port ${port} is open from here`, 'sends nodes there. See the remark below'), lines };
  }
  if (answer === 'refused') {
    return {
      ...fits(
        `port ${port} is closed, but the address answers`,
        'sends nodes there. The port opens with the first export',
      ),
      lines,
    };
  }
  return {
    ...differs(`port ${port}: ${answer}`, 'does not go there itself, nodes do: run doctor on a node, too'),
    lines,
  };
}
