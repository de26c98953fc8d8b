import type { Command } from 'commander';
import { nearest } from '../schema/nearest.ts';

/** What other programs call what is called otherwise here. */
const SYNONYMS: Readonly<Record<string, readonly string[]>> = {
  delete: ['remove', 'rm', 'del', 'destroy'],
  ls: ['list', 'tree'],
  report: ['show', 'find'],
  why: ['explain', 'describe'],
  simulate: ['simulator'],
  '--version': ['version'],
};

/** `Did you mean …?` in a line of its own; empty when nothing is like it. */
export function didYouMean(meant: string | undefined): string {
  return meant === undefined ? '' : `\n(Did you mean ${meant}?)`;
}

/** The command or flag below `command` that was meant by a word that stands where a command belongs. */
export function commandMeant(command: Command, word: string): string | undefined {
  const names = command
    .createHelp()
    .visibleCommands(command)
    .map((child) => child.name());
  const [synonym] = Object.entries(SYNONYMS).find(([, words]) => words.includes(word)) ?? [];
  if (synonym !== undefined && [...names, ...flagsOf(command)].includes(synonym)) return synonym;
  return nearest(word, names);
}

/** The flag of `command` that was meant. */
export function flagMeant(command: Command, flag: string): string | undefined {
  const [name = ''] = flag.split('=', 1);
  const begun = flagsOf(command).filter((one) => one.startsWith(name));
  return begun.length === 1 ? begun[0] : nearest(name, flagsOf(command));
}

/** What a word too many was meant for: a file, which belongs behind its flag. */
export function argumentMeant(command: Command, words: readonly string[]): string | undefined {
  const [word, second] = words;
  if (word === undefined || second !== undefined || command.getOptionValue('config') !== undefined) return undefined;
  return flagsOf(command).includes('--config') ? `--config ${word}` : undefined;
}

function flagsOf(command: Command): string[] {
  return command
    .createHelp()
    .visibleOptions(command)
    .flatMap(({ long }) => long ?? []);
}
