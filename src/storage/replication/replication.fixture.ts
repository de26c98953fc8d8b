import { printSnapshotName, type SnapshotName } from '../../rds/index.ts';
import type { Hints, Original, Received, Transfer, View } from './decision.ts';

export const NO_HINTS: Hints = { wanted: new Set(), deferred: new Set() };

interface Spec {
  /** Unix seconds. */
  readonly at?: number;
  /** A hex digit that stands for its volume. */
  readonly volume?: string;
  readonly uuid?: string;
  readonly id?: bigint;
}

const uuidOf = (text: string): string => `00000000-0000-4000-8000-${text.padStart(12, '0')}`;

/** The name of a snapshot with a number. */
export function named(
  number: number,
  { at = 1, volume = 'a' }: Spec,
): { readonly name: string; readonly parsed: SnapshotName } {
  const parsed: SnapshotName = {
    uuid: uuidOf(`${number}`),
    owner: '0123abcd',
    sourceUuid: uuidOf(volume),
    createdAtSeconds: BigInt(at),
    bytes: 1n << 20n,
  };
  return { parsed, name: printSnapshotName(parsed) };
}

export function original(number: number, spec: Spec): Original {
  return {
    ...named(number, spec),
    fs: 'pool',
    uuid: spec.uuid ?? `own-${number}`,
    subvolumeId: spec.id ?? 256n + BigInt(number),
  };
}

/** Its copy, which came whole. */
export function copy({ name, parsed, uuid }: Original): Received {
  return { name, parsed, uuid: `there-${uuid}`, kind: 'copy', receivedUuid: uuid };
}

/** What a transfer of it has left that was cut off. */
export function half({ name, parsed, uuid }: Original): Received {
  return { name, parsed, uuid: `there-${uuid}`, kind: 'half-received' };
}

export function sending({ name }: Original, more: Partial<Transfer>): Transfer {
  return { name, isOurs: true, status: 'in progress', bytes: 0n, isStill: true, ...more };
}

export function view(some: Partial<View>): View {
  return { originals: [], received: [], transfers: [], ...some };
}
