import type { Row } from '../console/menu.ts';
import { RosArray, type Value } from '../console/value.ts';
import type { QuirkDefinition } from './quirk.ts';
import { withProps } from './rows.ts';

const COUNTERS = /-errors$/;
const WARNING = 'critical-warning';

/** What can differ in how the health of pools and disks is shown (docs/routeros.md, 4.1 and 5.1). */
export const HEALTH_QUIRKS: readonly QuirkDefinition[] = [
  showing(
    'error-counters-per-device',
    'U41',
    'error counters of a filesystem are lists with a number for each device',
    '/disk/btrfs/filesystem',
    (name, value) => (COUNTERS.test(name) && typeof value === 'bigint' ? new RosArray([value, 0n]) : value),
  ),
  showing(
    'filesystem-health-unset',
    'U41',
    'a filesystem shows neither error counters nor whether a device is missing',
    '/disk/btrfs/filesystem',
    (name, value) => (COUNTERS.test(name) || name === 'missing-devs' ? undefined : value),
  ),
  showing(
    'disk-health-unset',
    'U42',
    'a disk shows neither its critical warning nor error counters',
    '/disk',
    (name, value) => (COUNTERS.test(name) || name === WARNING ? undefined : value),
  ),
  showing('critical-warning-in-words', 'U42', 'the critical warning of a disk is a text', '/disk', (name, value) =>
    name === WARNING && typeof value === 'bigint' ? wordsOf(value) : value,
  ),
];

/** NVMe's bits, the lowest first. */
const BITS = ['spare', 'temperature', 'reliability', 'read-only', 'backup'];

function wordsOf(warning: bigint): string {
  const words = BITS.filter((_, bit) => ((warning >> BigInt(bit)) & 1n) === 1n);
  return words.length === 0 ? 'none' : words.join(',');
}

/** @param show What a property of a row of the menu looks like; undefined leaves it unset. */
function showing(
  name: string,
  unknown: string,
  summary: string,
  menu: string,
  show: (property: string, value: Value) => Value | undefined,
): QuirkDefinition {
  const change = (row: Row): Row =>
    withProps(row, Object.fromEntries([...row.props].map(([property, value]) => [property, show(property, value)])));
  const rows = (path: string, all: readonly Row[]) => (path === menu ? all.map(change) : all);
  return { name, unknown, summary, effects: () => ({ menus: { rows } }) };
}
