/** Length and space of a plain file, in bytes. */
export interface FileUsage {
  readonly length: number;
  /** Space that the file takes; less than its length where it has holes. */
  readonly allocated: number;
}

/** Something found in a pool. Paths are relative to the root of the filesystem, without a leading slash. */
export interface StoredEntry {
  readonly path: string;
  readonly kind: 'directory' | 'file';
  /** Zeros for a directory. */
  readonly usage: FileUsage;
}

/** A place in a pool. */
export interface Location {
  readonly pool: string;
  /** Path within the filesystem; empty for its root. */
  readonly path: string;
}

/** A range of a file, in bytes. */
export interface Extent {
  readonly offset: number;
  readonly length: number;
}

/** Random access to a plain file. */
export interface BlockFile {
  /** Reads exactly `length` bytes, which must lie within the file. */
  read(offset: number, length: number): Promise<Buffer>;
  /** Writes all of the data; the file must reach that far already. */
  write(offset: number, data: Uint8Array): Promise<void>;
  close(): Promise<void>;
}

export interface SnapshotOptions {
  /** Paths of the subvolumes inside the source, which do not go along. */
  readonly nested: readonly string[];
  /** Whether nothing may ever be written to the snapshot. */
  readonly readOnly: boolean;
}

/** Where a stream goes. What a failed or aborted one has made stays, as Btrfs leaves it: under its name, and writable. */
export interface StreamSink {
  write(piece: Buffer): Promise<void>;
  /** The stream is complete. The store may set what it made read-only. */
  end(): Promise<void>;
  /** The stream ended in the middle. Never rejects. */
  abort(): Promise<void>;
}

/** Space of a whole filesystem, in bytes. */
export interface PoolSpace {
  readonly size: number;
  /** What files may still take. */
  readonly free: number;
}

/**
 * Where the simulated pools keep their bytes: subvolumes, directories and image files. The store knows no RouterOS, no
 * rows and no rules; the device decides what is allowed and calls it for one change at a time. A method that makes
 * something makes it whole or not at all; a pool is named by its label.
 */
export interface VolumeStore {
  /** Name of the backend, e.g. `files`. */
  readonly backend: string;

  /** Makes the pool when it is absent. Called before anything else. */
  ensurePool(pool: string): Promise<void>;

  /**
   * Everything in the pool, or in one subvolume of it, containers before their contents.
   *
   * @throws an error with the code `ENOENT` when there is no such subvolume.
   */
  list(pool: string, fullname?: string): Promise<StoredEntry[]>;

  /** Makes an empty subvolume. Fails when the path exists. */
  createSubvolume(pool: string, fullname: string): Promise<void>;

  /**
   * Makes a subvolume with a copy of everything in another one at this moment, nested subvolumes left out. Nothing
   * writes to the source meanwhile. Fails when the target exists.
   */
  snapshotSubvolume(pool: string, source: string, target: string, options: SnapshotOptions): Promise<void>;

  /** Lets files of a subvolume be written or not, where the store can tell; the device refuses writes in any case. */
  setReadOnly(pool: string, fullname: string, readOnly: boolean): Promise<void>;

  /** Makes an empty directory. Fails when the path exists. */
  createDirectory(pool: string, path: string): Promise<void>;

  /** Makes a file of this length that reads as zeros and takes no space. Fails when the path exists. */
  createFile(pool: string, path: string, length: number): Promise<void>;

  /** Makes a copy of a file, holes included, also in another pool. Nothing writes to the source meanwhile. */
  copyFile(from: Location, to: Location): Promise<void>;

  /** Gives a file this length: cuts it off, or lengthens it by zeros. */
  truncate(pool: string, path: string, length: number): Promise<void>;

  /** Lengthens a file by zeros. */
  grow(pool: string, path: string, length: number): Promise<void>;

  /**
   * The stream by which a read-only subvolume comes into being elsewhere, in pieces that stay as they are on their way.
   * Ends what it runs when it is read no further.
   *
   * @param parent Full name of what only the difference to is sent.
   */
  send(pool: string, fullname: string, parent: string | undefined): AsyncIterable<Buffer>;

  /**
   * Makes a subvolume of such a stream.
   *
   * @param container The subvolume to make it in.
   * @param parent Full name of the copy of what the stream is incremental to.
   */
  receive(container: Location, name: string, parent: string | undefined): StreamSink;

  /** Removes a file, a directory or a subvolume with all that is in it. Succeeds when it is absent. */
  remove(pool: string, path: string): Promise<void>;

  usage(pool: string, path: string): Promise<FileUsage>;

  openFile(pool: string, path: string): Promise<BlockFile>;

  /** Where a file lies on this machine, for a data path that reads and writes it without asking the store. */
  hostPath(pool: string, path: string): string;

  /** The space of the filesystem behind a pool; undefined where the pool is no filesystem and its files add up. */
  space(pool: string): PoolSpace | undefined;

  /** The ranges that may hold data, in ascending order; everything else reads as zeros. */
  extents(pool: string, path: string): Promise<Extent[]>;
}
