import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Command } from 'commander';
import { controllerCommand } from '../../src/app/controller-command.ts';
import { doctorCommand } from '../../src/app/doctor-command.ts';
import { nodeCommand } from '../../src/app/node-command.ts';
import { orphansCommand } from '../../src/app/orphans-command.ts';
import { snapshotsCommand } from '../../src/app/snapshots-command.ts';
import { whyCommand } from '../../src/app/why-command.ts';
import { simulateCommand } from '../../src/simulator/command.ts';

const COLUMNS = 80;

/** The commands that do something, with all sub-commands. */
function all(command: Command): Command[] {
  return [command, ...command.commands.flatMap(all)];
}

for (const top of [
  controllerCommand(),
  nodeCommand(),
  doctorCommand(),
  orphansCommand(),
  snapshotsCommand(),
  whyCommand(),
  simulateCommand(),
]) {
  for (const command of all(top)) {
    test(`the help of ${top.name()} ${command === top ? '' : command.name()} fits a terminal`, () => {
      let help = '';
      command.configureOutput({ writeOut: (text) => (help += text), getOutHelpWidth: () => COLUMNS });
      command.outputHelp();
      assert.match(help, /^Usage: /);
      assert.deepEqual(
        help.split('\n').filter((line) => line.length > COLUMNS),
        [],
      );
    });
  }
}
