import { Duration } from '../../console/value.ts';
import { textArgument } from '../arguments.ts';
import { deviceDate, deviceTimeOfDay } from '../clock.ts';
import { invalidValue } from '../failures.ts';
import type { Rds } from '../rds.ts';
import { type DeviceMenu, defineMenu } from './define-menu.ts';
import { makeRow } from './rows.ts';

const DEFAULT_IDENTITY = 'rds-simulator';
const DEFAULT_VERSION = '7.24.1 (stable)';
const BUILD_TIME = '2026-09-14 10:00:00';
const MEMORY_BYTES = 32n * 1024n ** 3n;

/** The name of the device: what was set last, else the option, else `rds-simulator`. */
export function identityOf(rds: Rds): string {
  return rds.state.table('setting').get('identity')?.value ?? rds.options.identity ?? DEFAULT_IDENTITY;
}

/** `version` of `/system/resource`, e.g. `7.24.1 (stable)` (docs/routeros.md, 9). */
export function versionOf(rds: Rds): string {
  return rds.options.version ?? DEFAULT_VERSION;
}

/** `/system/identity`, `/system/resource`, `/system/clock` and `/system/package` (docs/routeros.md, 9). */
export function systemMenus(rds: Rds): DeviceMenu[] {
  return [identityMenu(rds), resourceMenu(rds), clockMenu(rds), packageMenu(rds)];
}

function identityMenu(rds: Rds): DeviceMenu {
  return defineMenu(rds, {
    path: '/system/identity',
    kind: 'singleton',
    properties: ['name'],
    rows: async () => [makeRow('*0', { name: identityOf(rds) })],
    handlers: {
      async set(_ids, args) {
        const value = textArgument(args, 'name');
        if (value === undefined || value === '') throw invalidValue('name');
        rds.state.commit({ put: 'setting', key: 'identity', record: { value } });
        return undefined;
      },
    },
  });
}

function resourceMenu(rds: Rds): DeviceMenu {
  const constant = {
    version: versionOf(rds),
    'build-time': BUILD_TIME,
    platform: 'MikroTik',
    'board-name': 'RDS2216 (simulated)',
    'architecture-name': 'arm64',
    cpu: 'ARM64',
    'cpu-count': 16n,
    'cpu-load': 0n,
    'total-memory': MEMORY_BYTES,
    'free-memory': MEMORY_BYTES / 2n,
  };
  return defineMenu(rds, {
    path: '/system/resource',
    kind: 'singleton',
    properties: [...Object.keys(constant), 'uptime'],
    rows: async () => {
      const step = rds.behavior.uptimeStepMs;
      const uptime = new Duration(Math.floor(rds.uptimeMs() / step) * step);
      return [makeRow('*0', { ...constant, uptime })];
    },
  });
}

function clockMenu(rds: Rds): DeviceMenu {
  return defineMenu(rds, {
    path: '/system/clock',
    kind: 'singleton',
    properties: ['date', 'time', 'time-zone-autodetect', 'time-zone-name', 'gmt-offset', 'dst-active'],
    rows: async () => {
      const now = rds.now();
      return [
        makeRow('*0', {
          date: deviceDate(now),
          time: deviceTimeOfDay(now),
          'time-zone-autodetect': false,
          'time-zone-name': 'UTC',
          'gmt-offset': 0n,
          'dst-active': false,
        }),
      ];
    },
  });
}

function packageMenu(rds: Rds): DeviceMenu {
  const version = versionOf(rds).replace(/ .*/, '');
  const row = (id: string, name: string) =>
    makeRow(id, { name, version, 'build-time': BUILD_TIME, scheduled: '', disabled: false, available: false });
  return defineMenu(rds, {
    path: '/system/package',
    kind: 'list',
    nameProperty: 'name',
    flags: { disabled: 'X', available: 'A' },
    properties: ['name', 'version', 'build-time', 'scheduled', 'size', 'disabled', 'available'],
    rows: async () => [row('*1', 'routeros'), row('*2', 'rose-storage')],
  });
}
