import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { DoctorReport } from '../../src/doctor/doctor.ts';
import { MARKS } from '../../src/doctor/report/words.ts';
import type { Answer } from './answers.ts';
import { redacted, type Secret } from './redact.ts';

/** What was tried on the device, and what came of it. */
export interface SuiteResult {
  readonly name: string;
  readonly state: 'passed' | 'failed' | 'not run';
  /** In a sentence; why, where it did not pass. */
  readonly said: string;
  readonly seconds: number;
  /** More of it, as Markdown; empty for none. */
  readonly more?: string;
}

export interface Target {
  readonly kind: 'chr' | 'host' | 'stand-in';
  readonly routerOs: string;
  readonly board: string;
  /** How a virtual machine was run; absent for a device that exists. */
  readonly accelerator?: 'kvm' | 'tcg';
}

/** What `report.json` holds. */
export interface ProveReport {
  readonly format: 1;
  readonly startedAt: string;
  /** Of rose-csi. */
  readonly version: string;
  readonly target: Target;
  readonly answers: readonly Answer[];
  readonly suites: readonly SuiteResult[];
  /** What is still on the device; empty when all is as before. */
  readonly left: readonly string[];
  /** As `rose-csi doctor --write --json` printed it; absent when it could not run. */
  readonly doctor?: DoctorReport;
}

const STATES = { settled: '✓', partly: '◐', open: '?' } as const;
const KINDS = { chr: 'a CHR', host: 'a device', 'stand-in': 'the stand-in, which is a simulator and no RouterOS' };

/** Whether nothing failed and nothing was left. */
export function isGood({ suites, left }: ProveReport): boolean {
  return left.length === 0 && suites.every(({ state }) => state !== 'failed');
}

/** The report as a page to attach to an issue. */
export function reportPage(report: ProveReport): string {
  const { target, answers, suites, left } = report;
  const count = (state: Answer['state']) => answers.filter((answer) => answer.state === state).length;
  const machine = target.accelerator === undefined ? '' : `, in QEMU (${target.accelerator})`;
  return [
    '# rose-csi prove',
    '',
    `rose-csi ${report.version} on ${KINDS[target.kind]}: ${target.board}, RouterOS ${target.routerOs}${machine}. ${report.startedAt}.`,
    '',
    `${count('settled')} unknowns settled, ${count('partly')} in part, ${count('open')} open.`,
    '',
    '## What ran',
    '',
    '| suite | | seconds | |',
    '|---|---|---|---|',
    ...suites.map(({ name, state, seconds, said }) => `| ${name} | ${state} | ${seconds} | ${cell(said)} |`),
    '',
    left.length === 0 ? 'Nothing of this run is left on the device.' : `Left on the device: ${cell(left.join(', '))}.`,
    '',
    '## The unknowns',
    '',
    'Numbers and questions are those of docs/routeros.md, 14.',
    '',
    '| | | question | what the device did |',
    '|---|---|---|---|',
    ...answers.map((answer) => {
      const { id, question, state } = answer;
      return `| ${STATES[state]} | ${id} | ${cell(question)} | ${cell(told(answer))} |`;
    }),
    '',
    '✓ settled, ◐ in part, ? open. Of the driver: ✓ fits, ! differs and it copes, ✗ not usable so.',
    '',
    ...suites.flatMap(({ name, more = '' }) => (more === '' ? [] : [`## ${name}`, '', more, ''])),
  ].join('\n');
}

function told({ seen, missing }: Answer): string {
  const observed = seen.map(({ verdict, device, source }) => `${MARKS[verdict]} ${device} (${source})`);
  return [...observed, ...missing.map((reason) => `not seen: ${reason}`)].join('; ');
}

/** As it stands, in a cell of a table: what a device puts in pointed brackets is no HTML. */
function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('<', '&lt;').replaceAll(/\s+/g, ' ');
}

/**
 * Makes the folder of a report, before there is one: trying everything takes long, and would be lost.
 *
 * @throws Error when it cannot be made, or holds something, which would be sent with the report.
 */
export async function makeReportFolder(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  if ((await readdir(folder)).length > 0) throw new Error(`${folder} is not empty; --out takes another folder`);
  await mkdir(join(folder, 'transcripts'));
}

/**
 * Writes `report.md`, `report.json` and the transcripts into a folder that {@link makeReportFolder} made, all without secrets.
 *
 * @param transcripts by name, without extension.
 */
export async function writeReport(
  folder: string,
  report: ProveReport,
  transcripts: ReadonlyMap<string, string>,
  secrets: readonly Secret[],
): Promise<void> {
  // Each text for itself: what is removed of one must not take a quote of JSON with it.
  const clean = (_: string, value: unknown) => (typeof value === 'string' ? redacted(value, secrets) : value);
  const files = new Map([
    ['report.md', redacted(reportPage(report), secrets)],
    ['report.json', `${JSON.stringify(report, clean, 2)}\n`],
    ...[...transcripts].map(([name, text]) => [`transcripts/${name}.txt`, redacted(text, secrets)] as const),
  ]);
  for (const [name, text] of files) await writeFile(join(folder, name), text);
}
