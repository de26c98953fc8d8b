import { objectOf, type SnapshotName, type SubvolumeRow, type TransferRow } from '../../rds/index.ts';

/** What a replicator does next, from three lists and nothing else (docs/decisions/0025-replicas.md). */

/** A snapshot of our owners that was made where it is, in the pool whose snapshots are copied. */
export interface Original {
  readonly name: string;
  /** Label of its pool. */
  readonly fs: string;
  /** Its own, by which its copy is known. */
  readonly uuid: string;
  readonly subvolumeId: bigint;
  readonly parsed: SnapshotName;
}

/** A subvolume in the replica pool with the name of a snapshot of our owners. */
export type Received = Pick<SubvolumeRow, 'name' | 'uuid' | 'kind' | 'receivedUuid' | 'receivedAt'> & {
  readonly parsed: SnapshotName;
};

/** A transfer of a snapshot of our owners from the pool. */
export interface Transfer extends Pick<TransferRow, 'name' | 'isOurs' | 'status' | 'bytes'> {
  /** Neither its status nor its bytes have moved for a while. */
  readonly isStill: boolean;
}

/** What there is on both sides. */
export interface View {
  readonly originals: readonly Original[];
  readonly received: readonly Received[];
  readonly transfers: readonly Transfer[];
}

/** What the process remembers; a decision without it is right, too. */
export interface Hints {
  /** Names that someone waits for: they come first. */
  readonly wanted: ReadonlySet<string>;
  /** Names that failed a short time ago, and are left alone while no one waits for them. */
  readonly deferred: ReadonlySet<string>;
}

export type Decision =
  | { readonly do: 'nothing' }
  /** One is under way. */
  | { readonly do: 'wait'; readonly transfer: Transfer }
  /** Its row is of no use any more. */
  | {
      readonly do: 'forget';
      readonly transfer: Transfer;
      /** Undefined when it was deleted meanwhile. */
      readonly original: Original | undefined;
      /** Undefined when it has failed. */
      readonly copy: Received | undefined;
    }
  /** A half that is in the way. */
  | { readonly do: 'discard'; readonly half: Received; readonly original: Original }
  | { readonly do: 'send'; readonly original: Original; readonly parent: Original | undefined };

/** Words for work that is not over (U39): an RDS that shows none says nothing of an end, either. */
const AT_WORK =
  /^(|idle|waiting|pending|queued|starting|connecting|connected|preparing|(in )?progress|running|active|busy|sending|transferring|\d.*)$/i;

/** Whether a status is one of the words for work that is not over. Only with other signs it says that something has failed. */
export function isAtWork(status: string): boolean {
  return AT_WORK.test(status);
}

export function decide(view: View, hints: Hints): Decision {
  const own = view.transfers.find(({ isOurs }) => isOurs);
  if (own !== undefined) return judge(own, view);
  const half = halves(view)[0];
  if (half !== undefined) return { do: 'discard', ...half };
  const original = next(view, hints);
  return original === undefined ? { do: 'nothing' } : { do: 'send', original, parent: parentOf(original, view) };
}

/** A transfer is over when its copy is whole, and when it has stopped for another reason than that it waits. */
function judge(transfer: Transfer, view: View): Decision {
  const original = under(view.originals).get(transfer.name)?.[0];
  const copy = original && copyOf(original, view);
  return copy === undefined && mayMove(transfer)
    ? { do: 'wait', transfer }
    : { do: 'forget', transfer, original, copy };
}

/** Whether a transfer may go on: it moves, or its status is a word for work. One that has stopped holds up nothing, whoever's it is. */
function mayMove({ isStill, status }: Transfer): boolean {
  return !isStill || isAtWork(status);
}

/** Whether a transfer that may go on names it. */
function isBeingSent({ name }: Pick<Original, 'name'>, { transfers }: Pick<View, 'transfers'>): boolean {
  return transfers.some((transfer) => mayMove(transfer) && transfer.name.includes(name));
}

