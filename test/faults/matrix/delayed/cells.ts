import type { Statement } from '../../../../src/simulator/console/hooks.ts';
import type { Place } from '../../../../src/simulator/faults/fault.ts';
import type { HeldCall } from './held-call.ts';
import { type Move, walksFrom } from './moves.ts';

/** Who makes the later calls, and when the statement is let go: a process other than the first one waits for nothing. */
export const COURSES = ['same process', 'another process, in time', 'another process, too late'] as const;

export type Course = (typeof COURSES)[number];

/** A statement at which a call is held. */
export interface HeldPlace {
  /** Among the statements of its kind: how many others there are depends on how often a loop looks. */
  readonly at: Required<Pick<Place, 'path' | 'command' | 'nth'>>;
  readonly text: string;
  /**
   * `begin` is before the statement has looked at anything; `deadline` is where it has looked up its items and is about to
   * look at the time, the last thing that it looks at.
   */
  readonly moment: 'begin' | 'deadline';
}

/** One statement that is held, and what is called meanwhile. */
export interface Cell {
  readonly place: HeldPlace;
  readonly course: Course;
  /** Whether the call that was lost is repeated first, until it is answered. */
  readonly isRepeated: boolean;
  readonly walk: readonly Move[];
}

/** Calls that come after the first one and its repeat, at most; there is time for more when no one waits for it. */
const DEPTH = Number(process.env['ROSE_MATRIX_DEPTH'] ?? 2);

const CHANGES = new Set(['add', 'set', 'remove']);

/** The statements of a call that change something, each of them with the look at the time that it holds. */
export function placesIn(held: HeldCall, statements: readonly Statement[]): HeldPlace[] {
  const { refusal, holds = () => true } = held;
  const from = statements.findLastIndex((one) => refusal !== undefined && fits(refusal.at, one)) + 1;
  return statements.flatMap((statement, index): HeldPlace[] => {
    const { path, command = '', text } = statement;
    if (index < from || path === undefined || !CHANGES.has(command) || !holds(statement)) return [];
    const look = statements.findIndex((one, later) => later > index && one.path === '/system/resource');
    const isWithin = look !== -1 && statements.slice(index + 1, look + 1).every((one) => text.includes(one.text));
    const begin = { at: placeOf(statements, index), text, moment: 'begin' } as const;
    return isWithin ? [begin, { at: placeOf(statements, look), text, moment: 'deadline' }] : [begin];
  });
}

/**
 * What is called while a call is held at one of its places: all that there is on a dangerous RDS and where it matters what
 * the statement finds, the first call alone elsewhere.
 */
export function cellsAt(held: HeldCall, place: HeldPlace, course: Course, isDangerous: boolean): Cell[] {
  const isLate = place.moment === 'deadline';
  // Of a process that does not wait, a statement that has looked already is beside what any statement can do.
  if (isLate && (course === 'another process, in time' || !isDangerous)) return [];
  const { after, moves, further = [], unrepeated } = held;
  const isAll = isDangerous && !isLate && course !== 'another process, too late';
  const depth = isAll ? DEPTH : 1;
  const repeated = [...walksFrom(after, moves, depth), ...(isAll ? further : [])];
  const direct = (unrepeated?.moves ?? []).flatMap((move) => {
    const next = unrepeated && move.leadsTo(unrepeated.from);
    return next === undefined ? [] : walksFrom(next, moves, depth - 1).map((walk) => [move, ...walk]);
  });
  return [
    ...repeated.map((walk) => ({ place, course, isRepeated: true, walk })),
    ...direct.map((walk) => ({ place, course, isRepeated: false, walk })),
  ];
}

/** For reports, and for running it alone. */
export function nameOf({ place, course, isRepeated, walk }: Cell): string {
  const calls = [...(isRepeated ? ['repeat'] : []), ...walk.map(({ name }) => name)];
  const { at, moment, text } = place;
  return `${at.path} ${at.command} ${at.nth} ${course}${moment === 'begin' ? '' : ', at its look at the time'}: ${calls.join('; ')}: ${text.slice(0, 80)}`;
}

function placeOf(statements: readonly Statement[], index: number): HeldPlace['at'] {
  const { path = '', command = '' } = statements[index] ?? {};
  const nth = statements.slice(0, index + 1).filter((one) => one.path === path && one.command === command).length;
  return { path, command, nth };
}

function fits(at: Place, { path, command, text }: Statement): boolean {
  return at.path === path && at.command === command && text.includes(at.text ?? '');
}
