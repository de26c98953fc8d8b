import { bytes, ere, flag, type JsonRow, ros, text } from '../routeros/index.ts';
import type { RdsErrorCode } from './errors.ts';
import type { Pool } from './refs.ts';

/** `nvme-tcp-server-nqn` exists from here on (docs/routeros.md, 0.1). */
const MINIMUM_VERSION = [7, 21] as const;

/** What scripts rest on: ids that compare as numbers, intervals in expressions, and the beginning of a list. */
export const LANGUAGE_FACTS = ros`{"id-type"=[:typeof [/disk/btrfs/subvolume get ([/disk/btrfs/subvolume find]->0) subvolume-id]];
    "intervals"=("ab"~${ere`^[a-z]{2}$`}); "none"=[:len [:pick [/disk/btrfs/subvolume find] 0 0]];
    "one"=[:len [:pick [/disk/btrfs/subvolume find] 0 1]]}`;

interface PoolFacts {
  readonly label: string;
  readonly mountPoint: string;
  readonly freeBytes: bigint;
}

export interface ProbeReport {
  readonly version: string;
  readonly pools: readonly PoolFacts[];
  /** Why the RDS cannot be used as configured; empty when it is fit. */
  readonly problems: readonly Problem[];
}

/** One reason why an RDS cannot be used as configured: the failure that calls end in, and what was found. */
export interface Problem {
  readonly code: RdsErrorCode;
  /** Label of the pool that it is about; undefined for what is about the RDS. */
  readonly pool?: string;
  /** Human-readable. That of a pool begins with `pool <label>: `. */
  readonly found: string;
}

export interface ExpectedPool extends Pool {
  readonly mountPoint: string;
}

/** Judges what the probe script printed against the configuration. */
export function judge(rows: readonly JsonRow[], expected: readonly ExpectedPool[]): ProbeReport {
  const version = rows.map((row) => ('name' in row ? '' : text(row, 'version'))).find((found) => found !== '') ?? '';
  const mounted = rows.filter((row) => 'fs-label' in row);
  const filesystems = rows.filter((row) => 'uuid' in row);
  const problems = expected.flatMap((pool) => poolProblem(pool, filesystems, mounted) ?? []);
  const unsupported = (found: string): void => void problems.push({ code: 'RDS-UNSUPPORTED', found });
  if (!isSupported(version)) {
    unsupported(`RouterOS ${version === '' ? 'of unknown version' : version}: 7.21 or newer is needed`);
  }
  problems.push(...languageProblems(rows.find((row) => 'id-type' in row) ?? {}));
  if (!rows.some((row) => isStoragePackage(row) && !flag(row, 'disabled'))) {
    unsupported('the package rose-storage is not installed or not enabled');
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

/** Why scripts cannot run there, by its {@link LANGUAGE_FACTS}. */
export function languageProblems(facts: JsonRow): readonly Problem[] {
  const problems: Problem[] = [];
  const unsupported = (found: string): void => void problems.push({ code: 'RDS-UNSUPPORTED', found });
  if (text(facts, 'id-type') !== 'num')
    unsupported('subvolume-id is not a number: please report this RouterOS version');
  if (!flag(facts, 'intervals')) problems.push({ code: 'RC-ERE', found: '' });
  if (text(facts, 'none') !== '0' || text(facts, 'one') !== '1') {
    unsupported(':pick does not give the beginning of a list of items: please report this RouterOS version');
  }
  return problems;
}

/** Whether a row of `/system/package` is `rose-storage`; newer documents call it "Storage" (docs/routeros.md, 9). */
export function isStoragePackage(row: JsonRow): boolean {
  return /storage/i.test(text(row, 'name'));
}

/** Whether the driver works with this version of RouterOS, or a newer one. */
export function isSupported(version: string): boolean {
  const [, major = '0', minor = '0'] = /^(\d+)\.(\d+)/.exec(version) ?? [];
  const [leastMajor, leastMinor] = MINIMUM_VERSION;
  return Number(major) > leastMajor || (Number(major) === leastMajor && Number(minor) >= leastMinor);
}

/**
 * Why a configured pool cannot be used; undefined when it can.
 *
 * @param filesystems of the RDS, with label and uuid
 * @param mounted disks of the RDS, with the label of their filesystem and where they are mounted
 */
export function poolProblem(
  { label, uuid, mountPoint }: ExpectedPool,
  filesystems: readonly JsonRow[],
  mounted: readonly JsonRow[],
): Problem | undefined {
  const named = filesystems.filter((row) => text(row, 'label') === label);
  const mounts = mounted.filter((row) => text(row, 'fs-label') === label);
  const problem = (found: string): Problem => ({ code: 'RC-POOL', pool: label, found: `pool ${label}: ${found}` });
  if (named.length === 0) return problem('no Btrfs filesystem has this label');
  if (named.length > 1) return problem(`${named.length} Btrfs filesystems have this label`);
  const found = text(named[0] ?? {}, 'uuid');
  if (found !== uuid) return problem(`its uuid is ${found}, configured is ${uuid}`);
  if (mounts.length === 0) return problem('it is not mounted');
  if (mounts.length > 1) return problem(`it is mounted ${mounts.length} times`);
  const place = mountPointOf(mounts[0] ?? {});
  return place === mountPointOf({ 'mount-point': mountPoint })
    ? undefined
    : problem(`it is mounted at ${place}, configured is ${mountPoint}`);
}

/** Where a disk is mounted, without a leading slash, as `/file` has it (docs/routeros.md, 7). */
export function mountPointOf(row: JsonRow): string {
  return text(row, 'mount-point').replace(/^\//, '');
}
