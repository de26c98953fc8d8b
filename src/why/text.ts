import { oneLine } from '../cli/printable.ts';
import { painter, wrap } from '../cli/terminal.ts';
import type { Answer } from './answer.ts';
import type { Link } from './chain.ts';
import type { RuledFinding } from './finding.ts';

export interface TextOptions {
  /** Columns of the terminal. */
  readonly width: number;
  readonly colour: boolean;
}

const MARKS = { fine: '✓', stuck: '✗', waiting: '…', unknown: '?', degraded: '!' } as const;
const COLOURS = { fine: 'green', stuck: 'red', waiting: 'yellow', unknown: 'gray', degraded: 'yellow' } as const;
const WORDS = { stuck: 'STUCK', waiting: 'WAITING', unknown: 'NOT KNOWN', degraded: 'DEGRADED' } as const;
const MOST_WIDTH = 110;

/** The answer for a terminal. Commands to type are never broken. */
export function printAnswer(answer: Answer, { width, colour }: TextOptions): string {
  const columns = Math.min(MOST_WIDTH, width);
  const paint = painter(colour);
  const chain = answer.chain.flatMap((link) => linkLines(link, columns, (text) => paint(COLOURS[link.state], text)));
  const [verdict, ...others] = answer.findings;
  const lines = [
    ...chain,
    ...(answer.backendAsked
      ? []
      : wrap('- the RDS was not asked: --config names the configuration that leads to it', columns, '  ')),
    ...answer.blind.flatMap((spot) => wrap(`? ${spot}`, columns, '  ')),
    '',
    ...(verdict === undefined
      ? wrap(conclusion(answer), columns)
      : verdictLines(verdict, columns, (text) => paint(['bold', COLOURS[verdict.state]], text))),
    ...others.flatMap((finding, index) => [
      ...(index === 0 ? ['', 'Also:'] : []),
      ...otherLines(finding, answer.findings.slice(0, index + 1), columns),
    ]),
    ...(verdict !== undefined && answer.blind.length > 0 ? ['', ...wrap(BLIND, columns)] : []),
  ];
  return `${lines.join('\n')}\n`;
}

const BLIND = 'Not everything could be looked at, so there may be more to it: see the lines marked ?.';

function conclusion({ result, subject, chain }: Answer): string {
  const what = { snapshot: 'snapshot', claim: 'claim', volume: 'volume' }[subject.kind];
  if (result === 'unknown') {
    return 'Nothing was seen to be stuck, and not everything could be looked at: see the lines marked ?.';
  }
  return chain.every(({ state }) => state === 'fine')
    ? `Nothing is stuck: every link of this ${what} is as it should be.`
    : `Nothing of this ${what} is stuck. What is marked … is not ready yet, or for reasons of its own.`;
}

function linkLines({ what, how, state }: Link, columns: number, paint: (text: string) => string): string[] {
  const [first = '', ...more] = wrap(`${what}: ${how}`, columns - 2);
  return [`${paint(MARKS[state])} ${first}`, ...more.map((line) => `    ${line}`)];
}

function verdictLines(finding: RuledFinding, columns: number, paint: (text: string) => string): string[] {
  const { state, what, why, said, next, command } = finding;
  return [
    ...wrap(`${WORDS[state]}: ${what}`, columns).map(paint),
    '',
    ...wrap(`Why: ${why}`, columns),
    ...(said === undefined ? [] : wrap(`Message: ${said}`, columns, '  ')),
    '',
    ...wrap(`What to do: ${next}`, columns),
    ...(command === undefined ? [] : ['', `  ${oneLine(command)}`]),
  ];
}

/** What to do is said once, however many findings it repairs. */
function otherLines(
  { state, what, said, next, command }: RuledFinding,
  before: readonly RuledFinding[],
  columns: number,
): string[] {
  const isSaid = before.some((one) => one.next === next);
  const isTyped = before.some((one) => one.command === command);
  const isToldOf = before.some((one) => one.said === said);
  const lines = [
    ...wrap(`${MARKS[state]} ${what}${isSaid ? '' : ` ${next}`}`, columns, '  '),
    ...(said === undefined || isToldOf ? [] : wrap(`Message: ${said}`, columns - 4, '  ').map((line) => `    ${line}`)),
  ];
  return command === undefined || isTyped ? lines : [...lines, `    ${oneLine(command)}`];
}
