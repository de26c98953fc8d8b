import { Command } from 'commander';

/** Its name. */
export const HELP = 'help';

/** `help [command...]`: as `--help`, and it says so when there is no such command. */
export function helpCommand(): Command {
  return new Command(HELP)
    .description('display help for command')
    .helpOption(false)
    .argument('[command...]')
    .action((names: readonly string[], _flags: object, command: Command) => {
      let at = command.parent ?? command;
      for (const name of names) {
        const child = at.commands.find((one) => one.name() === name);
        if (child === undefined) at.error(`error: unknown command '${name}'`);
        else at = child;
      }
      at.help();
    });
}
