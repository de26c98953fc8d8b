import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { buildBundle } from '../../scripts/build.ts';
import { type Installation, install, SOURCES } from '../support/installation.ts';
import { showConsole } from './household.ts';
import { findPlace, type Place } from './place.ts';
import { Steps } from './steps.ts';
import { tell } from './story.ts';

const HELP = `Usage: npm run demo [-- --backend btrfs] [--pool-path DIR] [--bundle] [--json] [--console]

Starts a simulated ROSE Data Server and the rose-csi controller as two processes on this
machine, without root, and drives the controller over its CSI socket: a volume with data,
two snapshots, restores after the source is gone, a clone. Every byte is compared.

  --backend NAME   where the RDS keeps its bytes: files (the default), which needs nothing,
                   or btrfs: real subvolumes and snapshots, for which you must be root and
                   have btrfs-progs; a filesystem in a sparse file is made and removed again
  --pool-path DIR  with btrfs: use the mounted Btrfs filesystem at DIR instead; the demo works
                   in a directory of its own there and removes it
  --bundle         bundle the program first and run that, as it is shipped, instead of the sources
  --json           print the result as the last line:
                   {ok, backend, steps, restoredIdentical, leaked}
  --console        instead of that story: a household of volumes in which something happens
                   every few seconds, and 'rose-csi console' to look at it; Ctrl-C ends it
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
  help: boolean,
};
const { values } = parseArgs({ options });
if (values.help) {
  process.stdout.write(HELP);
} else {
  process.exitCode = (await demonstrate(values.json ?? false)) ? 0 : 1;
}

async function demonstrate(asJson: boolean): Promise<boolean> {
  const show = (text: string) => process[asJson ? 'stderr' : 'stdout'].write(text);
  const directory = await mkdtemp(join(tmpdir(), 'rose-csi-demo-'));
  let place: Place | undefined;
  let installation: Installation | undefined;
  try {
    show('rose-csi demo: a simulated RDS, the controller, and real bytes\n\n');
    place = await findPlace(values.backend ?? 'files', values['pool-path']);
    // The page is made by the build.
    const isBuilt = values.bundle === true || values.console === true;
    const main = isBuilt ? await buildBundle(join(directory, 'dist')) : SOURCES;
    installation = await install(directory, { main, simulate: place.flags });
    if (values.console === true) {
      await showConsole(installation, { main, directory, show });
      return true;
    }
    show(`  ${'step'.padEnd(62)}${'time'.padStart(7)}    ${'execs'.padStart(5)}\n`);
    const steps = new Steps(installation.api, show);
    const { difference, leaked } = await tell(installation, steps);
    const restoredIdentical = difference === undefined;
    const ok = restoredIdentical && leaked.length === 0;
    show(`\n  ${restoredIdentical ? 'every byte is identical' : `DIFFERENT: ${difference}`}`);
    show(`; ${leaked.length === 0 ? 'the pool is empty again' : `LEFT OVER: ${leaked.join(', ')}`}\n`);
    if (asJson) {
      const line = { ok, backend: installation.backend, steps: steps.done, restoredIdentical, leaked };
      process.stdout.write(`${JSON.stringify(line)}\n`);
    }
    return ok;
  } catch (error) {
    show(`\n\n  FAILED: ${error instanceof Error ? error.message : String(error)}\n${installation?.log() ?? ''}`);
    return false;
  } finally {
    await installation?.stop();
    await place?.remove();
    await rm(directory, { recursive: true, force: true });
  }
}
