import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type Installation, install } from '../support/installation.ts';
import { Steps } from './steps.ts';
import { tell } from './story.ts';

const HELP = `Usage: npm run demo [-- --json]

Starts a simulated ROSE Data Server and the rose-csi controller as two processes on this
machine, without root, and drives the controller over its CSI socket: a volume with data,
two snapshots, restores after the source is gone, a clone. Every byte is compared.

  --json   print the result as the last line: {ok, backend, steps, restoredIdentical, leaked}
  --help   this text
`;

const { values } = parseArgs({ options: { json: { type: 'boolean' }, help: { type: 'boolean' } } });
if (values.help) {
  process.stdout.write(HELP);
} else {
  process.exitCode = (await demonstrate(values.json ?? false)) ? 0 : 1;
}

async function demonstrate(asJson: boolean): Promise<boolean> {
  const show = (text: string) => process[asJson ? 'stderr' : 'stdout'].write(text);
  const directory = await mkdtemp(join(tmpdir(), 'rose-csi-demo-'));
  let installation: Installation | undefined;
  try {
    show('rose-csi demo: a simulated box, the controller, and real bytes\n\n');
    installation = await install(directory);
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
    await rm(directory, { recursive: true, force: true });
  }
}
