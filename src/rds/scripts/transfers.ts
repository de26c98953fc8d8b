import { ere, put, ros, type Script, type ScriptBuilder, say, script } from '../../routeros/index.ts';
import { exactly, snapshotMentions } from '../names.ts';
import type { Reading, Writing } from '../operation.ts';
import type { RdsSettings } from '../rds.ts';
import type { Pool, SnapshotRef } from '../refs.ts';
import { decodeTransfers, type ReplicaTarget, type TransferRow } from '../transfers.ts';
import { guarded, guardedText, proveSpace } from './conditions.ts';
import { isAlone, named, provePool, standing } from './lookup.ts';

/**
 * `/disk/btrfs/transfer` (docs/routeros.md, 6). Rows have no comment, so one is ours when it sends a snapshot of our owners from
 * the pool to its replica.
 */

const MENU = ros`/disk/btrfs/transfer`;

/** A read-only snapshot, by name and by its own uuid. */
export interface Sent {
  readonly name: string;
  readonly uuid: string;
}

/** Runs the block for each row that sends snapshots of our owners from the pool. */
function eachSending(
  s: ScriptBuilder,
  { owners }: Pick<RdsSettings, 'owners'>,
  { label }: Pool,
  block: (row: Script, names: Script) => void,
  further: Script = ros``,
): void {
  s.each(ros`[${MENU} find where type=send and fs=${label}${further}]`, (row) => {
    const names = s.let(ros`[:tostr [${MENU} get ${row} send-subvolumes]]`);
    s.if(ros`${names}~${snapshotMentions(owners)}`, () => block(row, names));
  });
}

/** The condition for rows that send to the replica. */
function isTo({ address, mount }: ReplicaTarget): Script {
  return ros` and ssh-address=${address} and ssh-receive-mount=${mount}`;
}

/** The transfers of snapshots of our owners from a pool, wherever they go. */
export function listTransfers(
  settings: Pick<RdsSettings, 'owners'>,
  pool: Pool,
  target: ReplicaTarget,
): Reading<readonly TransferRow[]> {
  return {
    kind: 'read',
    script: script((s) => {
      provePool(s, pool);
      eachSending(s, settings, pool, (row, name) => {
        const get = (property: Script): Script => ros`[${MENU} get ${row} ${property}]`;
        s.run(
          put(ros`{"transfer"=[:tostr ${row}];"name"=${name};"ssh-address"=${get(ros`ssh-address`)};
            "ssh-receive-mount"=${get(ros`ssh-receive-mount`)};"status"=${get(ros`status`)};"bytes"=${get(ros`bytes`)}}`),
        );
      });
    }),
    decode: (rows) => decodeTransfers(rows, target),
  };
}

/**
 * Begins to send a snapshot to the replica, if it and its parent are still there, unless that has begun already. Refuses with
 * RC-SENDING while another one of ours is being sent there. It ends by itself, at some time after this.
 *
 * @param what the snapshot, its subvolume, and the parent, which the other side has, too; without one everything is sent.
 */
export function startTransfer(
  settings: Pick<RdsSettings, 'owners'>,
  pool: Pool,
  target: ReplicaTarget,
  what: { readonly snapshot: SnapshotRef; readonly sent: Sent; readonly parent: Sent | undefined },
): Writing<undefined> {
  const { snapshot, sent, parent } = what;
  return {
    kind: 'write',
    object: snapshot,
    name: `send ${sent.name} to ${target.mount}`,
    removes: false,
    script: script((s) => {
      const proven = provePool(s, pool);
      const begun = s.let(ros`false`);
      eachSending(
        s,
        settings,
        pool,
        (_, names) => {
          s.if(ros`${names}!=${sent.name}`, () => s.fail('RC-SENDING', names));
          s.set(begun, ros`true`);
        },
        isTo(target),
      );
      const there = [sent, parent].flatMap((one) =>
        one === undefined ? [] : [isSendable(one), isAlone(ros`${one.uuid}`, ros`${one.name}`, proven)],
      );
      const from = guardedText(proven.label, ...standing(proven), ...there);
      const incremental = parent === undefined ? ros`` : ros` send-parent=${parent.name}`;
      const to = ros`ssh-address=${target.address} ssh-port=${target.port} ssh-user=${target.user} ssh-receive-mount=${target.mount}`;
      s.if(ros`!${begun}`, () =>
        s.run(ros`${MENU} add type=send fs=${from} send-subvolumes=${sent.name}${incremental} ${to}`),
      );
    }),
    decode: () => undefined,
  };
}

