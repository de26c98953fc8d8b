import type { Rds } from '../rds.ts';
import { type DeviceMenu, defineMenu } from './define-menu.ts';
import { makeRow } from './rows.ts';
import { ROOT_NAME } from './subvolume-rows.ts';

const ERROR_COUNTERS = ['write-errors', 'read-errors', 'flush-errors', 'corruption-errors', 'generation-errors'];

/** `/disk/btrfs/filesystem`: one row per pool (docs/routeros.md, 5.1). */
export function filesystemMenu(rds: Rds): DeviceMenu {
  return defineMenu(rds, {
    path: '/disk/btrfs/filesystem',
    kind: 'list',
    nameProperty: 'label',
    flags: { 'missing-devs': 'I', balancing: 'b', replacing: 'r', scrubbing: 's' },
    properties: [
      'label',
      'uuid',
      'default-subvolume',
      'total-devs',
      'dev-ids',
      'devs',
      'spaces',
      ...ERROR_COUNTERS,
      'missing-devs',
      'balancing',
      'replacing',
      'scrubbing',
      'balance-status',
      'replace-status',
      'scrub-status',
      'about',
    ],
    rows: async () =>
      [...rds.state.table('pool').values()].map((pool) => {
        const { missingDevice, deviceErrors } = rds.conditions.of(pool.label);
        return makeRow(pool.filesystemId, {
          label: pool.label,
          uuid: rds.uuidOf(pool),
          'default-subvolume': ROOT_NAME,
          'total-devs': missingDevice ? 2n : 1n,
          'dev-ids': '1',
          devs: pool.slot,
          ...Object.fromEntries(ERROR_COUNTERS.map((name) => [name, 0n])),
          'corruption-errors': BigInt(deviceErrors),
          'missing-devs': missingDevice,
          balancing: false,
          replacing: false,
          scrubbing: false,
        });
      }),
  });
}
