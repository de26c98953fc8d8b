import { type JsonRow, put, ros, text } from '../../routeros/index.ts';
import type { RdsCheck, RdsContext } from '../check.ts';
import { differs, type Finding, fits, untested } from '../finding.ts';
import { tried } from '../script.ts';

export const HEALTH_CHECKS: readonly RdsCheck[] = [
  { id: 'pool-errors', title: 'health of the pools', unknown: 'U41', needs: 'read', run: poolErrors },
  { id: 'disk-health', title: 'health of their disks', unknown: 'U42', needs: 'read', run: diskHealth },
];

const COUNTERS = ['write-errors', 'read-errors', 'flush-errors', 'corruption-errors', 'generation-errors'];
const DRIVER = 'reports a pool that is degraded by them; what is not shown is unknown to it';

/** All properties are asked for, where one that is named and not there would be an error. */
async function poolErrors({ backend, console }: RdsContext): Promise<Finding> {
  const asked = await tried(
    console,
    ros`:foreach xR in=[/disk/btrfs/filesystem print detail as-value] do={${put(ros`$xR`)}}`,
  );
  if (!asked.ok) return untested(asked.words, DRIVER);
  const rows = asked.rows.filter((row) => backend.pools.some(({ label }) => label === text(row, 'label')));
  const names = ['missing-devs', ...COUNTERS];
  const details = detailsOf(rows, 'label', names);
  const unset = missingOf(rows, names);
  if (rows.length === 0) return untested('no configured pool is there', DRIVER);
  if (unset.length > 0) return differs(`it does not show ${unset.join(', ')}`, DRIVER, details);
  const lists = COUNTERS.filter((name) => rows.some((row) => Array.isArray(row[name])));
  return lists.length > 0
    ? differs('it shows a number of errors for each device', `${DRIVER}. It adds them up`, details)
    : fits('it shows missing devices and error counters', DRIVER, details);
}

async function diskHealth({ backend, console }: RdsContext): Promise<Finding> {
  const asked = await tried(
    console,
    ros`:foreach xR in=[/disk print detail as-value where type!="file"] do={${put(ros`$xR`)}}`,
  );
  if (!asked.ok) return untested(asked.words, DRIVER);
  const rows = asked.rows.filter((row) => backend.pools.some(({ label }) => label === text(row, 'fs-label')));
  const names = ['critical-warning', 'io-errors'];
  const details = detailsOf(rows, 'slot', names);
  if (rows.length === 0) return untested('no disk of a configured pool is there', DRIVER);
  const unset = missingOf(rows, names);
  if (unset.length > 0) return differs(`it does not show ${unset.join(', ')} of every disk`, DRIVER, details);
  const words = rows
    .map((row) => text(row, 'critical-warning'))
    .filter((shown) => !/^(?:0x[0-9a-f]+|\d+)$/i.test(shown));
  return words.length > 0
    ? differs('it shows the critical warning in words', `${DRIVER}. Please report the words`, details)
    : fits('it shows a critical warning as a number, and I/O errors', DRIVER, details);
}

function missingOf(rows: readonly JsonRow[], names: readonly string[]): string[] {
  return names.filter((name) => rows.some((row) => text(row, name) === ''));
}

function detailsOf(rows: readonly JsonRow[], key: string, names: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    rows.flatMap((row) => names.map((name) => [`${text(row, key)} ${name}`, text(row, name) || 'unset'])),
  );
}
