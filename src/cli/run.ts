import { inspect } from 'node:util';
import { type Command, CommanderError } from 'commander';
import { EXIT } from './exit-codes.ts';
import { guardOutput } from './output.ts';
import { UsageError } from './usage-error.ts';

/**
 * Runs the command that was typed. Whatever goes wrong in any command is one message on standard error that names the
 * command, and {@link EXIT.failed}; a wrong command line also says where its help is.
 */
export async function run(program: Command, argv: readonly string[] = process.argv): Promise<void> {
  guardOutput();
  uniform(program);
  let path = program.name();
  program.hook('preAction', (_, command) => {
    path = pathOf(command);
  });
  // A defect must not end with the code of something that was found.
  process.on('uncaughtException', (error) => {
    process.stderr.write(`${path}: a defect, please report it: ${inspect(error)}\n`);
    process.exit(EXIT.failed);
  });
  try {
    await program.parseAsync(argv);
  } catch (error) {
    process.exitCode = failed(error, path);
  }
}

function failed(error: unknown, path: string): number {
  // Its message is printed by then.
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.well : EXIT.failed;
  const message = error instanceof Error ? error.message : String(error);
  process.stderr.write(`${path}: ${message}\n${error instanceof UsageError ? seeHelp(path) : ''}`);
  return EXIT.failed;
}

/** Settings that commander does not hand down to a command that was made elsewhere. */
function uniform(command: Command): void {
  const path = pathOf(command);
  command
    .exitOverride()
    .showHelpAfterError(seeHelp(path).trimEnd())
    .configureOutput({ outputError: (text, write) => write(text.replace(/^error: /, `${path}: `)) });
  for (const child of command.commands) uniform(child);
}

function seeHelp(path: string): string {
  return `See \`${path} --help\`.\n`;
}

function pathOf(command: Command): string {
  const { parent } = command;
  return parent === null ? command.name() : `${pathOf(parent)} ${command.name()}`;
}
