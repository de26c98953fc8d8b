import type { Row } from '../../console/menu.ts';
import { RosArray } from '../../console/value.ts';
import { failure, noSuchItem } from '../failures.ts';
import type { Rds } from '../rds.ts';
import type { TransferRecord } from '../records.ts';
import { STATUS } from '../transfer/words.ts';
import { type DeviceMenu, defineMenu } from './define-menu.ts';
import { makeRow } from './rows.ts';
import { addTransfer } from './transfer-add.ts';

/** `/disk/btrfs/transfer` (docs/routeros.md, 6): rows that are at work by themselves, and stay when they are done. */
export function transferMenu(rds: Rds): DeviceMenu {
  return defineMenu(rds, {
    path: '/disk/btrfs/transfer',
    kind: 'list',
    properties: [
      'type',
      'fs',
      'status',
      'bytes',
      'file',
      'send-subvolumes',
      'send-parent',
      'ssh-address',
      'ssh-port',
      'ssh-receive-mount',
      'ssh-user',
    ],
    columns: ['type', 'fs', 'send-subvolumes', 'bytes', 'status'],
    rows: async () => [...rds.state.table('transfer').values()].map((transfer) => transferRow(rds, transfer)),
    handlers: {
      add: (_ids, args, user) => addTransfer(rds, args, user ?? rds.accounts.owner),
      async remove(ids) {
        for (const id of ids) remove(rds, id);
        return undefined;
      },
    },
  });
}

function transferRow(rds: Rds, transfer: TransferRecord): Row {
  const { id, type, pool, subvolume, parent, address, port, user, mount, file, status } = transfer;
  return makeRow(id, {
    type,
    fs: pool,
    'send-subvolumes': subvolume === undefined ? undefined : new RosArray([subvolume]),
    'send-parent': parent,
    'ssh-address': address,
    'ssh-port': port === undefined ? undefined : BigInt(port),
    'ssh-user': user,
    'ssh-receive-mount': mount,
    file,
    bytes: BigInt(rds.transfers.bytesOf(transfer)),
    status: rds.transfers.isRunning(id) ? STATUS.running : status,
  });
}

/** What is under way may go on without its row (U37). */
function remove(rds: Rds, id: string): void {
  if (!rds.state.table('transfer').has(id)) throw noSuchItem();
  const { removalOfRunning } = rds.behavior;
  if (rds.transfers.isRunning(id) && removalOfRunning === 'refused') throw failure('transfer is in progress');
  if (removalOfRunning === 'cancels') rds.transfers.cancel(id);
  rds.state.commit({ remove: 'transfer', key: id });
}
