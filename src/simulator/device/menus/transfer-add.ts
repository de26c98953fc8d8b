import type { Arguments } from '../../console/menu.ts';
import { portArgument, textArgument } from '../arguments.ts';
import { failure, invalidValue, noMatch, notSimulated } from '../failures.ts';
import type { Rds } from '../rds.ts';
import type { TransferRecord } from '../records.ts';
import { subvolumeByLeaf } from '../transfer/subvolumes.ts';
import { STATUS } from '../transfer/words.ts';

const ADD = '/disk/btrfs/transfer add';
const SSH_PORT = 22;
/** The simulator speaks to no one beyond this machine. */
const LOOPBACK = /^(localhost|::1|127(\.[0-9]{1,3}){3})$/;

/**
 * `/disk/btrfs/transfer add`: of `type=send` it sends one subvolume to another RDS, at once; of `type=receive` it lets
 * others send to a place here. Streams in files are not carried out.
 *
 * @param owner The account whose key is used.
 */
export async function addTransfer(rds: Rds, args: Arguments, owner: string): Promise<string> {
  if (args.has('copy-from')) throw notSimulated(`${ADD} copy-from=`);
  const type = textArgument(args, 'type');
  if (type === undefined) throw failure('type must be specified');
  if (type !== 'send' && type !== 'receive') throw noMatch('type');
  const pool = required(args, 'fs');
  if (rds.pool(pool) === undefined) throw noMatch('fs');
  const particular = type === 'send' ? sending(rds, args, pool) : receiving(rds, args, pool);
  const status = type === 'send' ? STATUS.running : STATUS.waiting;
  const transfer = { id: rds.state.nextId('transfer'), type, pool, owner, ...particular, bytes: 0, status } as const;
  rds.state.commit({ put: 'transfer', key: transfer.id, record: transfer });
  if (type === 'send') rds.transfers.start(transfer);
  return transfer.id;
}

type Particular = Omit<TransferRecord, 'id' | 'type' | 'pool' | 'owner' | 'bytes' | 'status'>;

function sending(rds: Rds, args: Arguments, pool: string): Particular {
  if (args.has('file')) throw notSimulated(`${ADD} type=send file=`);
  const subvolume = required(args, 'send-subvolumes');
  if (subvolume.includes(',')) throw notSimulated(`${ADD} send-subvolumes= with more than one`);
  if (subvolumeByLeaf(rds, pool, subvolume) === undefined) throw noMatch('send-subvolumes');
  const parent = textArgument(args, 'send-parent');
  if (parent !== undefined && subvolumeByLeaf(rds, pool, parent) === undefined) throw noMatch('send-parent');
  const address = required(args, 'ssh-address');
  if (!LOOPBACK.test(address)) throw notSimulated(`a transfer to ${address}: it speaks to loopback addresses only`);
  const port = portArgument(args, 'ssh-port') ?? SSH_PORT;
  const [user, mount] = [required(args, 'ssh-user'), required(args, 'ssh-receive-mount')];
  return { subvolume, ...(parent === undefined ? {} : { parent }), address, port, user, mount };
}

function receiving(rds: Rds, args: Arguments, pool: string): Particular {
  for (const name of args.keys()) {
    if (!['type', 'fs', 'file'].includes(name)) throw notSimulated(`${ADD} type=receive ${name}=`);
  }
  const file = required(args, 'file');
  const place = rds.locate(file);
  if (place?.pool !== pool) throw invalidValue('file');
  if (rds.subvolumeAt(pool, place.path) !== undefined) return { file };
  if (!rds.exists(place)) throw failure('no such directory');
  throw notSimulated(`${ADD} type=receive of what is in a file`);
}

function required(args: Arguments, name: string): string {
  const text = textArgument(args, name);
  if (text === undefined || text === '') throw failure(`${name} must be specified`);
  return text;
}
