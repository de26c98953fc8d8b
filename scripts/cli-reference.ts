/** Writes docs/cli.md from the commands themselves. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Command } from 'commander';
import { program } from '../src/program.ts';

/** Where it is kept. */
export const CLI_PAGE = join(import.meta.dirname, '../docs/cli.md');
const COLUMNS = 80;

/** The page as it has to be. */
export function cliReference(): string {
  const all = commandsOf(program(), '');
  return [
    '# Commands',
    '',
    'What `rose-csi COMMAND --help` prints. This page is made by `node scripts/cli-reference.ts`.',
    '',
    ...all.map(({ path }) => `- [\`${path}\`](#${path.replaceAll(' ', '-')})`),
    '',
    ...all.flatMap(({ path, command }) => [`## ${path}`, '', '```console', helpOf(command), '```', '']),
  ]
    .join('\n')
    .trimEnd()
    .concat('\n');
}

/** A command and how it is called. */
export interface Named {
  readonly path: string;
  readonly command: Command;
}

/** A command and all below it. */
export function commandsOf(command: Command, parent: string): Named[] {
  const path = `${parent} ${command.name()}`.trim();
  return [{ path, command }, ...command.commands.flatMap((part) => commandsOf(part, path))];
}

/** As on a terminal of 80 columns, wherever this runs. */
export function helpOf(command: Command): string {
  let help = '';
  command.configureOutput({
    writeOut: (text) => {
      help += text;
    },
    getOutHelpWidth: () => COLUMNS,
  });
  command.outputHelp();
  return help.trimEnd();
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) await writeFile(CLI_PAGE, cliReference());
