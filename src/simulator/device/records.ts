/** What the simulator remembers of a Btrfs filesystem. Its size and mount point are options, not memory. */
export interface PoolRecord {
  readonly label: string;
  readonly uuid: string;
  /** Ids of its rows in /disk, /disk/btrfs/filesystem and /file. */
  readonly diskId: string;
  readonly filesystemId: string;
  readonly fileId: string;
  /** Slot of the disk that carries the filesystem, e.g. `nvme1`. */
  readonly slot: string;
}

export interface SubvolumeRecord {
  readonly id: string;
  readonly fileId: string;
  /** Label of the pool. */
  readonly pool: string;
  /** Path within the filesystem, empty for `<FS_ROOT>`. */
  readonly fullname: string;
  /** Number of the subvolume within its filesystem, ascending in the order of creation. */
  readonly subvolumeId: number;
  readonly uuid: string;
  /** UUID of the subvolume it is a snapshot of; empty when it is none. Kept, as Btrfs does, after the source is gone. */
  readonly sourceUuid: string;
  /** UUID that a received subvolume had where it came from; absent when it was made here. */
  readonly receivedUuid?: string;
  /** Device time at which its receiving ended. */
  readonly receivedAt?: string;
  /** Device time at which it was last sent. */
  readonly sentAt?: string;
  /** While it is being received: what is in it, is not in the table of files yet. */
  readonly receiving?: true;
  readonly readOnly: boolean;
  /** Device time, `YYYY-MM-DD HH:MM:SS`. */
  readonly created: string;
  readonly generation: number;
}

/** A `/disk` item of `type=file`. */
export interface DiskRecord {
  readonly id: string;
  readonly slot: string;
  /** As it was given, with or without a leading slash (docs/routeros.md, 4.1). */
  readonly filePath: string;
  readonly disabled: boolean;
  readonly mountFilesystem: boolean;
  readonly mountReadOnly: boolean;
  readonly exported: boolean;
  /** Empty when unset. */
  readonly comment: string;
  readonly port?: number;
  readonly nqn?: string;
  readonly allowHostName?: string;
}

/** A plain file or directory of a pool. Lengths are read from the files themselves. */
export interface FileRecord {
  readonly id: string;
  readonly pool: string;
  /** Path within the filesystem. */
  readonly path: string;
  readonly kind: 'file' | 'directory';
  /** Device time, `YYYY-MM-DD HH:MM:SS`. */
  readonly created: string;
  /** Text of a file made by `/file add contents=`. */
  readonly contents?: string;
}

/** A single value, such as the identity. */
interface SettingRecord {
  readonly value: string;
}

/** A row of `/disk/btrfs/transfer`. */
export interface TransferRecord {
  readonly id: string;
  readonly type: 'send' | 'receive';
  /** Label. */
  readonly pool: string;
  /** The account that added it. */
  readonly owner: string;
  /** Last parts of names, of `type=send`. */
  readonly subvolume?: string;
  readonly parent?: string;
  readonly address?: string;
  readonly port?: number;
  readonly user?: string;
  readonly mount?: string;
  /** Mount path of what is received in, of `type=receive`. */
  readonly file?: string;
  /** What it moved, when nothing is under way. */
  readonly bytes: number;
  readonly status: string;
}

/** An account beside the one that the simulator was started with. */
interface UserRecord {
  readonly id: string;
  readonly name: string;
  readonly group: string;
  /** From where it may log in, as addresses and networks; from anywhere where there are none. */
  readonly addresses?: readonly string[];
}

/** What accounts may do. */
interface GroupRecord {
  readonly id: string;
  readonly name: string;
  readonly policies: readonly string[];
}

/** With which an account may log in here. */
interface PublicKeyRecord {
  readonly id: string;
  readonly user: string;
  /** `ed25519` or `rsa`. */
  readonly type: string;
  /** As in an authorized_keys file. */
  readonly line: string;
}

/** With which an account logs in elsewhere. */
interface PrivateKeyRecord {
  readonly id: string;
  readonly user: string;
  /** `ed25519` or `rsa`. */
  readonly type: string;
  readonly pem: string;
}

/**
 * The tables of the state. Keys: pool by label, subvolume and file by {@link pathKey}, setting, user and group by name, the
 * others by id.
 */
export interface Tables {
  pool: PoolRecord;
  subvolume: SubvolumeRecord;
  disk: DiskRecord;
  file: FileRecord;
  setting: SettingRecord;
  user: UserRecord;
  group: GroupRecord;
  publicKey: PublicKeyRecord;
  privateKey: PrivateKeyRecord;
  transfer: TransferRecord;
}

/** Key of something that lives at a path within a pool. Labels contain no slash. */
export function pathKey(pool: string, path: string): string {
  return `${pool}/${path}`;
}

/** The containing path, empty for what lies at the root. */
export function parentPath(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf('/')));
}

/** The last component of a path. */
export function leafName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}
