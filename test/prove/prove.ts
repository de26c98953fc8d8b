import { randomBytes } from 'node:crypto';
import { VERSION } from '../../src/app/version.ts';
import { until } from '../support/until.ts';
import { type Access, consoleOf, writeConfiguration } from './access.ts';
import { Attempts } from './attempts.ts';
import type { Device } from './device.ts';
import { leftovers, listing, marksOf, type Shown } from './leftovers.ts';
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

/** How long the removal of what is left may take, in ms. */
const REMOVAL_MS = 20_000;

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
  const { run, doctor: ofDoctor } = marksOf(clusterId);
  // Whoever kills this process has to remove what is there by hand.
  show(`what is made on the device has ${[...run, ofDoctor].join(', ')} in its name`);
  for (const suite of SUITES.filter(isChosen)) await attempts.run(suite);
  await stopped(running);
  const left = await cleanedUp(given, before).catch((error: unknown) => [
    `not known, as the device cannot be listed (${String(error)})`,
  ]);
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
 * @throws Error when the device cannot be listed.
 */
async function cleanedUp(
  { access, clusterId, configFile, directory, show }: Ground,
  before: readonly Shown[],
): Promise<readonly string[]> {
  const { run, doctor } = marksOf(clusterId);
  const left = async (marks: readonly string[]) => leftovers(before, await listing(access), marks);
  if ((await left([...run, doctor])).length > 0) {
    show('remove what is left');
    // Another process: the first may be what failed, or was interrupted with this one.
    const running = startController(configFile, directory);
    running.catch((error: unknown) => show(`  ${String(error)}`));
    await stopped(running);
    await removedByHand(access, () => left(run));
  }
  return (await left([...run, doctor])).map(({ name, path }) => path ?? name);
}

/**
 * Removes what the driver does not, as when the device shows a name otherwise than it was sent: by the name that it shows. It
 * may be in use for a moment after what used it is gone (docs/routeros.md, U9).
 */
async function removedByHand(access: Access, left: () => Promise<readonly Shown[]>): Promise<void> {
  const console = consoleOf(access);
  const isGone = async () => {
    // Disk items before the subvolumes that they use, and the youngest first.
    for (const { name } of (await left()).toReversed()) await removeScratch(console, name);
    return (await left()).length === 0;
  };
  // What stays is found by listing the device.
  await until(isGone, REMOVAL_MS, 500).catch(() => undefined);
  console.close();
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
