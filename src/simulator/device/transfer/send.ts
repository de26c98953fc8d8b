import type { Execution } from '../../console/execution.ts';
import { DeviceFailure } from '../../console/menu.ts';
import type { Rds } from '../rds.ts';
import { leafName, pathKey, type SubvolumeRecord, type TransferRecord } from '../records.ts';
import type { Link, Network, ReceiveRequest, Target } from './link.ts';
import { subvolumeByLeaf, uuidForReceivers } from './subvolumes.ts';
import { watched } from './watched.ts';

/** What a row of `type=send` is about: the subvolume, and what it is incremental to. */
export interface Sources {
  readonly source: SubvolumeRecord | undefined;
  readonly parent: SubvolumeRecord | undefined;
}

/** What is of that name now; undefined for what is gone. */
export function sourcesOf(rds: Rds, { pool, subvolume = '', parent = '' }: TransferRecord): Sources {
  return { source: subvolumeByLeaf(rds, pool, subvolume), parent: subvolumeByLeaf(rds, pool, parent) };
}

/** What is called while a subvolume is sent. */
interface Progress {
  /** With the bytes of each piece. */
  count(bytes: number): void;
  opened(link: Link): void;
}

/**
 * Sends a subvolume to another RDS, to the end (docs/routeros.md, 6).
 *
 * @throws DeviceFailure with the words for `status`, ScriptKilled when the execution is killed.
 */
export async function send(
  rds: Rds,
  { dial, hooks }: Network,
  transfer: TransferRecord,
  execution: Execution,
  { count, opened }: Progress,
): Promise<void> {
  const { source, parent } = sourcesOf(rds, transfer);
  if (source === undefined || (transfer.parent !== undefined && parent === undefined)) throw noSource();
  const { pool, fullname } = source;
  // Linux sends what is read-only, and nothing else (docs/routeros.md, 6.1).
  if (!source.readOnly || parent?.readOnly === false)
    throw new DeviceFailure('BTRFS_IOC_SEND failed: Operation not permitted');
  const link = await dial(targetOf(rds, transfer), execution.signal);
  opened(link);
  try {
    rememberHostKey(rds, transfer, link.hostKey);
    await link.send(Buffer.from(JSON.stringify(requestOf(rds, transfer, source, parent))));
    await link.answer();
    for await (const piece of rds.store.send(pool, fullname, parent?.fullname)) {
      await watched(hooks, 'send', leafName(fullname), execution, () => link.send(piece));
      count(piece.length);
    }
    await link.end();
    await link.answer();
  } catch (error) {
    execution.signal.throwIfAborted();
    throw error;
  } finally {
    link.close();
  }
}

function noSource(): DeviceFailure {
  return new DeviceFailure('BTRFS_IOC_SEND failed: No such file or directory');
}

function targetOf(rds: Rds, { address = '', port = 22, user = '', owner }: TransferRecord): Target {
  const { triesAllKeys, remembersHostKeys } = rds.behavior;
  const keys = triesAllKeys ? rds.accounts.allPrivateKeys() : rds.accounts.privateKeys(owner);
  const known = rds.state.table('setting').get(hostKeyName(address, port))?.value;
  return { address, port, user, keys, hostKey: remembersHostKeys ? known : undefined };
}

function rememberHostKey(rds: Rds, { address = '', port = 22 }: TransferRecord, value: string): void {
  const key = hostKeyName(address, port);
  if (rds.state.table('setting').get(key)?.value === value) return;
  rds.state.commit({ put: 'setting', key, record: { value } });
}

function hostKeyName(address: string, port: number): string {
  return `host key of ${address} ${port}`;
}

function requestOf(
  rds: Rds,
  { mount = '' }: TransferRecord,
  source: SubvolumeRecord,
  parent: SubvolumeRecord | undefined,
): ReceiveRequest {
  const prefix = pathKey(source.pool, `${source.fullname}/`);
  const files = [...rds.state.table('file')].filter(([key]) => key.startsWith(prefix));
  return {
    backend: rds.store.backend,
    mount,
    name: leafName(source.fullname),
    uuid: uuidForReceivers(source),
    parentUuid: parent && uuidForReceivers(parent),
    texts: Object.fromEntries(
      files.flatMap(([key, { contents }]) => (contents === undefined ? [] : [[key.slice(prefix.length), contents]])),
    ),
  };
}
