import { writeFile } from 'node:fs/promises';
import { Command } from 'commander';

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
snapshot and a clone are read back, and what nobody knows of RouterOS is tried
(U1 to U25 in docs/routeros.md).

  ✓ fits                ! differs, and the driver copes
  ✗ not usable so       ? could not be tested

Exit status:
  0  the boxes fit, as far as was tested
  1  something is not usable: see the lines marked ✗
  2  could not run, or not to the end: configuration, connection, log in,
     interrupted

A first look, which changes nothing, and the whole, before you trust it with
data:
  rose-csi doctor --config rose-csi.yaml
  rose-csi doctor --config rose-csi.yaml --write --report doctor.md
`;

function collect(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value];
}

/** `rose-csi doctor`. What it needs is loaded when it runs. */
export function doctorCommand(): Command {
  return (
    new Command('doctor')
      .description('Examine the configured boxes: does what the driver assumes hold there?')
      .requiredOption('--config <file>', 'configuration file of the controller, YAML or JSON')
      .option('--write', 'test with scratch objects, which are removed again')
      .option('--pool <label>', 'with --write: only in this pool; repeat for more', collect)
      .option('--check <id>', 'only this test (ids as in --json), and what it rests on; repeat for more', collect)
      .option('--remove-leftovers', 'with --write: remove what earlier doctors left more than 15 minutes ago')
      .option('--json', 'print one JSON object instead of the table')
      .option('--report <file>', 'write the findings as markdown too, for a bug report: no keys, users, addresses')
      .option('--with-addresses', 'leave addresses and host names in that file')
      .addHelpText('after', HELP)
      // A mistake in the flags is status 2, too.
      .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : 2))
      .action(async (flags: DoctorFlags) => {
        try {
          process.exitCode = await doctor(flags);
        } catch (error) {
          console.error(`rose-csi doctor: ${error instanceof Error ? error.message : String(error)}`);
          process.exitCode = 2;
        }
      })
  );
}

async function doctor(flags: DoctorFlags): Promise<number> {
  if (flags.write !== true && (flags.removeLeftovers === true || flags.pool !== undefined)) {
    throw new Error('--pool and --remove-leftovers go with --write');
  }
  const { readConfiguration } = await import('../configuration.ts');
  const config = await readConfiguration(flags.config);
  const [{ runDoctor }, { printTable }, { printMarkdown }, { VERSION }] = await Promise.all([
    import('../../doctor/doctor.ts'),
    import('../../doctor/report/table.ts'),
    import('../../doctor/report/markdown.ts'),
    import('../version.ts'),
  ]);
  const interruption = interruptible();
  const progress = progressLine(process.stderr);
  const report = await runDoctor({
    config,
    ...{ write: flags.write ?? false, removeLeftovers: flags.removeLeftovers ?? false },
    ...{ pools: flags.pool ?? [], only: flags.check ?? [] },
    signal: interruption.signal,
    onProgress: (box, title) => progress.show(`${box}: ${title}`),
  }).finally(() => {
    progress.clear();
    interruption.dispose();
  });
  const { stdout } = process;
  const colour = stdout.isTTY === true && !process.env['NO_COLOR'];
  stdout.write(flags.json === true ? `${JSON.stringify(report)}\n` : printTable(report, colour));
  if (flags.report !== undefined) {
    const options = { version: VERSION, backends: config.backends, withAddresses: flags.withAddresses ?? false };
    await writeFile(flags.report, printMarkdown(report, options));
  }
  return report.exitCode;
}

/** The first signal ends the tests, and what was made is removed; a second one ends the process at once. */
function interruptible(): { readonly signal: AbortSignal; dispose(): void } {
  const controller = new AbortController();
  const stop = (): void => {
    process.stderr.write('\nStopping after this command, then removing what was made. Once more to leave it there.\n');
    controller.abort(new Error('interrupted'));
    dispose();
  };
  const dispose = (): void => {
    process.off('SIGINT', stop).off('SIGTERM', stop);
  };
  process.on('SIGINT', stop).on('SIGTERM', stop);
  return { signal: controller.signal, dispose };
}

/** What is being done now: one line that changes on a terminal, a line each elsewhere. */
function progressLine(stream: NodeJS.WriteStream): { show(text: string): void; clear(): void } {
  const rewrites = stream.isTTY === true;
  return {
    show: (text) => void stream.write(rewrites ? `\r\x1b[K${text.slice(0, 79)}` : `${text}\n`),
    clear: () => void (rewrites && stream.write('\r\x1b[K')),
  };
}
