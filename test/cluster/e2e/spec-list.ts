import type { SpecName } from './groups.ts';

/** What came of a spec. */
export type Outcome =
  | { readonly status: 'passed' }
  /** `why` in the words of the suite. */
  | { readonly status: 'failed' | 'skipped'; readonly why: string }
  /** `why` in ours. */
  | { readonly status: 'not run'; readonly why: string };

/** Outcomes by spec. */
export type Outcomes = ReadonlyMap<SpecName, Outcome>;

/** An outcome in one line, such as `skipped: no Windows here`. */
export function inWords(outcome: Outcome): string {
  return outcome.status === 'passed' ? 'passed' : `${outcome.status}: ${outcome.why}`;
}

/** How many of each, such as `38 passed, 2 skipped`. */
export function sums(outcomes: Iterable<Outcome>): string {
  const counts = Map.groupBy(outcomes, ({ status }) => status);
  return [...counts].map(([status, those]) => `${those.length} ${status}`).join(', ');
}

const ORDER = ['passed', 'not run', 'skipped'];

/** The text of a list: the specs of each outcome below it, indented. */
export function writeList(heading: string, outcomes: Outcomes): string {
  const byOutcome = Map.groupBy(outcomes, ([, outcome]) => inWords(outcome));
  const rank = (words: string) => ORDER.findIndex((status) => words.startsWith(status));
  const sections = [...byOutcome].toSorted(([a], [b]) => rank(a) - rank(b) || (a < b ? -1 : 1));
  const blocks = sections.map(([words, specs]) => {
    const names = specs.map(([name]) => `  ${name}\n`).toSorted();
    return `\n${words}\n${names.join('')}`;
  });
  return `${heading.replace(/^/gm, '# ')}\n${blocks.join('')}`;
}

/** Reads what {@link writeList} has written. @throws Error that names the line that it cannot read. */
export function readList(text: string): Outcomes {
  const outcomes = new Map<SpecName, Outcome>();
  let section: Outcome | undefined;
  for (const [index, line] of text.split('\n').entries()) {
    if (line === '' || line.startsWith('#')) continue;
    if (!line.startsWith('  ')) section = outcomeOf(line);
    else if (section !== undefined) outcomes.set(line.trim(), section);
    if (section === undefined) throw new Error(`line ${index + 1} of the list of specs is not understood: ${line}`);
  }
  return outcomes;
}

function outcomeOf(words: string): Outcome | undefined {
  if (words === 'passed') return { status: 'passed' };
  const [, status, why = ''] = /^(skipped|not run): (.+)$/.exec(words) ?? [];
  return status === 'skipped' || status === 'not run' ? { status, why } : undefined;
}
