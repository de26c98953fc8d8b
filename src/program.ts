import { Command } from 'commander';
import { controllerCommand } from './app/controller/command.ts';
import { doctorCommand } from './app/doctor/command.ts';
import { nodeCommand } from './app/node/command.ts';
import { orphansCommand } from './app/orphans/command.ts';
import { snapshotsCommand } from './app/snapshots/command.ts';
import { VERSION } from './app/version.ts';
import { whyCommand } from './app/why/command.ts';
import { simulateCommand } from './simulator/command.ts';

/** `rose-csi` with all its commands; docs/cli.md is made from it. */
export function program(): Command {
  return helpful(
    new Command('rose-csi')
      .description('Kubernetes CSI driver for the MikroTik ROSE Data Server')
      .version(VERSION)
      .addCommand(controllerCommand())
      .addCommand(nodeCommand())
      .addCommand(doctorCommand())
      .addCommand(orphansCommand())
      .addCommand(snapshotsCommand())
      .addCommand(whyCommand())
      .addCommand(simulateCommand()),
  );
}

/** A wrong use of a command or of one below it says where help is. */
function helpful(command: Command): Command {
  for (const child of command.commands) helpful(child);
  return command.showHelpAfterError('(its flags: the same with --help)');
}
