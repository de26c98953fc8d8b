import { ere, put, ros, type Script, text } from '../../routeros/index.ts';
import { isAtWork } from '../../storage/replication/decision.ts';
import type { PairContext } from '../check.ts';
import { need } from '../objects.ts';
import { row, tried } from '../script.ts';

/** How a doctor sends a subvolume to the replica of its pool, as the driver does it. */

const MENU = ros`/disk/btrfs/transfer`;
/** How long a transfer has to stand still before it is believed to have failed, and at most so much of the patience, in ms. */
const STILL_MS = 2000;
const STILL_SHARE = 6;

/** The words of `status` for a row that is good for nothing any more, where an RDS has such. */
const OVER = ere`^(done|finished)$`;
const isOver = (status: string): boolean => /^(done|finished)$/.test(status);

/** What became of one transfer. */
export interface Sent {
  /** Whether the other RDS shows a copy: read-only, and with the uuid of what was sent. */
  readonly copied: boolean;
  /** Every status that was seen, without repeats, in the words of the device. */
  readonly statuses: readonly string[];
  /** As the device counts them. */
  readonly bytes: string;
  readonly ms: number;
}

/** The status of each row of `type=receive` for the place that copies come to. */
export async function receivingRows({ far, transfer: { place } }: PairContext): Promise<readonly string[]> {
  const rows = await far.console.run(
    ros`:foreach xI in=[${MENU} find where type=receive and fs=${far.label} and file=${place}] do={${put(ros`{"status"=[${MENU} get $xI status]}`)}}`,
  );
  return rows.map((found) => text(found, 'status'));
}

/** Adds a row of `type=receive`, unless there is one that is not used up; those that are go, as they do for the driver. @throws Obstacle */
export async function receive(context: PairContext): Promise<void> {
  const { far, transfer } = context;
  const rows = await receivingRows(context);
  if (rows.some((status) => !isOver(status))) return;
  await need(
    far,
    'adding a row of type=receive on the replica',
    ros`${MENU} add type=receive fs=${far.label} file=${transfer.place}; ${removeReceiving(context, ros` and status~${OVER}`)}`,
  );
}

/** Removes rows of `type=receive` for the place that copies come to: all, or those for which a further condition holds. */
export function removeReceiving({ far, transfer }: PairContext, further: Script = ros``): Script {
  const rows = ros`[${MENU} find where type=receive and fs=${far.label} and file=${transfer.place}${further}]`;
  return ros`:if ([:len ${rows}]>0) do={${MENU} remove ${rows}}`;
}

/** Sends a read-only scratch subvolume and waits until it has arrived, or nothing moves any more. Removes the row of the transfer. */
export async function send(context: PairContext, name: string, parent?: string): Promise<Sent> {
  const { console, label, scratch, far, transfer, timing } = context;
  const { address, port, user, mount } = transfer.target;
  const incremental = parent === undefined ? ros`` : ros`send-parent=${parent}`;
  scratch.enter('transfer', name);
  far.scratch.enter('subvolume', name);
  const begin = performance.now();
  const added = await tried(
    console,
    ros`${MENU} add type=send fs=${label} send-subvolumes=${name} ${incremental} ssh-address=${address} ssh-port=${port} ssh-user=${user} ssh-receive-mount=${mount}`,
  );
  if (!added.ok) return { copied: false, statuses: [scratch.plain(added.words)], bytes: '', ms: 0 };
  const stillMs = Math.min(STILL_MS, timing.patienceMs / STILL_SHARE);
  const statuses: string[] = [];
  let bytes = '';
  for (let since = performance.now(); ; ) {
    const seen = await transferOf(context, name);
    const copied = await isCopied(context, name);
    if (statuses.at(-1) !== seen.status || bytes !== seen.bytes) since = performance.now();
    if (statuses.at(-1) !== seen.status) statuses.push(seen.status);
    bytes = seen.bytes;
    const restMs = performance.now() - since;
    const hasEnded = !isAtWork(seen.status) && (copied || restMs >= stillMs);
    if (hasEnded || restMs >= (copied ? stillMs : timing.patienceMs)) {
      await removeRow(context, name);
      return {
        copied,
        statuses: statuses.map((status) => scratch.plain(status)),
        bytes,
        ms: Math.round(performance.now() - begin),
      };
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

async function transferOf({ console, label }: PairContext, name: string) {
  const found = await row(
    console,
    ros`:foreach xI in=[${MENU} find where type=send and fs=${label}] do={:if ([:tostr [${MENU} get $xI send-subvolumes]]=${name}) do={
      ${put(ros`{"status"=[${MENU} get $xI status];"bytes"=[:tostr [${MENU} get $xI bytes]]}`)}}}`,
  );
  return { status: text(found, 'status'), bytes: text(found, 'bytes') };
}

async function removeRow({ console, label }: PairContext, name: string): Promise<void> {
  // One that cannot be removed yet is removed with what else was made.
  await tried(
    console,
    ros`:foreach xI in=[${MENU} find where type=send and fs=${label}] do={:if ([:tostr [${MENU} get $xI send-subvolumes]]=${name}) do={${MENU} remove $xI}}`,
  );
}

async function isCopied({ console, label, far, transfer }: PairContext, name: string): Promise<boolean> {
  const original = await row(
    console,
    put(ros`[/disk/btrfs/subvolume print detail as-value proplist=name,uuid where fs=${label} and name=${name}]`),
  );
  const copy = await row(
    far.console,
    put(
      ros`[/disk/btrfs/subvolume print detail as-value proplist=name,fullname,received-uuid where fs=${far.label} and name=${name} and read-only=yes]`,
    ),
  );
  const isInPlace = text(copy, 'fullname').endsWith(`${transfer.prefix}${name}`);
  return isInPlace && text(original, 'uuid') !== '' && text(copy, 'received-uuid') === text(original, 'uuid');
}
