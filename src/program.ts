import { Command } from 'commander';
import { controllerCommand } from './app/controller/command.ts';
import { nodeCommand } from './app/node/command.ts';
import { VERSION } from './app/version.ts';
import { completionCommand } from './cli/completion/command.ts';
import { helpCommand } from './cli/help-command.ts';
import { doctorCommand } from './doctor/command/command.ts';
import { orphansCommand } from './orphans/command/command.ts';
import { replicasCommand } from './replicas/command/command.ts';
import { simulateCommand } from './simulator/command/command.ts';
import { snapshotsCommand } from './snapshots/command/command.ts';
import { consoleCommand } from './web-console/command/command.ts';
import { whyCommand } from './why/command/command.ts';

/** Values of flags that only their own commands load. */
async function flagValues() {
  const [{ QUIRKS }, { ALL_CHECKS }] = await Promise.all([
    import('./simulator/quirks/quirks.ts'),
    import('./doctor/checks/all.ts'),
  ]);
  return {
    'rose-csi simulate --quirk': QUIRKS.map(({ name }) => name),
    'rose-csi doctor --check': ALL_CHECKS.map(({ id }) => id),
  };
}

/** `rose-csi` with all its commands; docs/cli.md is made from it. */
export function program(): Command {
  return new Command('rose-csi')
    .description('Kubernetes CSI driver for the MikroTik ROSE Data Server')
    .version(VERSION, '-v, --version', 'print the version')
    .addCommand(controllerCommand())
    .addCommand(nodeCommand())
    .addCommand(doctorCommand())
    .addCommand(orphansCommand())
    .addCommand(snapshotsCommand())
    .addCommand(replicasCommand())
    .addCommand(whyCommand())
    .addCommand(consoleCommand())
    .addCommand(simulateCommand())
    .addCommand(completionCommand(flagValues))
    .helpCommand(false)
    .addCommand(helpCommand());
}
