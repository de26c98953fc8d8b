import { oneLine } from '../../cli/printable.ts';
import { type Column, printTable, type TableRow } from '../../cli/table.ts';
import { painter, wrap } from '../../cli/terminal.ts';
import type { DoctorReport } from '../doctor.ts';
import type { NamedFinding, Verdict } from '../finding.ts';
import type { Untestable } from '../untestable.ts';
import { conclusion, MARKS, tally, titleOf } from './words.ts';

export interface ReportOptions {
  /** Columns of the terminal. */
  readonly width: number;
  readonly colour: boolean;
}

/** A wider table is no easier to read. */
const MOST_WIDTH = 120;

const COLUMNS: readonly Column[] = [
  {},
  { title: 'what was tested', folds: 'anywhere' },
  { title: 'what the device did', folds: 'anywhere' },
  { title: 'what the driver does', folds: 'anywhere' },
];

const COLOURS: Readonly<Record<Verdict, 'green' | 'yellow' | 'red' | 'gray'>> = {
  fits: 'green',
  differs: 'yellow',
  unusable: 'red',
  untested: 'gray',
};

/** The report for a terminal. Commands and configuration to copy are not broken. */
export function printReport(report: DoctorReport, options: ReportOptions): string {
  const paint = painter(options.colour);
  const width = Math.min(MOST_WIDTH, options.width);
  const rowOf = (finding: NamedFinding): TableRow => ({
    cells: [MARKS[finding.verdict], titleOf(finding), finding.device, finding.driver],
    paint: (mark) => paint(COLOURS[finding.verdict], mark),
  });
  const rows = report.backends.flatMap(({ name, findings }) => [
    paint('bold', name),
    '',
    ...printTable(COLUMNS, findings.map(rowOf), { width, paintTitles: (titles) => paint('dim', titles) }),
    '',
    tally(findings),
    '',
    ...findings.flatMap(({ lines = [] }) =>
      lines.length === 0
        ? []
        : [...lines.flatMap((line) => (line.startsWith(' ') ? [oneLine(line)] : wrap(line, width))), ''],
    ),
  ]);
  // No one looks further while the RDS itself could not be examined.
  const isWhole = report.exitCode !== 2;
  const rest = isWhole
    ? ['', paint('bold', 'Not testable from here'), '', ...untestable(report.notTestable, width)]
    : [];
  return [...rows, ...wrap(conclusion(report), width), ...rest, ''].join('\n');
}

function untestable(all: readonly Untestable[], width: number): string[] {
  return all.flatMap(({ unknown, title, do: todo }) =>
    wrap(`- ${unknown === undefined ? '' : `${unknown} `}${title}. ${todo}`, width, '  '),
  );
}
