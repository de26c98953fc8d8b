import { bytes, type JsonRow, text } from '../routeros/index.ts';

/** Where a pool's copies go, as the RDS of the pool is told. */
export interface ReplicaTarget {
  readonly address: string;
  readonly port: number;
  readonly user: string;
  /** What is received in: the label of the replica pool, and the subvolume in it if there is one (U31). */
  readonly mount: string;
}

/** A row of `/disk/btrfs/transfer` that sends a snapshot of our owners. */
export interface TransferRow {
  /** Id of the row, as the RDS has it now. */
  readonly id: string;
  /** Name of what is sent; of several, with `;` or `,` between them. */
  readonly name: string;
  /**
   * Whether it sends to the replica of the pool, by address and place, as which account and to which port ever: both may have been others when
   * it began. Any other is someone else's.
   */
  readonly isOurs: boolean;
  /** In the words of the RDS, which are not known (U39). */
  readonly status: string;
  readonly bytes: bigint;
}

export function decodeTransfers(rows: readonly JsonRow[], target: ReplicaTarget): readonly TransferRow[] {
  return rows
    .filter((row) => 'transfer' in row)
    .map((row) => ({
      id: text(row, 'transfer'),
      name: text(row, 'name'),
      status: text(row, 'status'),
      isOurs: text(row, 'ssh-address') === target.address && text(row, 'ssh-receive-mount') === target.mount,
      bytes: bytes(row, 'bytes') ?? 0n,
    }));
}
