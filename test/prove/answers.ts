import type { DoctorReport } from '../../src/doctor/doctor.ts';
import type { Verdict } from '../../src/doctor/finding.ts';
import { type Source, UNKNOWNS, WITHOUT } from './unknowns.ts';

/** What one source saw of an unknown. */
export interface Observation {
  /** As in `U7`. */
  readonly unknown: string;
  readonly source: Source;
  readonly verdict: Verdict;
  /** What the device did; where it is `untested`, why nothing was seen. */
  readonly device: string;
}

/** An unknown with all that was seen of it. */
export interface Answer {
  readonly id: string;
  readonly question: string;
  /** `settled` when all that it needs was seen, `partly` when some was. */
  readonly state: 'settled' | 'partly' | 'open';
  readonly seen: readonly Observation[];
  /** Why the rest was not seen. */
  readonly missing: readonly string[];
}

/** What a doctor saw: one observation for each finding that has an unknown. */
export function observationsOf({ backends }: DoctorReport): Observation[] {
  return backends.flatMap(({ findings }) =>
    findings.flatMap(({ unknown, verdict, device }) =>
      unknown === undefined ? [] : [{ unknown, source: 'doctor' as const, verdict, device }],
    ),
  );
}

/**
 * All unknowns, in their order, each with an answer or with the reason why there is none.
 *
 * @param obstacles why a source could not be asked at all.
 */
export function answersFrom(
  observations: readonly Observation[],
  obstacles: Readonly<Partial<Record<Source, string>>> = {},
): Answer[] {
  return UNKNOWNS.map(({ id, question, needs }) => {
    const told = observations.filter(({ unknown, source }) => unknown === id && needs.includes(source));
    const seen = told.filter(({ verdict }) => verdict !== 'untested');
    const lacking = needs.filter((need) => !seen.some(({ source }) => source === need));
    const missing = lacking.map((need) => {
      const untested = told.find(({ source }) => source === need);
      return untested?.device ?? obstacles[need] ?? WITHOUT[need];
    });
    const state = lacking.length === 0 ? 'settled' : seen.length > 0 ? 'partly' : 'open';
    return { id, question, state, seen, missing };
  });
}
