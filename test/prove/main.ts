import { access, mkdtemp, rm, rmdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { guardOutput } from '../../src/cli/output.ts';
import { visible } from '../../src/cli/printable.ts';
import { buildSystem } from '../data-plane/guests.ts';
import { apply } from './apply.ts';
import { HELP, type HostPlan, type Plan, readArgs } from './args.ts';
import { type Device, existingDevice, virtualDevice } from './device.ts';
import { checkImage } from './machine.ts';
import { checkSuites, prove } from './prove.ts';
import { OF_THIS_MACHINE, redacted } from './redact.ts';
import { isGood, makeReportFolder, reportPage, writeReport } from './report.ts';
import { ROLE } from './suites/initiator.ts';

/** What ends a program from outside: Ctrl-C, `kill`, and a terminal that is closed. */
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

// A reader that has gone (`| head`) must not end it before what was made is removed.
guardOutput();
try {
  process.exitCode = await main(readArgs(process.argv.slice(2)));
} catch (error) {
  process.stderr.write(visible(`prove: ${error instanceof Error ? error.message : String(error)}\n`));
  process.exitCode = 2;
}

/** @returns the exit status: 0 when nothing failed and nothing is left on the device, else 1. */
async function main(plan: Plan): Promise<number> {
  if (plan.mode === 'help') {
    process.stdout.write(HELP);
    return 0;
  }
  if (plan.mode === 'apply') {
    // A report may be anyone's.
    process.stdout.write(visible(await apply(plan.report)));
    return 0;
  }
  checkSuites(plan.only);
  if (plan.mode === 'host') await mustBeMeant(plan);
  const begin = new Date().toISOString().slice(0, 19).replaceAll(':', '');
  const folder = resolve(plan.out ?? `rose-csi-report-${begin}`);
  await makeReportFolder(folder);
  const directory = await mkdtemp(join(tmpdir(), 'rose-csi-prove-'));
  const interruption = interruptible();
  let device: Device | undefined;
  try {
    device = await deviceOf(plan, directory);
    const { report, transcripts } = await prove({
      device,
      directory,
      only: plan.only,
      signal: interruption.signal,
      show,
    });
    const secrets = [...device.secrets, ...OF_THIS_MACHINE];
    await writeReport(folder, report, transcripts, secrets).catch((error: unknown) => {
      // What took so long is not lost to a disk that is full by now.
      process.stdout.write(visible(redacted(reportPage(report), secrets)));
      throw error;
    });
    if (report.left.length > 0) show(`left on the device: ${report.left.join(', ')}`);
    const settled = report.answers.filter(({ state }) => state === 'settled').length;
    show(`${settled} of ${report.answers.length} unknowns are settled. The report, to attach to an issue: ${folder}`);
    return isGood(report) ? 0 : 1;
  } finally {
    interruption.dispose();
    await device?.stop();
    await rm(directory, { recursive: true, force: true });
    // Where there is no report.
    for (const empty of [join(folder, 'transcripts'), folder]) await rmdir(empty).catch(() => undefined);
  }
}

async function deviceOf(plan: Extract<Plan, { only: readonly string[] }>, directory: string): Promise<Device> {
  if (plan.mode === 'host') return await existingDevice(plan, directory);
  if (plan.mode === 'chr') {
    const image = resolve(plan.image);
    await checkImage(image);
    if (plan.package !== undefined) await access(plan.package);
    return await virtualDevice({ ...plan, kind: 'chr', boot: { image } }, directory, show);
  }
  const system = await buildSystem(['stand-in', ROLE], join(import.meta.dirname, 'guest'));
  try {
    const machine = { kind: 'stand-in', package: undefined, online: false, accelerator: 'tcg' } as const;
    const device = await virtualDevice({ ...machine, boot: { standIn: system } }, directory, show);
    return { ...device, guests: system, stop: async () => void (await Promise.all([device.stop(), system.remove()])) };
  } catch (error) {
    await system.remove();
    throw error;
  }
}

/** @throws Error when the user does not mean it, or cannot be asked. */
async function mustBeMeant({ host, pool, yes }: HostPlan): Promise<void> {
  if (yes) return;
  if (!process.stdin.isTTY) throw new Error('no one can be asked here whether it is meant: give --yes');
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  const question = `Volumes, snapshots and disk items are made in the pool ${pool} of ${host}, exported, and removed again. Go on? [y/N] `;
  const answer = await terminal.question(question);
  terminal.close();
  if (!/^y(es)?$/i.test(answer.trim())) throw new Error('not confirmed: nothing was done');
}

/** The first signal lets nothing more begin, and what was made is removed; a second one ends the process at once. */
function interruptible(): { readonly signal: AbortSignal; dispose(): void } {
  const controller = new AbortController();
  const stop = (): void => {
    show('Stopping after this, then removing what was made. Press Ctrl-C again to leave it there.');
    controller.abort();
    dispose();
  };
  const dispose = (): void => {
    for (const signal of SIGNALS) process.off(signal, stop);
  };
  for (const signal of SIGNALS) process.on(signal, stop);
  return { signal: controller.signal, dispose };
}

function show(line: string): void {
  process.stderr.write(visible(`${new Date().toISOString().slice(11, 19)} ${line}\n`));
}
