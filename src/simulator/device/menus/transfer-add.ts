import type { Arguments } from '../../console/menu.ts';
import { portArgument, textArgument } from '../arguments.ts';
import type { Box } from '../box.ts';
import { failure, invalidValue, noMatch, notSimulated } from '../failures.ts';
import type { TransferRecord } from '../records.ts';
import { subvolumeByLeaf } from '../transfer/subvolumes.ts';
import { STATUS } from '../transfer/words.ts';

const ADD = '/disk/btrfs/transfer add';
const SSH_PORT = 22;
/** The simulator speaks to nobody beyond this machine. */
const LOOPBACK = /^(localhost|::1|127(\.[0-9]{1,3}){3})$/;

/**
 * `/disk/btrfs/transfer add`: of `type=send` it sends one subvolume to another RDS, at once; of `type=receive` it lets
 * others send to a place here. Streams in files are not carried out.
 *
 * @param owner The account whose key is used.
 */
export async function addTransfer(box: Box, args: Arguments, owner: string): Promise<string> {
  if (args.has('copy-from')) throw notSimulated(`${ADD} copy-from=`);
  const type = textArgument(args, 'type');
  if (type === undefined) throw failure('type must be specified');
  if (type !== 'send' && type !== 'receive') throw noMatch('type');
  const pool = required(args, 'fs');
  if (box.pool(pool) === undefined) throw noMatch('fs');
  const particular = type === 'send' ? sending(box, args, pool) : receiving(box, args, pool);
  const status = type === 'send' ? STATUS.running : STATUS.waiting;
  const transfer = { id: box.state.nextId('transfer'), type, pool, owner, ...particular, bytes: 0, status } as const;
  box.state.commit({ put: 'transfer', key: transfer.id, record: transfer });
  if (type === 'send') box.transfers.start(transfer);
  return transfer.id;
}

type Particular = Omit<TransferRecord, 'id' | 'type' | 'pool' | 'owner' | 'bytes' | 'status'>;

function sending(box: Box, args: Arguments, pool: string): Particular {
  if (args.has('file')) throw notSimulated(`${ADD} type=send file=`);
  const subvolume = required(args, 'send-subvolumes');
  if (subvolume.includes(',')) throw notSimulated(`${ADD} send-subvolumes= with more than one`);
  if (subvolumeByLeaf(box, pool, subvolume) === undefined) throw noMatch('send-subvolumes');
  const parent = textArgument(args, 'send-parent');
  if (parent !== undefined && subvolumeByLeaf(box, pool, parent) === undefined) throw noMatch('send-parent');
  const address = required(args, 'ssh-address');
  if (!LOOPBACK.test(address)) throw notSimulated(`a transfer to ${address}: it speaks to loopback addresses only`);
  const port = portArgument(args, 'ssh-port') ?? SSH_PORT;
  const [user, mount] = [required(args, 'ssh-user'), required(args, 'ssh-receive-mount')];
  return { subvolume, ...(parent === undefined ? {} : { parent }), address, port, user, mount };
}

function receiving(box: Box, args: Arguments, pool: string): Particular {
  for (const name of args.keys()) {
    if (!['type', 'fs', 'file'].includes(name)) throw notSimulated(`${ADD} type=receive ${name}=`);
  }
  const file = required(args, 'file');
  const place = box.locate(file);
  if (place?.pool !== pool) throw invalidValue('file');
  if (box.subvolumeAt(pool, place.path) !== undefined) return { file };
  if (!box.exists(place)) throw failure('no such directory');
  throw notSimulated(`${ADD} type=receive of what is in a file`);
}

function required(args: Arguments, name: string): string {
  const text = textArgument(args, name);
  if (text === undefined || text === '') throw failure(`${name} must be specified`);
  return text;
}
