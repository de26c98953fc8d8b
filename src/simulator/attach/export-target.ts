/** An exported disk and the file behind it, as a data path of this machine needs it. */
export interface ExportedDisk {
  readonly nqn: string;
  /** Path of the image on this machine. */
  readonly file: string;
  /** Bytes. */
  readonly size: number;
  readonly readOnly: boolean;
  /** The only host that may connect; empty for any. */
  readonly allowHostName: string;
}

/** A real data path beside the block API: it offers exactly what the device exports. */
export interface ExportTarget {
  /** Makes the data path agree with what is exported now. Called after every change of the device, one call at a time. */
  sync(disks: readonly ExportedDisk[]): Promise<void>;

  /** Ends every export, as a device does that is switched off. */
  close(): Promise<void>;
}
