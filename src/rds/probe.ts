import { bytes, flag, type JsonRow, text } from '../routeros/index.ts';
import type { Pool } from './refs.ts';

/** `nvme-tcp-server-nqn` exists from here on (docs/routeros.md, 0.1). */
const MINIMUM_VERSION = [7, 21] as const;

/** `rose-storage`; newer documents call it "Storage" (docs/routeros.md, 9). */
const STORAGE_PACKAGE = /storage/i;

interface PoolFacts {
  readonly label: string;
  readonly mountPoint: string;
  readonly freeBytes: bigint;
}

export interface ProbeReport {
  readonly version: string;
  readonly pools: readonly PoolFacts[];
  /** Why the box cannot be used as configured, one sentence each; empty when it is fit. */
  readonly problems: readonly string[];
}

export interface ExpectedPool extends Pool {
  readonly mountPoint: string;
}

/** Judges what the probe script printed against the configuration. */
export function judge(rows: readonly JsonRow[], expected: readonly ExpectedPool[]): ProbeReport {
  const version = rows.map((row) => ('name' in row ? '' : text(row, 'version'))).find((found) => found !== '') ?? '';
  const mounted = rows.filter((row) => 'fs-label' in row);
  const filesystems = rows.filter((row) => 'uuid' in row);
  const problems = expected.flatMap((pool) => poolProblems(pool, filesystems, mounted));
  if (!isSupported(version)) {
    problems.unshift(`RouterOS ${version === '' ? 'of unknown version' : version}: 7.21 or newer is needed`);
  }
  const language = rows.find((row) => 'id-type' in row) ?? {};
  if (text(language, 'id-type') !== 'num' || !flag(language, 'intervals')) {
    problems.push('subvolume-id is no number, or expressions know no intervals: please report this RouterOS version');
  }
  if (text(language, 'none') !== '0' || text(language, 'one') !== '1') {
    problems.push(':pick does not give the beginning of a list of items: please report this RouterOS version');
  }
  if (!rows.some((row) => STORAGE_PACKAGE.test(text(row, 'name')) && !flag(row, 'disabled'))) {
    problems.push('the package rose-storage is not installed or not enabled');
  }
  return {
    version,
    problems,
    pools: mounted.map((row) => ({
      label: text(row, 'fs-label'),
      mountPoint: text(row, 'mount-point'),
      freeBytes: bytes(row, 'free') ?? 0n,
    })),
  };
}

function isSupported(version: string): boolean {
  const [, major = '0', minor = '0'] = /^(\d+)\.(\d+)/.exec(version) ?? [];
  const [leastMajor, leastMinor] = MINIMUM_VERSION;
  return Number(major) > leastMajor || (Number(major) === leastMajor && Number(minor) >= leastMinor);
}

function poolProblems(pool: ExpectedPool, filesystems: readonly JsonRow[], mounted: readonly JsonRow[]): string[] {
  const named = filesystems.filter((row) => text(row, 'label') === pool.label);
  const mounts = mounted.filter((row) => text(row, 'fs-label') === pool.label);
  if (named.length !== 1) {
    return [`pool ${pool.label}: ${named.length} Btrfs filesystems have this label, there must be exactly one`];
  }
  const uuid = text(named[0] ?? {}, 'uuid');
  if (uuid !== pool.uuid) {
    return [`pool ${pool.label}: its uuid is ${uuid}, configured is ${pool.uuid}`];
  }
  if (mounts.length !== 1) {
    return [`pool ${pool.label}: mounted ${mounts.length} times, there must be exactly one mounted disk`];
  }
  const mountPoint = text(mounts[0] ?? {}, 'mount-point').replace(/^\//, '');
  return mountPoint === pool.mountPoint.replace(/^\//, '')
    ? []
    : [`pool ${pool.label}: mounted at ${mountPoint}, configured is ${pool.mountPoint}`];
}
