import type { Fault, Moment } from '../../../src/simulator/faults/fault.ts';
import type { Recording } from './recording.ts';

/** One fault at one place of what an RPC runs on the RDS. */
export interface Cell {
  /** Number of the statement, counted from 1 over all statements of the call; 0 for a fault of the answer. */
  readonly statement: number;
  /** For reports, and for running it alone. */
  readonly name: string;
  readonly fault: Fault;
}

const MOMENTS: readonly Moment[] = ['before', 'after'];
/** No one can connect for so long after a restart, in ms. */
const DOWN_MS = 15;
/** Length of the last line of an answer: `OK`, 16 hex digits, CRLF. */
const MARKER_BYTES = 20;

/**
 * All cells of a recorded call. A builtin changes nothing on the RDS, so a fault between two of them equals the fault
 * after the menu command before them: only a killed script is tried at each of them, and everything else at each command
 * of a menu. A statement that is added to a script has its cells at once.
 */
export function cellsOf({ statements, answerBytes }: Recording): Cell[] {
  const placed = statements.flatMap(({ text, path }, index): Cell[] => {
    const statement = index + 1;
    const at = { nth: statement };
    const cell = (name: string, fault: Fault): Cell => ({ statement, name: `${statement} ${name}: ${text}`, fault });
    const killed = cell('killed before', { kind: 'kill', at, when: 'before' });
    if (path === undefined) return [killed];
    return [
      killed,
      cell('killed after', { kind: 'kill', at, when: 'after' }),
      ...MOMENTS.flatMap((when) => [
        ...[true, false].map((scriptRunsOn) =>
          cell(`connection lost ${when}, script ${scriptRunsOn ? 'runs on' : 'dies'}`, {
            kind: 'drop',
            at,
            when,
            scriptRunsOn,
          }),
        ),
        cell(`RDS restarts ${when}`, { kind: 'restart', at, when, downMs: DOWN_MS }),
      ]),
    ];
  });
  const places = {
    'at its beginning': 0,
    'in the middle': Math.floor(answerBytes / 2),
    'before its marker': answerBytes - MARKER_BYTES,
    'within its marker': answerBytes - MARKER_BYTES / 2,
  };
  const cuts = Object.entries(places).map(
    ([place, bytes]): Cell => ({ statement: 0, name: `0 answer cut ${place}`, fault: { kind: 'cut', bytes } }),
  );
  return [...placed, ...cuts];
}
