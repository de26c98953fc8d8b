import { printAge } from '../cli/print-age.ts';
import { type Column, printTable } from '../cli/table.ts';
import { wrap } from '../cli/terminal.ts';
import { printSize } from '../failures/print-size.ts';
import { nameOfPair } from '../storage/replication/pair.ts';
import { hasCopy, type Overview, type SnapshotWithCopy } from './overview.ts';

export interface TextOptions {
  /** Columns of the terminal. */
  readonly width: number;
  /** Milliseconds since the epoch, which ages are told against. */
  readonly now: number;
}

const SNAPSHOT_COLUMNS: readonly Column[] = [{}, { align: 'right' }, {}, {}];
const STATUS_COLUMNS: readonly Column[] = [{}, { folds: 'words' }];

/** Of each pair its volumes, and of each volume its snapshots with their copies. */
export function printSnapshots(overviews: readonly Overview[], options: TextOptions): string {
  return overviews.map((one) => joined([...heading(one, options), ...volumes(one, options)])).join('\n');
}

function heading({ pair, problems }: Overview, { width }: TextOptions): string[] {
  return [nameOfPair(pair), ...problems.flatMap((problem) => wrap(`! ${problem}`, width))];
}

function volumes({ snapshots }: Overview, options: TextOptions): string[] {
  if (snapshots.length === 0) return ['  no snapshots'];
  return [...Map.groupBy(snapshots, ({ volumeId }) => volumeId)].flatMap(([id, some]) => [
    `  ${id}`,
    ...printTable(
      SNAPSHOT_COLUMNS,
      some.map((one) => row(one, options)),
      { width: options.width, indent: '    ' },
    ),
  ]);
}

function row({ id, copyId, state, createdAtSeconds, receivedAt = '' }: SnapshotWithCopy, { now }: TextOptions) {
  const age = printAge(now - Number(createdAtSeconds) * 1000);
  // What is gone is of no use; the copy is.
  const which = state === 'alone' || state === 'unknown original' ? copyId : id;
  return { cells: [which, age, state, receivedAt] };
}

/** Of each pair how far its copies are. */
export function printStatus(overviews: readonly Overview[], options: TextOptions): string {
  return overviews
    .map((one) =>
      joined([
        ...heading(one, options),
        ...printTable(STATUS_COLUMNS, facts(one, options), { width: options.width, indent: '  ' }),
      ]),
    )
    .join('\n');
}

function facts({ snapshots, sending }: Overview, { now }: TextOptions) {
  const age = (one: SnapshotWithCopy | undefined) =>
    one === undefined ? 'none' : `${printAge(now - Number(one.createdAtSeconds) * 1000)} old`;
  const missing = snapshots.filter((one) => !hasCopy(one) && one.state !== 'unknown');
  const blocked = snapshots.filter(({ state }) => state === 'taken');
  const known = snapshots.some(({ state }) => state === 'unknown') ? 'not known' : undefined;
  const rows: [string, string][] = [
    ['copies', known ?? `${snapshots.filter(hasCopy).length}`],
    ['newest', known ?? age(snapshots.findLast(hasCopy))],
    ['without a copy', known ?? (missing.length === 0 ? 'none' : `${missing.length}, the oldest ${age(missing[0])}`)],
    ['being sent', sendingText(sending)],
    ...blocked.map(({ name }): [string, string] => ['name is taken', name]),
  ];
  return rows.map((cells) => ({ cells }));
}

function sendingText(sending: Overview['sending']): string {
  if (sending === undefined) return 'nothing';
  const { name, bytes, status } = sending;
  return `${name}, ${printSize(bytes)} so far${status === '' ? '' : `: ${status}`}`;
}

/** For programs. Sizes are bytes, times ISO 8601 in UTC but for `received`; what is not known is left out. The form only ever grows. */
export function overviewsJson(overviews: readonly Overview[]): object {
  return {
    pairs: overviews.map(({ pair, snapshots, sending, problems }) => ({
      from: { backend: pair.from.name, pool: pair.pool.label },
      to: { backend: pair.to.name, pool: pair.replica.label },
      problems,
      sending: sending && { ...sending, bytes: Number(sending.bytes) },
      snapshots: snapshots.map(({ id, copyId, volumeId, state, createdAtSeconds, bytes, receivedAt }) => ({
        id,
        copyId,
        volumeId,
        state,
        sizeBytes: Number(bytes),
        hasCopy: hasCopy({ state }),
        createdAt: new Date(Number(createdAtSeconds) * 1000).toISOString(),
        received: receivedAt,
      })),
    })),
  };
}

function joined(lines: readonly string[]): string {
  return lines.map((line) => `${line}\n`).join('');
}
