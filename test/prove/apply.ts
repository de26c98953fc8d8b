/** What a report would change: quirks of the simulator that are the usual thing on a device, and lines of docs/routeros.md. */
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { oneLine } from '../../src/cli/printable.ts';
import type { DoctorReport } from '../../src/doctor/doctor.ts';
import type { NamedFinding } from '../../src/doctor/finding.ts';
import { QUIRKS } from '../../src/simulator/quirks/quirks.ts';
import { findingOf, startExaminedRds } from '../doctor/rds.ts';
import type { Answer } from './answers.ts';
import type { ProveReport } from './report.ts';

const PAGE = join(import.meta.dirname, '../../docs/routeros.md');

/** What the simulator would have to do otherwise to answer a test of the doctor as the device did. */
export interface SwitchChange {
  readonly unknown: string;
  /** Id of the test. */
  readonly check: string;
  readonly device: string;
  /** What the simulator does without a quirk. */
  readonly simulator: string;
  /** Quirks with each of which it does what the device did; empty when none does. */
  readonly quirks: readonly string[];
}

/** In bytes; a report has some hundred KiB. */
const MAX_BYTES = 16 * 2 ** 20;

const UNKNOWN = z.string().regex(/^U\d{1,3}$/);

/** What is read of a report, which may be anyone's. The rest is not looked at. */
const REPORT = z.looseObject({
  format: z.literal(1),
  startedAt: z.iso.datetime(),
  target: z.looseObject({ kind: z.enum(['chr', 'host', 'stand-in']), routerOs: z.string(), board: z.string() }),
  answers: z.array(
    z.looseObject({
      id: UNKNOWN,
      state: z.enum(['settled', 'partly', 'open']),
      seen: z.array(z.looseObject({ device: z.string(), source: z.string() })),
      missing: z.array(z.string()),
    }),
  ),
  doctor: z
    .looseObject({
      backends: z.array(
        z.looseObject({
          findings: z.array(
            z.looseObject({ id: z.string(), unknown: UNKNOWN.optional(), verdict: z.string(), device: z.string() }),
          ),
        }),
      ),
    })
    .optional(),
});

/** Reads a report. @param path the folder, or `report.json` in it. @throws Error that says what is wrong with it. */
export async function readReport(path: string): Promise<ProveReport> {
  const file = (await stat(path)).isDirectory() ? join(path, 'report.json') : path;
  const found = await stat(file);
  if (!found.isFile() || found.size > MAX_BYTES) throw new Error(`${file} is no report: it is no file, or too large`);
  const report = parsed(await readFile(file, 'utf8'));
  const { error } = REPORT.safeParse(report);
  if (error === undefined) return report as ProveReport;
  const { path: at = [], message = '' } = error.issues[0] ?? {};
  throw new Error(`${file} is no report of this version: ${at.join('.')}: ${message}`);
}

/** Undefined for what is no JSON. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/**
 * Asks the simulator what the doctor asked the device, first as it is, and where it answers otherwise with each quirk of that
 * unknown.
 */
export async function switchChanges(device: DoctorReport): Promise<SwitchChange[]> {
  const findings = device.backends.flatMap((backend) => backend.findings).filter(isAboutUnknown);
  const usual = await examineSimulator([], []);
  const changes: SwitchChange[] = [];
  for (const finding of findings) {
    const simulator = findingOf(usual, finding.id);
    if (simulator === undefined || isSame(simulator, finding)) continue;
    const quirks: string[] = [];
    for (const { name } of QUIRKS.filter(({ unknown }) => unknown === finding.unknown)) {
      const found = findingOf(await examineSimulator([name], [finding.id]), finding.id);
      if (found !== undefined && isSame(found, finding)) quirks.push(name);
    }
    const { unknown, id } = finding;
    changes.push({ unknown, check: id, device: finding.device, simulator: simulator.device, quirks });
  }
  return changes;
}

/** Lines of docs/routeros.md that speak of an unknown, as `12: text`. @param page its text. */
export function linesAbout(unknown: string, page: string): string[] {
  return page
    .split('\n')
    .flatMap((line, at) => (new RegExp(`\\b${unknown}\\b`).test(line) ? [`${at + 1}: ${line.trim()}`] : []));
}

/** What the report would change, as text. @param page text of docs/routeros.md. */
export function changesText(report: ProveReport, switches: readonly SwitchChange[], page: string): string {
  const { routerOs, board } = report.target;
  const seen = report.answers.filter((answer) => answer.seen.length > 0);
  return [
    ...(report.target.kind === 'stand-in'
      ? ['This report is of the stand-in. It is no evidence of RouterOS; do not apply it.', '']
      : []),
    'Simulator',
    '',
    ...(switches.length === 0
      ? ['  answers every test of the doctor as the device did.']
      : switches.flatMap(switchText)),
    '',
    'docs/routeros.md',
    '',
    ...seen.flatMap((answer) => answerText(answer, `${board}, ${routerOs}, ${report.startedAt.slice(0, 10)}`, page)),
  ].join('\n');
}

function switchText({ unknown, check, device, simulator, quirks }: SwitchChange): string[] {
  const change =
    quirks.length === 0
      ? 'no quirk does this: it needs one, and a test that the doctor notices it'
      : `this is what ${quirks.join(' and ')} does: make it the default, and what it is now a quirk`;
  return [
    `  ${unknown} (${check})`,
    `    device:    ${oneLine(device)}`,
    `    simulator: ${simulator}`,
    `    ${change}`,
  ];
}

function answerText({ id, state, seen, missing }: Answer, where: string, page: string): string[] {
  const observed = seen.map(({ device, source }) => oneLine(`    + _Seen_ (${where}; ${source}): ${device}`));
  const open = state === 'settled' ? [] : missing.map((reason) => oneLine(`    still open: ${reason}`));
  return [`  ${id}`, ...linesAbout(id, page).map((line) => `    ${line}`), ...observed, ...open, ''];
}

/** The text for a report. @throws Error when it cannot be read. */
export async function apply(path: string): Promise<string> {
  const report = await readReport(path);
  const switches = report.doctor === undefined ? [] : await switchChanges(report.doctor);
  return `${changesText(report, switches, await readFile(PAGE, 'utf8'))}\n`;
}

type AboutUnknown = NamedFinding & { readonly unknown: string };

function isAboutUnknown(finding: NamedFinding): finding is AboutUnknown {
  return finding.unknown !== undefined && finding.verdict !== 'untested';
}

/** Figures are of this moment; what a device does is in the verdict and the sentence. */
function isSame(one: NamedFinding, other: NamedFinding): boolean {
  return one.verdict === other.verdict && one.device === other.device;
}

async function examineSimulator(quirks: readonly string[], only: readonly string[]): Promise<DoctorReport> {
  const stops: (() => unknown)[] = [];
  try {
    const { examine } = await startExaminedRds({ after: (stop) => stops.push(stop as () => unknown) }, { quirks });
    return await examine({ write: true, only });
  } finally {
    for (const stop of stops) await stop();
  }
}
