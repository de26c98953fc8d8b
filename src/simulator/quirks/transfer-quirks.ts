import type { Row } from '../console/menu.ts';
import { STATUS } from '../device/transfer/words.ts';
import { behavior, type MenuEffects, type QuirkDefinition } from './quirk.ts';
import { textOf, withProps } from './rows.ts';

const TRANSFER = '/disk/btrfs/transfer';

/** What can differ in transfers (docs/routeros.md, 6). Those that are about the receiver are set there. */
export const TRANSFER_QUIRKS: readonly QuirkDefinition[] = [
  behavior('receive-row-not-needed', 'U30', 'a transfer is received without a row of `type=receive`', {
    receiveRow: 'not-needed',
  }),
  behavior('receive-row-each-time', 'U30', 'a row of `type=receive` is good for one transfer that ends well', {
    receiveRow: 'needed-each-time',
  }),
  behavior('receive-mount-is-path', 'U31', '`ssh-receive-mount` begins with the mount point, not with the label', {
    receiveMount: 'mount-point',
  }),
  behavior('receive-mount-not-top', 'U31', '`ssh-receive-mount` must name a subvolume below the top level', {
    receivesAtTop: false,
  }),
  behavior('transfer-host-key-remembered', 'U32', 'of an address, only the first host key is taken', {
    remembersHostKeys: true,
  }),
  behavior('transfer-tries-all-keys', 'U33', 'a transfer logs in with the private keys of all accounts', {
    triesAllKeys: true,
  }),
  behavior(
    'receive-needs-policy',
    'U34',
    'to receive, an account needs `policy` as well, which the group `write` lacks',
    {
      receivePolicies: ['ssh', 'write', 'policy'],
    },
  ),
  behavior('break-leaves-nothing', 'U35', 'what was received of a transfer that broke off is removed', {
    breakLeaves: 'nothing',
  }),
  behavior('break-leaves-read-only', 'U35', 'what was received of a transfer that broke off is read-only', {
    breakLeaves: 'read-only-half',
  }),
  behavior('transfer-rows-lost', 'U36', 'a restart clears the list of transfers', { rowsAtRestart: 'lost' }),
  behavior('transfer-rows-run-again', 'U36', 'after a restart every row of `type=send` starts again', {
    rowsAtRestart: 'run-again',
  }),
  behavior('transfer-removal-cancels', 'U37', 'removing a row of `type=send` ends its transfer', {
    removalOfRunning: 'cancels',
  }),
  behavior('transfer-removal-refused', 'U37', 'the row of a transfer that is under way cannot be removed', {
    removalOfRunning: 'refused',
  }),
  behavior('sent-not-protected', 'U38', 'what is being sent, or its parent, can be removed, which ends the transfer', {
    protectsSources: false,
  }),
  status('transfer-status-other', '`status` of a transfer has other words, such as `finished`', otherWords),
  status('transfer-status-unset', '`status` of a transfer is unset until it ends', (row) =>
    isOver(row) ? row : withProps(row, { status: undefined }),
  ),
];

function status(name: string, summary: string, change: (row: Row) => Row): QuirkDefinition {
  const menus: MenuEffects = { rows: (path, rows) => (path === TRANSFER ? rows.map(change) : rows) };
  return { name, unknown: 'U39', summary, effects: () => ({ menus }) };
}

function isOver(row: Row): boolean {
  const words: readonly string[] = [STATUS.waiting, STATUS.running];
  return !words.includes(textOf(row, 'status'));
}

const OTHER: Readonly<Record<string, string>> = {
  [STATUS.waiting]: 'idle',
  [STATUS.running]: 'running',
  [STATUS.done]: 'finished',
};

function otherWords(row: Row): Row {
  const text = textOf(row, 'status');
  return withProps(row, { status: OTHER[text] ?? `error: ${text}` });
}
