import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { proveRow } from '../page.ts';
import { DelayedArena } from './arena.ts';
import { COURSES, type Course, cellsAt, type HeldPlace, nameOf, placesIn } from './cells.ts';
import type { HeldCall } from './held-call.ts';

/** Runs only cells whose `<call>#<cell>` contains this. */
const ONLY = process.env['ROSE_MATRIX_ONLY'];

/** What makes a statement that comes late more dangerous; the last one lets a script go on where it has found nothing. */
const DANGEROUS = ['removal-while-in-use', 'shrink-truncates', 'empty-list-passes'];

/** An RDS on which a call was recorded. */
interface SimulatedRds {
  readonly quirks: readonly string[];
  readonly places: readonly HeldPlace[];
  arena: DelayedArena;
}

interface Tally {
  cells: number;
  failed: number;
  /** Cells that left something behind which nothing refers to, by what it was. */
  readonly left: Map<string, number>;
}

/**
 * One test for every call, and in it one for each course: all cells, each tried whatever became of the others, on
 * an RDS as it is expected and on a dangerous one. Prints how many ran and failed, and how many left something behind.
 */
export function delayedMatrix(calls: readonly HeldCall[]): void {
  const total: Tally = { cells: 0, failed: 0, left: new Map() };
  for (const held of calls) {
    test(`a command of ${held.name} that was given up and goes on later undoes nothing`, async (t) => {
      const backends = [await openRds(t, held, []), await openRds(t, held, DANGEROUS)];
      const tally: Tally = { cells: 0, failed: 0, left: new Map() };
      for (const course of COURSES) {
        await t.test(course, async (each) => {
          const { cells, failed, left } = await tryAll(t, held, backends, course);
          each.diagnostic(`delayed matrix: ${held.name}, ${course}: ${print({ cells, failed, left })}`);
          add(tally, { cells, failed, left });
          assert.equal(failed, 0);
        });
      }
      add(total, tally);
      const statements = backends[0]?.places.filter(({ moment }) => moment === 'begin').length ?? 0;
      if (ONLY === undefined)
        proveRow('a command that was given up goes on later', held.name, [statements, tally.cells, sum(tally.left)]);
    });
  }
  test('the delayed matrix as a whole', (t) => t.diagnostic(`delayed matrix: ${print(total)}`));
}

async function openRds(t: TestContext, held: HeldCall, quirks: readonly string[]): Promise<SimulatedRds> {
  const arena = await DelayedArena.open(t, quirks);
  const places = placesIn(held, await arena.record(held));
  assert.ok(places.length > 0, 'it changes something');
  return { quirks, places, arena };
}

/** @param t The test in which an RDS that a failed cell has spoilt is replaced. */
async function tryAll(
  t: TestContext,
  held: HeldCall,
  backends: readonly SimulatedRds[],
  course: Course,
): Promise<Tally> {
  const tally: Tally = { cells: 0, failed: 0, left: new Map() };
  for (const rds of backends) {
    for (const cell of rds.places.flatMap((place) => cellsAt(held, place, course, rds.quirks.length > 0))) {
      const name = `${held.name}#${nameOf(cell)}`;
      if (ONLY !== undefined && !name.includes(ONLY)) continue;
      tally.cells += 1;
      try {
        const { left, larger } = await rds.arena.try(held, cell);
        if (left.length > 0) count(tally.left, left.map(kindOf).toSorted().join(' and '));
        if (larger > 0) count(tally.left, 'volume larger than told');
      } catch (error) {
        tally.failed += 1;
        const reason = error instanceof Error ? error.message : String(error);
        t.diagnostic(
          `FAILED ${name}${rds.quirks.length > 0 ? `, on an RDS with ${rds.quirks.join(', ')}` : ''}\n${reason}`,
        );
        rds.arena = await DelayedArena.open(t, rds.quirks);
      }
    }
  }
  return tally;
}

/** What an entry of the inventory is. */
function kindOf(entry: string): string {
  if (entry.includes('/')) return 'file';
  if (entry.startsWith('snap-')) return 'snapshot';
  return entry.length > 'pvc-'.length + 28 ? 'subvolume' : 'disk item';
}

function add(tally: Tally, { cells, failed, left }: Tally): void {
  tally.cells += cells;
  tally.failed += failed;
  for (const [kind, number] of left) count(tally.left, kind, number);
}

function count(counts: Map<string, number>, kind: string, number = 1): void {
  counts.set(kind, (counts.get(kind) ?? 0) + number);
}

function sum(counts: ReadonlyMap<string, number>): number {
  return [...counts.values()].reduce((total, number) => total + number, 0);
}

function print({ cells, failed, left }: Tally): string {
  const kinds = [...left].map(([kind, number]) => `, ${number} left a ${kind}`).join('');
  return `${cells} cells, ${failed} failed${kinds}`;
}
