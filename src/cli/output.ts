import { EXIT } from './exit-codes.ts';

/**
 * Prints to standard output. That it cannot be written is dealt with by {@link guardOutput}, whoever writes.
 */
export function print(text: string): void {
  process.stdout.write(text);
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
    process.stderr.write(`rose-csi: standard output cannot be written: ${error.message}\n`);
    process.exit(EXIT.failed);
  });
}
