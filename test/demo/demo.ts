import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { buildBundle } from '../../scripts/build.ts';
import { install, SOURCES } from '../support/installation.ts';
import type { SimulatorApi } from '../support/simulator-api.ts';
import { showConsole } from './household.ts';
import { findPlace } from './place.ts';
import { type OutcomeOfTwo, tellOfTwo } from './second-rds.ts';
import { type Step, Steps } from './steps.ts';
import { type Outcome, tell } from './story.ts';
import { TwoRds } from './two-rds.ts';

const HELP = `Usage: npm run demo [-- OPTION...]

Starts a simulated ROSE Data Server and the rose-csi controller as two processes
on this machine, without root, and drives the controller over its CSI socket: a
volume with data, two snapshots, restores after the source is gone, a clone.
Every byte is compared.

  --second-rds     instead of that: two RDS. Snapshots are copied from the first
                   to the second, incrementally; the process of the first one is
                   killed; claims on the second one restore them
  --backend NAME   where the RDS keeps its bytes: files (the default), which
                   needs nothing, or btrfs: real subvolumes and snapshots, for
                   which you must be root and have btrfs-progs; a filesystem in
                   a sparse file is made and removed again
  --pool-path DIR  with btrfs: use the mounted Btrfs filesystem at DIR instead;
                   the demo works in a directory of its own there and removes it
  --bundle         bundle the program first and run that, as it is shipped,
                   instead of the sources
  --json           print the result as the last line:
                   {ok, backend, steps, restoredIdentical, leaked}; and with
                   --second-rds sentBytes, those of each snapshot
  --console        instead of that story: a household of volumes in which
                   something happens every few seconds, and 'rose-csi console'
                   to look at it; Ctrl-C ends it
  --help           this text
`;

const string = { type: 'string' } as const;
const boolean = { type: 'boolean' } as const;
const options = {
  backend: string,
  'pool-path': string,
  bundle: boolean,
  json: boolean,
  console: boolean,
  'second-rds': boolean,
  help: boolean,
};
const { values } = parseArgs({ options });
const { backend = 'files' } = values;
if (values.help) {
  process.stdout.write(HELP);
} else {
  process.exitCode = (await demonstrate(values.json ?? false)) ? 0 : 1;
}

interface Stage {
  /** The program to start. */
  readonly main: string;
  readonly directory: string;
  readonly show: (text: string) => void;
}

/** What a story came to; what it has more of is printed with it. */
interface Result extends Outcome {
  readonly backend: string;
  readonly steps: readonly Step[];
}

async function demonstrate(asJson: boolean): Promise<boolean> {
  const show = (text: string) => process[asJson ? 'stderr' : 'stdout'].write(text);
  const directory = await mkdtemp(join(tmpdir(), 'rose-csi-demo-'));
  try {
    const rds = values['second-rds'] ? 'two simulated RDS' : 'a simulated RDS';
    show(`rose-csi demo: ${rds}, the controller, and real bytes\n\n`);
    // The page of the console is made by the build.
    const main = values.bundle || values.console ? await buildBundle(join(directory, 'dist')) : SOURCES;
    const stage = { main, directory, show };
    if (values.console) {
      await showHousehold(stage);
      return true;
    }
    const { difference, leaked, ...more } = await (values['second-rds'] ? showTwo(stage) : showOne(stage));
    const restoredIdentical = difference === undefined;
    const ok = restoredIdentical && leaked.length === 0;
    show(`\n  ${restoredIdentical ? 'every byte is identical' : `DIFFERENT: ${difference}`}`);
    show(`; ${leaked.length === 0 ? 'the pool is empty again' : `LEFT OVER: ${leaked.join(', ')}`}\n`);
    if (asJson) process.stdout.write(`${JSON.stringify({ ok, ...more, restoredIdentical, leaked })}\n`);
    return ok;
  } catch (error) {
    show(`\n\n  FAILED: ${error instanceof Error ? error.message : String(error)}\n`);
    return false;
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

async function showOne({ main, directory, show }: Stage): Promise<Result> {
  const place = await findPlace(backend, values['pool-path']);
  try {
    const installation = await install(directory, { main, simulate: place.flags });
    const steps = begin(installation.api, show);
    const outcome = await withLog(installation, () => tell(installation, steps)).finally(installation.stop);
    return { backend: installation.backend, steps: steps.done, ...outcome };
  } finally {
    await place.remove();
  }
}

async function showHousehold(stage: Stage): Promise<void> {
  const place = await findPlace(backend, values['pool-path']);
  try {
    const installation = await install(stage.directory, { main: stage.main, simulate: place.flags });
    await withLog(installation, () => showConsole(installation, stage)).finally(installation.stop);
  } finally {
    await place.remove();
  }
}

async function showTwo({ main, directory, show }: Stage): Promise<Result & OutcomeOfTwo> {
  const two = await TwoRds.start({ main, directory, backend, poolPath: values['pool-path'] });
  const steps = begin(two, show);
  const outcome = await withLog(two, () => tellOfTwo(two, steps, show)).finally(() => two.stop());
  return { backend, steps: steps.done, ...outcome };
}

function begin(counted: Pick<SimulatorApi, 'execs'>, show: Stage['show']): Steps {
  show(`  ${'step'.padEnd(62)}${'time'.padStart(7)}    ${'execs'.padStart(5)}\n`);
  return new Steps(counted, show);
}

/** Adds to an error what the controller logged. */
async function withLog<T>({ log }: { log(): string }, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw new Error(`${error instanceof Error ? error.message : String(error)}\n${log()}`, { cause: error });
  }
}
