import type { Command, Option } from 'commander';

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

/** All places of the command tree, its root first. */
export function places(command: Command, path: string = command.name()): Place[] {
  const help = command.createHelp();
  const subcommands = help.visibleCommands(command);
  return [
    {
      path,
      subcommands: subcommands.map((child) => ({ name: child.name(), text: firstSentence(child.description()) })),
      flags: help.visibleOptions(command).map(flag),
      choices: command.registeredArguments[0]?.argChoices ?? [],
    },
    ...command.commands.flatMap((child) => places(child, `${path} ${child.name()}`)),
  ];
}

function flag({ short, long, description, required, optional, argChoices = [] }: Option): Flag {
  return {
    names: [short, long].filter((name) => name !== undefined),
    text: firstSentence(description),
    takesValue: required || optional,
    choices: argChoices,
  };
}

/** Short enough to stand beside a word in a menu, and without what a shell would read in it. */
function firstSentence(text: string): string {
  return text
    .replace(/[:;,(].*$/s, '')
    .replaceAll(/[^\w .<>=/-]/g, '')
    .trim();
}
