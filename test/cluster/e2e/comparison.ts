import type { SpecName } from './groups.ts';
import { inWords, type Outcomes } from './spec-list.ts';

/** How a run differs from the list. */
export interface Comparison {
  /** A line for each spec because of which the run fails. */
  readonly broken: readonly string[];
  /** A line for each for which the list should be written again. */
  readonly changed: readonly string[];
}

/**
 * Holds a run against the list. It fails for what is listed as passed and did not pass or is gone, and for whatever failed.
 *
 * @param known every spec that there is.
 * @param outcomes of those that were looked at; a short run looks at few.
 */
export function compare(listed: Outcomes, known: ReadonlySet<SpecName>, outcomes: Outcomes): Comparison {
  const broken: string[] = [];
  const changed: string[] = [];
  for (const [name, before] of listed) {
    if (known.has(name)) continue;
    const lines = before.status === 'passed' ? broken : changed;
    lines.push(`is gone, listed as ${inWords(before)}: ${name}`);
  }
  for (const [name, outcome] of outcomes) {
    const before = listed.get(name);
    const listing = before === undefined ? 'not listed' : `listed as ${inWords(before)}`;
    const isWorse = before?.status === 'passed' && outcome.status !== 'passed';
    if (outcome.status === 'failed' || isWorse) broken.push(`${inWords(outcome)}, ${listing}: ${name}`);
    else if (before === undefined || inWords(before) !== inWords(outcome)) {
      changed.push(`${inWords(outcome)}, ${listing}: ${name}`);
    }
  }
  return { broken, changed };
}

/** The list after a run: without what is gone, with what came out. What failed stays listed as it was. */
export function updated(listed: Outcomes, known: ReadonlySet<SpecName>, outcomes: Outcomes): Outcomes {
  const kept = [...listed].filter(([name]) => known.has(name));
  const settled = [...outcomes].filter(([, { status }]) => status !== 'failed');
  return new Map([...kept, ...settled]);
}
