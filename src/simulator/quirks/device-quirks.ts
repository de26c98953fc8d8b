import { DeviceFailure, type Row } from '../console/menu.ts';
import type { QuirkDefinition } from './quirk.ts';
import { textOf, withProps } from './rows.ts';

const DAY_MS = 24 * 3600 * 1000;
/** Of the second filesystem with the label of the first; far from every id that the device gives out. */
const SECOND = { id: '*FFFF01', uuid: '99999999-8888-7777-6666-555555555555', slot: 'nvme99', mountPoint: 'second' };

/** What can differ in the device as a whole. */
export const DEVICE_QUIRKS: readonly QuirkDefinition[] = [
  {
    name: 'two-filesystems-one-label',
    unknown: 'U18',
    summary: 'another mounted filesystem has the label of the first pool',
    effects: () => ({ menus: { rows: (path, rows) => [...rows, ...second(path, rows)] } }),
  },
  {
    name: 'old-version',
    summary: 'RouterOS 7.17: no `/disk/btrfs`, no `nvme-tcp-server-nqn`',
    effects: () => ({
      menus: {
        hides: (path) => path.startsWith('/disk/btrfs'),
        hidesArgument: (path, argument) => path === '/disk' && argument === 'nvme-tcp-server-nqn',
        rows(path, rows) {
          if (path === '/system/resource') return rows.map((row) => withProps(row, { version: '7.17.2 (stable)' }));
          if (path === '/system/package') return rows.map((row) => withProps(row, { version: '7.17.2' }));
          return path === '/disk' ? rows.map((row) => withProps(row, { 'nvme-tcp-server-nqn': undefined })) : rows;
        },
      },
    }),
  },
  {
    name: 'no-rose-package',
    summary: 'the package rose-storage is missing, and with it `/disk/btrfs` and NVMe/TCP',
    effects: () => ({
      menus: {
        hides: (path) => path.startsWith('/disk/btrfs'),
        hidesArgument: (path, argument) => path === '/disk' && argument.startsWith('nvme-tcp-'),
        rows(path, rows) {
          if (path === '/system/package') return rows.filter((row) => textOf(row, 'name') !== 'rose-storage');
          return path === '/disk' ? rows.map(withoutNvme) : rows;
        },
      },
    }),
  },
  {
    name: 'read-only-user',
    summary: 'the user may look and change nothing',
    effects: () => ({
      menus: {
        async run() {
          throw new DeviceFailure('not enough permissions (9)');
        },
      },
    }),
  },
  {
    name: 'clock-wrong',
    summary: 'the clock of the RDS is 400 days slow',
    effects: () => ({ device: { clockAheadMs: -400 * DAY_MS } }),
  },
  {
    name: 'uptime-sub-second',
    unknown: 'U26',
    summary: 'uptime carries milliseconds',
    effects: () => ({ device: { uptimeStepMs: 1 } }),
  },
];

function withoutNvme(row: Row): Row {
  return { id: row.id, props: new Map([...row.props].filter(([name]) => !name.startsWith('nvme-tcp-'))) };
}

/** The rows of the second filesystem that belong to a menu, made after the first one's. */
function second(path: string, rows: readonly Row[]): readonly Row[] {
  const first = rows[0];
  if (first === undefined) return [];
  const { id, uuid, slot, mountPoint } = SECOND;
  const changes = {
    '/disk': { slot, 'slot-default': slot, 'fs-uuid': uuid, 'mount-point': mountPoint },
    '/disk/btrfs/filesystem': { uuid, devs: slot },
    '/disk/btrfs/subvolume': { uuid },
    '/file': { name: mountPoint },
  }[path];
  return changes === undefined ? [] : [{ ...withProps(first, changes), id }];
}
