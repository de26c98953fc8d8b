import { randomBytes } from 'node:crypto';
import { VERSION } from '../../src/app/version.ts';
import type { DoctorReport } from '../../src/doctor/doctor.ts';
import { writeConfiguration } from './access.ts';
import { answersFrom, type Observation } from './answers.ts';
import type { Device } from './device.ts';
import { leftovers, listing } from './leftovers.ts';
import type { ProveReport, SuiteResult } from './report.ts';
import { BENCH } from './suites/bench.ts';
import { type RunningController, removeAll, startController } from './suites/controller.ts';
import { DOCTOR } from './suites/doctor.ts';
import { INITIATOR } from './suites/initiator.ts';
import { LABELS, labelsSuite } from './suites/labels.ts';
import { RAW_ANSWERS } from './suites/raw-answers.ts';
import { SANITY } from './suites/sanity.ts';
import { STORIES } from './suites/stories.ts';
import { failed, type Ground, type Outcome, type Suite } from './suites/suite.ts';
import type { Source } from './unknowns.ts';

/** On every device, in this order. */
const SUITES: readonly Suite[] = [DOCTOR, RAW_ANSWERS, INITIATOR, SANITY, STORIES, BENCH];

export interface ProveOptions {
  readonly device: Device;
  readonly directory: string;
  /** Names of suites, as {@link checkSuites} takes them; all when empty. */
  readonly only: readonly string[];
  /** After it nothing more is begun; what was made is removed all the same. */
  readonly signal: AbortSignal;
  show(line: string): void;
}

export interface Proven {
  readonly report: ProveReport;
  /** By suite. */
  readonly transcripts: ReadonlyMap<string, string>;
}

/**
 * Tries everything on a device and looks what is left on it.
 *
 * @throws Error when the device cannot be listed.
 */
export async function prove({ device, directory, only, signal, show }: ProveOptions): Promise<Proven> {
  const startedAt = new Date().toISOString();
  const { access, target } = device;
  const clusterId = `rose-prove-${randomBytes(4).toString('hex')}`;
  const configFile = await writeConfiguration(directory, access, clusterId);
  const { restart, formatSpare, guests } = device;
  let running: Promise<RunningController> | undefined;
  const controller = () => {
    running ??= startController(configFile, directory);
    return running;
  };
  const ground: Ground = {
    directory,
    access,
    clusterId,
    configFile,
    controller,
    show,
    ...(restart && { restart }),
    ...(guests && { guests }),
  };
  const last = formatSpare === undefined ? [] : [labelsSuite(() => formatSpare(access.pool.label))];
  const isChosen = ({ name }: Suite) => only.length === 0 || only.includes(name);
  const results: SuiteResult[] = [];
  const transcripts = new Map<string, string>();
  const observations: Observation[] = [];
  const obstacles: Partial<Record<Source, string>> = {};
  for (const { name, tells } of [...SUITES, ...last].filter((suite) => !isChosen(suite))) {
    for (const source of tells) obstacles[source] = `${name} was left out by --only`;
  }
  let doctor: DoctorReport | undefined;

  const attempt = async (suite: Suite): Promise<void> => {
    show(suite.name);
    const begin = performance.now();
    const outcome: Outcome = signal.aborted
      ? failed(new Error('interrupted'))
      : await suite
          .run(ground)
          .catch((error: unknown) => failed(error, error instanceof Error ? (error.stack ?? '') : ''));
    const { state, said, more, transcript } = outcome;
    const seconds = Math.round((performance.now() - begin) / 1000);
    results.push({ name: suite.name, state, said, seconds, ...(more !== undefined && { more }) });
    transcripts.set(suite.name.replaceAll(' ', '-'), transcript);
    observations.push(...(outcome.observations ?? []));
    doctor ??= outcome.doctor;
    if (state !== 'passed') for (const source of suite.tells) obstacles[source] = `${suite.name}: ${said}`;
    show(`  ${state} in ${seconds} s: ${said}`);
  };

  const before = await listing(access);
  const left = async () => leftovers(before, await listing(access), clusterId);
  for (const suite of SUITES.filter(isChosen)) await attempt(suite);
  await stopped(running);
  running = undefined;
  let remaining = await left();
  if (remaining.length > 0) {
    show('remove what is left');
    // Another process: the first may be what failed, or was interrupted with this one.
    await controller().catch((error: unknown) => show(`  ${String(error)}`));
    await stopped(running);
    remaining = await left();
  }
  for (const suite of last.filter(isChosen)) await attempt(suite);
  const shell = device.consoleTranscript();
  if (shell !== '') transcripts.set('console', shell);
  const answers = answersFrom(observations, obstacles);
  return {
    report: {
      format: 1,
      startedAt,
      version: VERSION,
      target,
      answers,
      suites: results,
      left: remaining,
      ...(doctor !== undefined && { doctor }),
    },
    transcripts,
  };
}

/** Removes what is there of the cluster, and ends the controller. */
async function stopped(running: Promise<RunningController> | undefined): Promise<void> {
  const controller = await running?.catch(() => undefined);
  if (controller === undefined) return;
  await removeAll(controller).catch(() => undefined);
  await controller.stop();
}

/** @throws Error when there is no suite of such a name. */
export function checkSuites(only: readonly string[]): void {
  const names = [...SUITES.map(({ name }) => name), LABELS];
  const unknown = only.find((name) => !names.includes(name));
  if (unknown !== undefined) throw new Error(`--only ${unknown}: the suites are ${names.join(', ')}`);
}
