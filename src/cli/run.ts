import { inspect } from 'node:util';
import { type Command, CommanderError, type Option } from 'commander';
import { reasonOf } from '../failures/system-error.ts';
import { errorCode } from './error-code.ts';
import { EXIT } from './exit-codes.ts';
import { argumentMeant, commandMeant, didYouMean, flagMeant } from './hints.ts';
import { asOneMessage, guardOutput, print, printJson, printNote } from './output.ts';
import { columns } from './terminal.ts';
import { UsageError } from './usage-error.ts';
import { notEmpty } from './values.ts';

/**
 * Runs the command that was typed. Whatever goes wrong in any command is one message on standard error that names the
 * command, and {@link EXIT.failed}; a wrong command line also says where its help is. With `--json` the message is on
 * standard output, too, as an object.
 */
export async function run(program: Command, argv: readonly string[] = process.argv): Promise<void> {
  guardOutput();
  let said = '';
  uniform(program, (text) => {
    said = text;
  });
  const checkMandatory = laterMandatory(program);
  let path = program.name();
  program.hook('preAction', (_, command) => {
    path = pathOf(command);
    checkMandatory(command);
  });
  // A defect must not end with the code of something that was found.
  process.on('uncaughtException', (error) => {
    printNote(`${path}: a defect, please report it: ${inspect(error)}\n`);
    process.exit(EXIT.failed);
  });
  try {
    await program.parseAsync(argv);
  } catch (error) {
    process.exitCode = failed(error, path, said);
    if (process.exitCode !== EXIT.well && argv.includes('--json')) {
      const message = said === '' ? messageOf(error) : said;
      printJson({ error: { code: errorCode(error), message } });
    }
  }
}

/** @param said what commander has printed of it */
function failed(error: unknown, path: string, said: string): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.well : EXIT.failed;
  if (said === '') printNote(`${path}: ${messageOf(error)}\n${error instanceof UsageError ? seeHelp(path) : ''}`);
  return EXIT.failed;
}

function messageOf(error: unknown): string {
  return asOneMessage(reasonOf(error));
}

/**
 * Settings that commander does not hand down to a command that was made elsewhere.
 *
 * @param onError called with what is wrong with a command line, in the words that are printed
 */
function uniform(command: Command, onError: (text: string) => void): void {
  const path = pathOf(command);
  command
    .exitOverride()
    .showSuggestionAfterError(false)
    .showHelpAfterError(seeHelp(path).trimEnd())
    .configureOutput({
      writeOut: print,
      writeErr: printNote,
      getOutHelpWidth: () => columns(),
      getErrHelpWidth: () => columns(process.stderr),
      outputError: (text) => {
        const message = asOneMessage(withHint(command, text.replace(/^error: /, '').trimEnd()));
        onError(message);
        printNote(`${path}: ${message}\n`);
      },
    });
  for (const option of command.options) {
    if (option.required && option.parseArg === undefined && !option.variadic) option.argParser(notEmpty);
  }
  for (const argument of command.registeredArguments) {
    if (argument.parseArg === undefined && !argument.variadic) argument.argParser(notEmpty);
  }
  for (const child of command.commands) uniform(child, onError);
}

/**
 * Makes the flags that a command cannot do without wait until the others were looked at: otherwise the one that was misspelt
 * would be called missing.
 *
 * @returns says which of them is missing once the command is about to run
 */
function laterMandatory(command: Command): (running: Command) => void {
  const all = [command];
  const mandatory = new Set<Option>();
  for (const one of all) {
    all.push(...one.commands);
    for (const option of one.options) {
      if (option.mandatory) mandatory.add(option.makeOptionMandatory(false));
    }
  }
  return (running) => {
    const missing = running.options.find(
      (option) => mandatory.has(option) && running.getOptionValue(option.attributeName()) === undefined,
    );
    if (missing !== undefined) running.error(`error: required option '${missing.flags}' not specified`);
  };
}

/** The words of commander, with what was meant. */
function withHint(command: Command, text: string): string {
  const [, what, word = ''] = /^unknown (command|option) '(.*)'$/s.exec(text) ?? [];
  if (what === 'command') return `${text}${didYouMean(commandMeant(command, word))}`;
  if (what === 'option') return `${text}${didYouMean(flagMeant(command, word))}`;
  return text.startsWith('too many arguments') ? `${text}${didYouMean(argumentMeant(command, command.args))}` : text;
}

function seeHelp(path: string): string {
  return `See \`${path} --help\`.\n`;
}

function pathOf(command: Command): string {
  const { parent } = command;
  return parent === null ? command.name() : `${pathOf(parent)} ${command.name()}`;
}
