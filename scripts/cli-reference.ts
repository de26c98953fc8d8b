/** Writes docs/cli.md from the commands themselves. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Command } from 'commander';
import { ERROR_CODES, OTHER_ERROR } from '../src/cli/error-code.ts';
import { FAULTS, MEANINGS } from '../src/cli/exit-codes.ts';
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
    '- [Exit codes](#exit-codes)',
    '- [Output](#output)',
    ...all.map(({ path }) => `- [\`${path}\`](#${path.replaceAll(' ', '-')})`),
    '',
    ...exitCodes(),
    ...all.flatMap(({ path, command }) => [`## ${path}`, '', '```console', helpOf(command), '```', '']),
  ]
    .join('\n')
    .trimEnd()
    .concat('\n');
}

function exitCodes(): string[] {
  const codes = [...new Set([...Object.values(ERROR_CODES), OTHER_ERROR])].map((code) => `\`${code}\``);
  return [
    '## Exit codes',
    '',
    'Every command ends with one of these, and with the same one for the same fault. Error messages are on standard error and',
    'begin with the command; what `doctor` and `why` could not look at is in their answers.',
    '',
    '| code | means |',
    '|---|---|',
    ...MEANINGS.map(([code, meaning]) => `| ${code} | ${meaning} |`),
    '',
    '| fault | code |',
    '|---|---|',
    ...Object.entries(FAULTS).map(([fault, code]) => `| ${fault} | ${code} |`),
    '',
    '`controller`, `node` and `console` do not end when an RDS cannot be reached or refuses the login: they go on and retry. A',
    'command that a signal ends has the code of the shell for it, such as 130 for Ctrl-C; these and `simulate` end with',
    '0 then. A reader of standard output that has gone (`| head`) changes nothing, and nothing is said about it.',
    '',
    'Node.js opens a standard output that is closed (`>&-`) as `/dev/null` before a command begins, so that what is printed is',
    'lost and nothing is said.',
    '',
    '## Output',
    '',
    'A text fits 80 columns, or more on a terminal that is wider; in a pipe `COLUMNS` says how much wider than 80. Error messages',
    'are folded on a terminal; in a pipe each is on one line, or has further lines that are indented. Colours are shown on a',
    'terminal only, and not when `NO_COLOR` is set; progress, on standard error, on a terminal only.',
    '',
    'Invisible characters, such as those that move the cursor of a terminal, are shown as JSON escapes them, whoever',
    'wrote them.',
    '',
    'With `--json` a command that fails prints `{"error":{"code":…,"message":…}}` on standard output, and the message on standard',
    `error as always. The code is one of [errors.md](errors.md#codes), such as \`RDS-UNREACHABLE\`, or ${codes.join(', ')} for what has none.`,
    'What `doctor` and `why` could not look at, and what `orphans delete` did not delete, is in their own objects.',
    '',
  ];
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
