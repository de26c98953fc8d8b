import type { Call } from '../storage/call.ts';
import { failure } from '../storage/failures.ts';
import { printHandle } from '../storage/ids.ts';
import {
  copyOf,
  type Original,
  type Received,
  type Transfer,
  taken,
  type View,
} from '../storage/replication/decision.ts';
import type { ReplicaPair } from '../storage/replication/pair.ts';
import { readOriginals, readReplica, readTransfers } from '../storage/replication/reading.ts';
import { Stillness } from '../storage/replication/stillness.ts';

/**
 * - `copied`: there is a whole copy.
 * - `alone`: there is one, and the original is gone.
 * - `unknown original`: there is one, and the backend of the original cannot be asked.
 * - `sending`: a transfer names it.
 * - `half-received`: a transfer has left a part of it.
 * - `taken`: something else has its name on the replica.
 * - `missing`: there is none.
 * - `unknown`: the backend of the replica cannot be asked.
 */
export type CopyState =
  | 'copied'
  | 'alone'
  | 'unknown original'
  | 'sending'
  | 'half-received'
  | 'taken'
  | 'missing'
  | 'unknown';

/** A snapshot with its copy, as far as they are there and can be asked for. */
export interface SnapshotWithCopy {
  readonly id: string;
  readonly copyId: string;
  readonly volumeId: string;
  readonly name: string;
  readonly createdAtSeconds: bigint;
  readonly bytes: bigint;
  /** The owner in its name. */
  readonly owner: string;
  readonly state: CopyState;
  /** When the copy came, in the words and the time zone of its RDS. */
  readonly receivedAt: string | undefined;
}

/** A pair, as it is shown. A side that cannot be read says why, and the other one is shown all the same. */
export interface Overview {
  readonly pair: ReplicaPair;
  /** By the time at which they were cut. */
  readonly snapshots: readonly SnapshotWithCopy[];
  /** Undefined when nothing is being sent. */
  readonly sending: { readonly name: string; readonly bytes: bigint; readonly status: string } | undefined;
  readonly problems: readonly string[];
}

/** Looks at both sides of a pair. Changes nothing, and never throws. */
export async function overview(pair: ReplicaPair, call: Call): Promise<Overview> {
  const problems: string[] = [];
  const attempt = async <T>(backend: string, ask: () => Promise<T>): Promise<T | undefined> => {
    try {
      return await ask();
    } catch (error) {
      problems.push(failure(error, backend, call).message);
      return undefined;
    }
  };
  const [received, side] = await Promise.all([
    attempt(pair.to.name, () => readReplica(pair, call)),
    attempt(pair.from.name, async () => ({
      originals: await readOriginals(pair, call),
      transfers: await readTransfers(pair, call),
    })),
  ]);
  const transfers = side && new Stillness(0, () => 0).judge(side.transfers);
  return { pair, problems, ...overviewOf(pair, { received, originals: side?.originals, transfers }) };
}

/** The lists of both sides of a pair; undefined what could not be read. */
export interface Sides {
  readonly originals: readonly Original[] | undefined;
  readonly received: readonly Received[] | undefined;
  readonly transfers: readonly Transfer[] | undefined;
}

/** The names by which ids of both sides are printed. */
type Names = { readonly [side in 'from' | 'to']: Pick<ReplicaPair[side], 'name'> };

/** What both sides of a pair say together. */
export function overviewOf(names: Names, sides: Sides): Pick<Overview, 'snapshots' | 'sending'> {
  const { originals = [], received = [], transfers = [] } = sides;
  const view = { originals, received, transfers };
  const snapshots = snapshotsOf(names, view, sides.received !== undefined, sides.originals !== undefined);
  return { snapshots, sending: transfers.find(({ isOurs }) => isOurs) };
}

function snapshotsOf(pair: Names, view: View, knowsCopies: boolean, knowsOriginals: boolean): SnapshotWithCopy[] {
  const blocked = new Set(taken(view).map(({ name }) => name));
  const there = new Set(view.received.map(({ name }) => name));
  const sent = new Set(view.transfers.flatMap(({ name, isOurs }) => (isOurs ? [name] : [])));
  const stateOf = ({ name }: Original, copy: Received | undefined): CopyState => {
    if (!knowsCopies) return 'unknown';
    if (copy !== undefined) return 'copied';
    if (sent.has(name)) return 'sending';
    if (blocked.has(name)) return 'taken';
    return there.has(name) ? 'half-received' : 'missing';
  };
  const originals = view.originals.map((original) => {
    const copy = copyOf(original, view);
    return shown(pair, original, stateOf(original, copy), copy);
  });
  const known = new Set(view.originals.map(({ name }) => name));
  const others = view.received
    .filter(({ name, kind }) => !known.has(name) && kind === 'copy')
    .map((copy) => shown(pair, copy, knowsOriginals ? 'alone' : 'unknown original', copy));
  return [...originals, ...others].toSorted((a, b) => Number(a.createdAtSeconds - b.createdAtSeconds));
}

function shown(
  { from, to }: Names,
  { name, parsed }: Pick<Original, 'name' | 'parsed'>,
  state: CopyState,
  copy: Received | undefined,
): SnapshotWithCopy {
  return {
    id: printHandle({ kind: 'snap', backend: from.name, uuid: parsed.uuid }),
    copyId: printHandle({ kind: 'snap', backend: to.name, uuid: parsed.uuid }),
    volumeId: printHandle({ kind: 'pvc', backend: from.name, uuid: parsed.sourceUuid }),
    name,
    createdAtSeconds: parsed.createdAtSeconds,
    bytes: parsed.bytes,
    owner: parsed.owner,
    state,
    receivedAt: copy?.receivedAt,
  };
}

/** Whether a snapshot has a whole copy. */
export function hasCopy({ state }: Pick<SnapshotWithCopy, 'state'>): boolean {
  return state === 'copied' || state === 'alone' || state === 'unknown original';
}