/** Whether that very subvolume is there and read-only. */
function isSendable({ uuid }: Sent): Script {
  return ros`[:len [/disk/btrfs/subvolume find where !dead and uuid=${uuid} and read-only=yes]]=1`;
}

/** Removes the rows that send a snapshot to the replica. What they have sent is on the other side. */
export function removeTransfer(
  settings: Pick<RdsSettings, 'owners'>,
  pool: Pool,
  target: ReplicaTarget,
  snapshot: SnapshotRef,
  name: string,
): Writing<undefined> {
  return {
    kind: 'write',
    object: snapshot,
    name: `forget the sending of ${name} to ${target.mount}`,
    removes: true,
    script: script((s) => {
      eachSending(
        s,
        settings,
        pool,
        (row, names) =>
          s.if(ros`${names}=${name}`, () => s.run(ros`${MENU} remove ${guarded(ros`${MENU} find where .id=${row}`)}`)),
        isTo(target),
      );
    }),
    decode: () => undefined,
  };
}

/** The words of `status` for a row that is good for nothing any more, where an RDS has such (U30, U39). */
const OVER = ere`^(done|finished)$`;

/**
 * Sees that a pool receives: there is a row of `type=receive` for the place that is not used up (U30). One that is goes. Refuses with
 * RC-NOPLACE when the subvolume in which it receives is not there, and with RC-SPACE while the pool has less free than its reserve: how much
 * will come is not known before, and whoever has volumes there needs room, too.
 *
 * Reports whether the copy of the parent is there, by which the difference is received.
 *
 * @param what The snapshot that is to be received, and the uuid of its parent, if only the difference to that comes.
 */
export function receiveIn(
  { reserveBytes }: Pick<RdsSettings, 'reserveBytes'>,
  pool: Pool,
  { snapshot, parent }: { readonly snapshot: SnapshotRef; readonly parent: string | undefined },
): Writing<boolean> {
  const { label, receivesIn } = pool;
  return {
    kind: 'write',
    object: snapshot,
    name: `receive in ${label}`,
    removes: false,
    script: script((s) => {
      const proven = provePool(s, pool);
      if (receivesIn !== undefined) {
        const container = ros`!dead and fs=${proven.label} and read-only=no and ${named(exactly(receivesIn))}`;
        s.if(ros`[:len [/disk/btrfs/subvolume find where ${container}]]!=1`, () =>
          s.fail('RC-NOPLACE', ros`${`${label}/${receivesIn}`}`),
        );
      }
      proveSpace(s, proven, ros`${reserveBytes}`);
      const place = receivesIn === undefined ? proven.mountPoint : ros`(${proven.mountPoint}.${`/${receivesIn}`})`;
      const at = ros`type=receive and fs=${proven.label} and file=${place}`;
      s.if(ros`[:len [${MENU} find where ${at} and !(status~${OVER})]]=0`, () =>
        s.run(ros`${MENU} add type=receive fs=${guardedText(proven.label, ...standing(proven))} file=${place}`),
      );
      const over = ros`${MENU} find where ${at} and status~${OVER}`;
      s.if(ros`[:len [${over}]]>0`, () => s.run(ros`${MENU} remove ${guarded(over, ...standing(proven))}`));
      const copies = ros`[/disk/btrfs/subvolume find where !dead and fs=${proven.label} and read-only=yes and received-uuid=${parent ?? ''}]`;
      if (parent === undefined) s.run(say('ready'));
      else s.if(ros`[:len ${copies}]>0`, () => s.run(say('ready')));
    }),
    decode: (rows) => rows.length > 0,
  };
}
