import { EXIT } from './exit-codes.ts';
import { visible, visibleJson, visiblyPainted } from './printable.ts';
import { foldLines, hasColour } from './terminal.ts';

/**
 * Everything that a command prints goes through this file, so that no character of someone else's reaches a terminal as it is
 * (printable.ts). That standard output cannot be written is dealt with by {@link guardOutput}, whoever writes.
 */

/** Prints a text to standard output. */
export function print(text: string): void {
  process.stdout.write(hasColour() ? visiblyPainted(text) : visible(text));
}

/** Prints a value to standard output as one line of JSON. */
export function printJson(value: unknown): void {
  process.stdout.write(`${visibleJson(value)}\n`);
}

/** Prints a text to standard error; on a terminal, lines that are too long for it are folded. */
export function printNote(text: string): void {
  const { isTTY, columns } = process.stderr;
  process.stderr.write(visible(isTTY === true ? foldLines(text, columns) : text));
}

/** A message of several lines below which nothing can look like a message of its own: all lines but the first are indented. */
export function asOneMessage(text: string): string {
  return text.replaceAll(/\r?\n(?=\S)/g, '\n  ');
}

/**
 * A reader that has gone (`| head`) ends nothing and is no fault: what is printed after it goes nowhere. Anything else that
 * keeps standard output from being written, such as a full disk, ends the process with one line and its own code, for
 * what was asked for cannot be had. Standard error that no one reads is left alone.
 */
export function guardOutput(): void {
  process.stderr.on('error', () => undefined);
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE' || error.code === 'ERR_STREAM_DESTROYED') return;
    printNote(`rose-csi: standard output cannot be written: ${error.message}\n`);
    process.exit(EXIT.failed);
  });
}
