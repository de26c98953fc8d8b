import { randomBytes } from 'node:crypto';
import { VERSION } from '../../src/app/version.ts';
import { consoleOf, writeConfiguration } from './access.ts';
import { Attempts } from './attempts.ts';
import type { Device } from './device.ts';
import { leftovers, listing } from './leftovers.ts';
import type { ProveReport } from './report.ts';
import { removeScratch } from './scratch-item.ts';
import { BENCH } from './suites/bench.ts';
import { type RunningController, removeAll, startController } from './suites/controller.ts';
import { DOCTOR } from './suites/doctor.ts';
import { INITIATOR } from './suites/initiator.ts';
import { LABELS, labelsSuite } from './suites/labels.ts';
import { RAW_ANSWERS } from './suites/raw-answers.ts';
import { SANITY } from './suites/sanity.ts';
import { STORIES } from './suites/stories.ts';
import type { Ground, Suite } from './suites/suite.ts';

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
  const { access, target, restart, formatSpare, guests } = device;
  const clusterId = `rose-prove-${randomBytes(4).toString('hex')}`;
  const configFile = await writeConfiguration(directory, access, clusterId);
  let running: Promise<RunningController> | undefined;
  const controller = () => {
    running ??= startController(configFile, directory);
    return running;
  };
  const given = { directory, access, clusterId, configFile, controller, show };
  const attempts = new Attempts({ ...given, ...(restart && { restart }), ...(guests && { guests }) }, signal);
  // What makes the pool unusable comes when the rest is done, and what it left is known.
  const last = formatSpare === undefined ? [] : [labelsSuite(() => formatSpare(access.pool.label))];
  const isChosen = ({ name }: Suite) => only.length === 0 || only.includes(name);
  attempts.leaveOut([...SUITES, ...last].filter((suite) => !isChosen(suite)));

  const before = await listing(access);
  for (const suite of SUITES.filter(isChosen)) await attempts.run(suite);
  await stopped(running);
  const left = await cleanedUp(given, before);
  for (const suite of last.filter(isChosen)) await attempts.run(suite);

  const { results, answers, doctor, transcripts } = attempts;
  const shown = device.consoleTranscript();
  const report: ProveReport = {
    format: 1,
    startedAt,
    version: VERSION,
    target,
    answers,
    suites: results,
    left,
    ...(doctor !== undefined && { doctor }),
  };
  return { report, transcripts: shown === '' ? transcripts : new Map([...transcripts, ['console', shown]]) };
}

/**
 * Removes what a suite left that failed or was interrupted.
 *
 * @param before the listing of the device from the beginning.
 * @returns what is left all the same.
 */
async function cleanedUp(
  { access, clusterId, configFile, directory, show }: Ground,
  before: readonly string[],
): Promise<readonly string[]> {
  const left = async () => leftovers(before, await listing(access), clusterId);
  const remaining = await left();
  if (remaining.length === 0) return remaining;
  show('remove what is left');
  const complain = (error: unknown) => show(`  ${String(error)}`);
  // Another process: the first may be what failed, or was interrupted with this one.
  const running = startController(configFile, directory);
  running.catch(complain);
  await stopped(running);
  const console = consoleOf(access);
  const names = (await left()).filter((name) => name.startsWith(`${clusterId}-`));
  for (const name of names) await removeScratch(console, name).catch(complain);
  console.close();
  return await left();
}

/** Removes what is there of the cluster, and ends the controller. */
async function stopped(running: Promise<RunningController> | undefined): Promise<void> {
  const controller = await running?.catch(() => undefined);
  if (controller === undefined) return;
  // What stays is found by listing the device.
  await removeAll(controller).catch(() => undefined);
  await controller.stop();
}

/** @throws Error when there is no suite of such a name. */
export function checkSuites(only: readonly string[]): void {
  const names = [...SUITES.map(({ name }) => name), LABELS];
  const unknown = only.find((name) => !names.includes(name));
  if (unknown !== undefined) throw new Error(`--only ${unknown}: the suites are ${names.join(', ')}`);
}
