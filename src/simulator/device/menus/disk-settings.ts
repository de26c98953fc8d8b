import type { Arguments } from '../../console/menu.ts';
import { booleanArgument, portArgument, sizeArgument, textArgument } from '../arguments.ts';
import { failure, invalidValue, notSimulated } from '../failures.ts';
import type { Rds } from '../rds.ts';
import type { DiskRecord } from '../records.ts';

const MAX_COMMENT_BYTES = 255;
const MAX_NQN_BYTES = 223;
const DEFAULT_PORT = 4420;

/** Read by `add` and `set` themselves. */
const HANDLED_ELSEWHERE = ['type', 'slot', 'file-path', 'file-size', 'copy-from'];
const SETTINGS = [
  'comment',
  'disabled',
  'mount-filesystem',
  'mount-read-only',
  'nvme-tcp-export',
  'nvme-tcp-server-port',
  'nvme-tcp-server-nqn',
  'nvme-tcp-server-allow-host-name',
  'file-offset',
];
/** Features the simulator has only in their state of rest. */
const OFF_ONLY = ['compress', 'swap', 'iscsi-export', 'nfs-sharing', 'smb-sharing', 'media-sharing'];

/** A disk item with what these arguments say. Nothing is changed; the result is checked by {@link checkExport}. */
export function applySettings(disk: DiskRecord, args: Arguments): DiskRecord {
  for (const name of args.keys()) {
    if (HANDLED_ELSEWHERE.includes(name) || SETTINGS.includes(name)) continue;
    const isOff = OFF_ONLY.includes(name) && booleanArgument(args, name) === false;
    if (!isOff) throw notSimulated(`/disk ${name}=`);
  }
  if ((sizeArgument(args, 'file-offset') ?? 0) !== 0) throw notSimulated('/disk file-offset= other than 0');
  const comment = textArgument(args, 'comment') ?? disk.comment;
  const nqn = textArgument(args, 'nvme-tcp-server-nqn') ?? disk.nqn;
  const port = portArgument(args, 'nvme-tcp-server-port') ?? disk.port;
  const allowHostName = textArgument(args, 'nvme-tcp-server-allow-host-name') ?? disk.allowHostName;
  if (Buffer.byteLength(comment) > MAX_COMMENT_BYTES) throw invalidValue('comment', 'too long');
  if (nqn !== undefined && !isNqn(nqn)) throw invalidValue('nvme-tcp-server-nqn');
  return withExportDefaults({
    ...disk,
    disabled: booleanArgument(args, 'disabled') ?? disk.disabled,
    mountFilesystem: booleanArgument(args, 'mount-filesystem') ?? disk.mountFilesystem,
    mountReadOnly: booleanArgument(args, 'mount-read-only') ?? disk.mountReadOnly,
    exported: booleanArgument(args, 'nvme-tcp-export') ?? disk.exported,
    comment,
    ...(nqn === undefined ? {} : { nqn }),
    ...(port === undefined ? {} : { port }),
    ...(allowHostName === undefined ? {} : { allowHostName }),
  });
}

/** Refuses an item that must not be exported as it is: stricter than the device in what would destroy data there. */
export function checkExport(rds: Rds, disk: DiskRecord): void {
  if (!disk.exported || disk.disabled) return;
  if (disk.mountFilesystem) {
    const rule = 'a rule of the simulator, hardware takes it: no nvme-tcp-export with mount-filesystem=yes';
    throw failure(`${rule}, for router and initiator would both mount the filesystem`);
  }
  for (const other of rds.state.table('disk').values()) {
    if (other.id !== disk.id && other.exported && !other.disabled && other.nqn === disk.nqn) {
      throw failure(`nvme-tcp-server-nqn is already exported by ${other.slot}`);
    }
  }
}

/** The port, NQN and allow-list appear with the first export and stay (docs/routeros.md, 4.1, 4.6 and U7). */
function withExportDefaults(disk: DiskRecord): DiskRecord {
  if (!disk.exported) return disk;
  return {
    ...disk,
    port: disk.port ?? DEFAULT_PORT,
    nqn: disk.nqn ?? `nqn.2000-02.com.mikrotik:${disk.slot}`,
    allowHostName: disk.allowHostName ?? '',
  };
}

function isNqn(text: string): boolean {
  return /^nqn\.[0-9]{4}-[0-9]{2}\.[\x21-\x7E]+$/.test(text) && Buffer.byteLength(text) <= MAX_NQN_BYTES;
}