/** The copy of an original: it came whole, under the same name, from that very subvolume. */
export function copyOf(
  { name, uuid }: Pick<Original, 'name' | 'uuid'>,
  { received }: Pick<View, 'received'>,
): Received | undefined {
  return under(received)
    .get(name)
    ?.find((one) => isCopyOf(one, uuid));
}

function isCopyOf({ kind, receivedUuid }: Received, uuid: string): boolean {
  return kind === 'copy' && uuid !== '' && receivedUuid === uuid;
}

type Names<T> = ReadonlyMap<string, readonly T[]>;
const indexes = new WeakMap<readonly { readonly name: string }[], Names<unknown>>();

/** A list by name, made once: there may be ten thousand on either side. */
function under<T extends { readonly name: string }>(list: readonly T[]): Names<T> {
  const known = indexes.get(list) as Names<T> | undefined;
  if (known !== undefined) return known;
  const made = Map.groupBy(list, ({ name }) => name);
  indexes.set(list, made);
  return made;
}

/**
 * Halves that may be removed: no transfer that may go on names them, they can be written to, have no uuid of an original, and their
 * original is there. What is read-only without such a uuid may be a snapshot that was made there.
 */
function halves(view: View): { readonly half: Received; readonly original: Original }[] {
  return view.received.flatMap((half) => {
    const isHalf = half.kind === 'half-received' && half.receivedUuid === undefined && half.uuid !== '';
    const original = isHalf ? under(view.originals).get(half.name)?.[0] : undefined;
    return original !== undefined && !isBeingSent(half, view) ? [{ half, original }] : [];
  });
}

/** Originals whose name is taken on the replica by something else than their copy, which the replicator does not touch. */
export function taken(view: View): Original[] {
  const removable = new Set(halves(view).map(({ original }) => original));
  return uncopied(view).filter(
    (original) => under(view.received).has(original.name) && !removable.has(original) && !isBeingSent(original, view),
  );
}

/** Originals without a copy, the oldest first; of several of one id the one that is the snapshot, as for every call. */
export function uncopied(view: Pick<View, 'originals' | 'received'>): Original[] {
  return [...Map.groupBy(view.originals, ({ parsed }) => parsed.uuid).values()]
    .flatMap((some) => objectOf(some, () => false) ?? [])
    .filter((original) => copyOf(original, view) === undefined)
    .toSorted(byTime);
}

function next(view: View, { wanted, deferred }: Hints): Original | undefined {
  const names = under(view.received);
  // One that shows no uuid could never be told to have a copy.
  const possible = uncopied(view).filter(({ name, uuid }) => uuid !== '' && !names.has(name));
  return possible.find(({ name }) => wanted.has(name)) ?? possible.find(({ name }) => !deferred.has(name));
}

/**
 * What both sides have of the same volume, by uuid: the newest that is no newer than what is sent; else the oldest that is,
 * since it has less in common with it the farther it is away.
 */
function parentOf(original: Original, { originals, received }: View): Original | undefined {
  const copied = new Set(received.flatMap(({ kind, receivedUuid }) => (kind === 'copy' ? [receivedUuid] : [])));
  const common = originals
    .filter(({ parsed, name }) => parsed.sourceUuid === original.parsed.sourceUuid && name !== original.name)
    .filter(({ uuid }) => uuid !== '' && copied.has(uuid))
    .toSorted(byTime);
  return common.findLast((one) => byTime(one, original) < 0) ?? common[0];
}

/**
 * When they were made. Names tell seconds, and Btrfs numbers subvolumes in the order in which they are made: of those of one second,
 * that is how their contents follow one another. It is an order and no more; an RDS that changes ids changes what is sent first.
 */
function byTime(a: Original, b: Original): number {
  const seconds = a.parsed.createdAtSeconds - b.parsed.createdAtSeconds;
  return Number(seconds || a.subvolumeId - b.subvolumeId) || (a.name < b.name ? -1 : Number(a.name > b.name));
}
