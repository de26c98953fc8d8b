import { styleText } from 'node:util';
import type { DoctorReport } from '../doctor.ts';
import type { NamedFinding, Verdict } from '../finding.ts';
import { conclusion, MARKS, tally, titleOf } from './words.ts';

/** Columns of a line; a mark and two gaps between three columns of text make 100. */
const WIDTHS = [24, 34, 34] as const;
const WIDTH = 100;

const COLOURS: Readonly<Record<Verdict, 'green' | 'yellow' | 'red' | 'gray'>> = {
  fits: 'green',
  differs: 'yellow',
  unusable: 'red',
  untested: 'gray',
};

/** The report for a terminal, in lines of at most 100 characters; commands and configuration to copy are not broken. */
export function printTable(report: DoctorReport, colour: boolean): string {
  const paint = (style: Parameters<typeof styleText>[0], text: string) =>
    colour ? styleText(style, text, { validateStream: false }) : text;
  const lines: string[] = [];
  for (const { name, findings } of report.boxes) {
    lines.push(paint('bold', name), '');
    const [tested, device, driver] = WIDTHS;
    const heads = [
      'what was tested'.padEnd(tested),
      'what the device did'.padEnd(device),
      'what the driver does'.padEnd(driver),
    ];
    lines.push(paint('dim', `   ${heads.join('  ').trimEnd()}`));
    for (const finding of findings) lines.push(...rowLines(finding, (text) => paint(COLOURS[finding.verdict], text)));
    lines.push('', tally(findings), '');
    for (const finding of findings) {
      if (finding.lines !== undefined && finding.lines.length > 0) lines.push(...finding.lines, '');
    }
  }
  lines.push(paint('bold', 'Not testable from here'), '');
  for (const { unknown, title, do: todo } of report.notTestable) {
    const [first = '', ...more] = wrapWords(
      `${unknown === undefined ? '' : `${unknown} `}${title}. ${todo}`,
      WIDTH - 2,
    );
    lines.push(`- ${first}`, ...more.map((line) => `  ${line}`));
  }
  lines.push('', conclusion(report), '');
  return lines.join('\n');
}

function rowLines(finding: NamedFinding, paint: (text: string) => string): string[] {
  const texts = [titleOf(finding), finding.device, finding.driver];
  const columns = texts.map((text, index) => wrapWords(text, WIDTHS[index] ?? 0));
  const height = Math.max(...columns.map((column) => column.length));
  return Array.from({ length: height }, (_, line) => {
    const cells = columns.map((column, index) => (column[line] ?? '').padEnd(WIDTHS[index] ?? 0));
    return `${line === 0 ? paint(MARKS[finding.verdict]) : ' '}  ${cells.join('  ').trimEnd()}`.trimEnd();
  });
}

/** Breaks a text between words, and within one that is longer than a line. */
export function wrapWords(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(/\s+/).flatMap((whole) => pieces(whole, width))) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else {
      line = line === '' ? word : `${line} ${word}`;
    }
  }
  return [...lines, line];
}

function pieces(word: string, width: number): string[] {
  const parts: string[] = [];
  for (let at = 0; at < word.length; at += width) parts.push(word.slice(at, at + width));
  return parts;
}
