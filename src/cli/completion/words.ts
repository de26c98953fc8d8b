import type { Command, Option } from 'commander';
import { HELP } from '../help-command.ts';

/** What can follow the words of a command. */
export interface Place {
  /** As it is typed, e.g. `rose-csi snapshots ls`. */
  readonly path: string;
  readonly subcommands: readonly Word[];
  readonly flags: readonly Flag[];
  /** Values that its first argument can have; empty where these are not known. */
  readonly choices: readonly string[];
}

interface Word {
  readonly name: string;
  readonly text: string;
}

export interface Flag {
  readonly names: readonly string[];
  readonly text: string;
  readonly takesValue: boolean;
  /** Its values, where there is a list of them. */
  readonly choices: readonly string[];
}

/** Values of flags that the command tree does not know itself, by the words before them: `rose-csi doctor --check`. */
export type Values = Readonly<Record<string, readonly string[]>>;

/** All places of the command tree, its root first. */
export function places(command: Command, values: Values, path: string = command.name()): Place[] {
  const help = command.createHelp();
  const subcommands = help.visibleCommands(command);
  return [
    {
      path,
      subcommands: subcommands.map((child) => ({ name: child.name(), text: described(child.description()) })),
      flags: help.visibleOptions(command).map((option) => flag(option, values[`${path} ${option.long}`])),
      choices: choicesOf(command),
    },
    ...command.commands.flatMap((child) => places(child, values, `${path} ${child.name()}`)),
  ];
}

/** Of its first argument; `help` takes the commands beside it. */
function choicesOf(command: Command): readonly string[] {
  if (command.name() === HELP)
    return (command.parent?.commands ?? []).map((one) => one.name()).filter((name) => name !== HELP);
  return command.registeredArguments[0]?.argChoices ?? [];
}

function flag(
  { short, long, description, required, optional, argChoices }: Option,
  values: readonly string[] = [],
): Flag {
  return {
    names: [short, long].filter((name) => name !== undefined),
    text: described(description),
    takesValue: required || optional,
    choices: argChoices ?? values,
  };
}

/**
 * Branches of `case` of a shell for all that takes a value, each by the words before it.
 *
 * @param offer what the shell does with the known values; files where there are none
 */
export function valueCases(all: readonly Place[], offer: (known: readonly string[]) => string): string[] {
  const branch = (words: string, known: readonly string[]): string => `    '${words}') ${offer(known)}; return ;;`;
  return all.flatMap(({ path, flags, choices }) => [
    ...flags.flatMap(({ names, takesValue, choices: known }) =>
      takesValue ? names.map((name) => branch(`${path} ${name}`, known)) : [],
    ),
    ...(choices.length === 0 ? [] : [branch(path, choices)]),
  ]);
}

/** Without what would end the quotes of a shell. */
function described(text: string): string {
  return text.replaceAll(/['\\]/g, '').trim();
}
