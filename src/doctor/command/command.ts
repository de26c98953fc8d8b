import { writeFile } from 'node:fs/promises';
import { Command } from 'commander';
import { exitHelp } from '../../cli/exit-codes.ts';
import { collect, withConfig, withJson } from '../../cli/flags.ts';
import { print, printJson, printNote } from '../../cli/output.ts';
import { visible } from '../../cli/printable.ts';
import { progressOn } from '../../cli/progress.ts';
import { columns, hasColour } from '../../cli/terminal.ts';
import { UsageError } from '../../cli/usage-error.ts';
import { reasonOf } from '../../failures/system-error.ts';

interface DoctorFlags {
  readonly config: string;
  readonly write?: boolean;
  readonly removeLeftovers?: boolean;
  readonly pool?: readonly string[];
  readonly check?: readonly string[];
  readonly json?: boolean;
  readonly report?: string;
  readonly withAddresses?: boolean;
}

const HELP = `
Without --write everything is only read. With it, scratch objects named
rose-doctor-… are made in the pools and removed again, also after Ctrl-C or an
error: subvolumes with small images and texts, never anything of yours. A
snapshot and a clone are read back, and what no one knows of RouterOS is tried
(U1 to U42 in docs/routeros.md). Where a pool has a replica, scratch snapshots
are sent there, and compared.

  ✓ fits                ! differs, and the driver copes
  ✗ not usable so       ? could not be tested

A first look, which changes nothing, and the whole, before you trust it with
data:
  rose-csi doctor --config rose-csi.yaml
  rose-csi doctor --config rose-csi.yaml --write --report doctor.md
`;

const EXIT_HELP = exitHelp({
  well: 'the backends fit, as far as was tested',
  found: 'something is not usable: see the lines marked ✗',
  failed: 'could not run, or did not finish: configuration, key files, connection,\n     login, interrupted',
});

/** `rose-csi doctor`. What it needs is loaded when it runs. */
export function doctorCommand(): Command {
  const command = new Command('doctor').description(
    'Examine the configured backends: does what the driver assumes hold there?',
  );
  withConfig(command)
    .option('--write', 'test with scratch objects, which are removed again')
    .option('--pool <label>', 'with --write: only in this pool; repeat for more', collect)
    .option('--check <id>', 'only this test (ids as in --json), and what it rests on; repeat for more', collect)
    .option('--remove-leftovers', 'with --write: remove what earlier doctors left more than 15 minutes ago');
  return withJson(command, ' instead of the table')
    .option('--report <file>', 'write the findings as markdown too, for a bug report: no keys, users, addresses')
    .option('--with-addresses', 'leave addresses and host names in that file')
    .addHelpText('after', `${HELP}${EXIT_HELP}`)
    .action(async (flags: DoctorFlags) => {
      process.exitCode = await doctor(flags);
    });
}

async function doctor(flags: DoctorFlags): Promise<number> {
  if (flags.write !== true && (flags.removeLeftovers === true || flags.pool !== undefined)) {
    throw new UsageError('--pool and --remove-leftovers go with --write');
  }
  if (flags.withAddresses === true && flags.report === undefined) {
    throw new UsageError('--with-addresses goes with --report');
  }
  const [{ loadConfig }, { runDoctor, usageProblem }, { printReport }, { printMarkdown }, { VERSION }] =
    await Promise.all([
      import('../../config/load.ts'),
      import('../doctor.ts'),
      import('../report/table.ts'),
      import('../report/markdown.ts'),
      import('../../app/version.ts'),
    ]);
  const config = await loadConfig(flags.config);
  const plan = {
    config,
    write: flags.write ?? false,
    removeLeftovers: flags.removeLeftovers ?? false,
    pools: flags.pool ?? [],
    only: flags.check ?? [],
  };
  const problem = usageProblem(plan);
  if (problem !== undefined) throw new UsageError(problem);
  // Before anything is examined: that takes a minute, and would be lost.
  if (flags.report !== undefined) await writeReport(flags.report, '', 'a');
  const interruption = interruptible();
  const progress = progressOn();
  const report = await runDoctor({
    ...plan,
    signal: interruption.signal,
    onProgress: (rds, title) => progress.show(`${rds}: ${title}`),
  }).finally(() => {
    progress.clear();
    interruption.dispose();
  });
  // The file first: whoever reads the table may be gone before its end.
  if (flags.report !== undefined) {
    const options = { version: VERSION, backends: config.backends, withAddresses: flags.withAddresses ?? false };
    await writeReport(flags.report, visible(printMarkdown(report, options)), 'w');
  }
  if (flags.json === true) printJson(report);
  else print(printReport(report, { width: columns(), colour: hasColour() }));
  return report.exitCode;
}

/** @throws Error that says which file cannot be written, and why. */
async function writeReport(file: string, text: string, flag: 'a' | 'w'): Promise<void> {
  try {
    await writeFile(file, text, { flag });
  } catch (cause) {
    throw new Error(`the report ${file} cannot be written: ${reasonOf(cause, 'it')}`, { cause });
  }
}

/** What ends a program from outside: Ctrl-C, `kill`, and a terminal that is closed. */
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** The first signal ends the tests, and what was made is removed; a second one ends the process at once. */
function interruptible(): { readonly signal: AbortSignal; dispose(): void } {
  const controller = new AbortController();
  const stop = (): void => {
    printNote('\nStopping after this command, then removing what was made. Press Ctrl-C again to leave it there.\n');
    controller.abort(new Error('interrupted'));
    dispose();
  };
  const dispose = (): void => {
    for (const signal of SIGNALS) process.off(signal, stop);
  };
  for (const signal of SIGNALS) process.on(signal, stop);
  return { signal: controller.signal, dispose };
}
