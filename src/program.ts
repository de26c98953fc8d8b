import { Command } from 'commander';
import { controllerCommand } from './app/controller/command.ts';
import { doctorCommand } from './app/doctor/command.ts';
import { nodeCommand } from './app/node/command.ts';
import { orphansCommand } from './app/orphans/command.ts';
import { replicasCommand } from './app/replicas/command.ts';
import { simulateCommand } from './app/simulate/command.ts';
import { snapshotsCommand } from './app/snapshots/command.ts';
import { VERSION } from './app/version.ts';
import { whyCommand } from './app/why/command.ts';
import { completionCommand } from './cli/completion/command.ts';

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
    .addCommand(simulateCommand())
    .addCommand(completionCommand());
}
