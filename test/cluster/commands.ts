import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';

/** Where Debian keeps what only root runs; a login shell has it, others may not. */
const PATH = `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin`;

export interface CommandOptions {
  readonly cwd?: string;
  /** Beside the environment of this process. */
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: string;
  /** Ends the program. */
  readonly signal?: AbortSignal;
}

/** A program that ended with another status than 0. */
export class CommandError extends Error {
  /** What it wrote to its standard error. */
  readonly complaints: string;

  readonly status: number | null;

  constructor(command: readonly string[], status: number | null, complaints: string) {
    super(`${command.join(' ')}: exit status ${status}: ${complaints.trim()}`);
    this.status = status;
    this.complaints = complaints;
  }
}

/**
 * Runs a program to its end. @returns what it wrote to its standard output.
 *
 * @throws CommandError with what it complained about.
 */
export async function answer(
  program: string,
  args: readonly string[],
  { cwd, env, input = '', signal }: CommandOptions = {},
): Promise<string> {
  const child = spawn(program, args, {
    cwd,
    signal,
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { ...process.env, PATH, LC_ALL: 'C', ...env },
  });
  const status = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  // A program may end without reading what it was given; its status tells whether that was right.
  child.stdin.on('error', () => undefined);
  child.stdin.end(input);
  const [code, output, complaints] = await Promise.all([status, text(child.stdout), text(child.stderr)]);
  if (code !== 0) throw new CommandError([program, ...args], code, complaints);
  return output;
}

/**
 * Runs a program to its end, and gives each line that it writes, to either output, when it has been written.
 *
 * @returns its status.
 */
export async function follow(
  program: string,
  args: readonly string[],
  onLine: (line: string) => void,
  { env }: Pick<CommandOptions, 'env'> = {},
): Promise<number | null> {
  const child = spawn(program, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, PATH, LC_ALL: 'C', ...env },
  });
  for (const input of [child.stdout, child.stderr]) createInterface({ input }).on('line', onLine);
  return await new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
}

/** Starts a program that outlives this process. @param log file descriptor for all that it writes. @returns its pid. */
export function leave(program: string, args: readonly string[], log: number | 'ignore'): number {
  const child = spawn(program, args, {
    detached: true,
    stdio: ['ignore', log, log],
    env: { ...process.env, PATH, LC_ALL: 'C' },
  });
  child.on('error', () => undefined);
  child.unref();
  if (child.pid === undefined) throw new Error(`${program} cannot be started`);
  return child.pid;
}
