import type { Row } from '../../console/menu.ts';
import { RosArray } from '../../console/value.ts';
import type { Box } from '../box.ts';
import { failure, noSuchItem } from '../failures.ts';
import type { TransferRecord } from '../records.ts';
import { STATUS } from '../transfer/words.ts';
import { type DeviceMenu, defineMenu } from './define-menu.ts';
import { makeRow } from './rows.ts';
import { addTransfer } from './transfer-add.ts';

/** `/disk/btrfs/transfer` (docs/routeros.md, 6): rows that are at work by themselves, and stay when they are done. */
export function transferMenu(box: Box): DeviceMenu {
  return defineMenu(box, {
    path: '/disk/btrfs/transfer',
    kind: 'list',
    properties: [
      ...['type', 'fs', 'status', 'bytes', 'file', 'send-subvolumes', 'send-parent', 'ssh-address', 'ssh-port'],
      ...['ssh-receive-mount', 'ssh-user'],
    ],
    columns: ['type', 'fs', 'send-subvolumes', 'bytes', 'status'],
    rows: async () => [...box.state.table('transfer').values()].map((transfer) => transferRow(box, transfer)),
    handlers: {
      add: (_ids, args, user) => addTransfer(box, args, user ?? box.accounts.owner),
      async remove(ids) {
        for (const id of ids) remove(box, id);
        return undefined;
      },
    },
  });
}

function transferRow(box: Box, transfer: TransferRecord): Row {
  const { id, type, pool, subvolume, parent, address, port, user, mount, file, status } = transfer;
  return makeRow(id, {
    ...{ type, fs: pool, 'send-subvolumes': subvolume === undefined ? undefined : new RosArray([subvolume]) },
    ...{ 'send-parent': parent, 'ssh-address': address, 'ssh-port': port === undefined ? undefined : BigInt(port) },
    ...{ 'ssh-user': user, 'ssh-receive-mount': mount, file },
    bytes: BigInt(box.transfers.bytesOf(transfer)),
    status: box.transfers.isRunning(id) ? STATUS.running : status,
  });
}

/** What is under way may go on without its row (U37). */
function remove(box: Box, id: string): void {
  if (!box.state.table('transfer').has(id)) throw noSuchItem();
  const { removalOfRunning } = box.manner;
  if (box.transfers.isRunning(id) && removalOfRunning === 'refused') throw failure('transfer is in progress');
  if (removalOfRunning === 'cancels') box.transfers.cancel(id);
  box.state.commit({ remove: 'transfer', key: id });
}
