import { spawn, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { stripVTControlCharacters } from 'node:util';
import { lack } from './capability.ts';

const MAIN = join(import.meta.dirname, '../../src/main.ts');

/** How a command ended, and what it wrote. */
export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Terms {
  readonly input?: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** Runs `rose-csi` with its output in pipes. */
export async function roseCsi(args: readonly string[], terms: Terms = {}): Promise<Ended> {
  return await ended(process.execPath, [MAIN, ...args], terms);
}

/** Runs a line of a shell in which `$ROSE_CSI` is the command. */
export async function inShell(line: string, terms: Terms = {}): Promise<Ended> {
  return await ended('bash', ['-c', line], terms);
}

/**
 * Runs a line of a shell on a pseudo-terminal, in which `$ROSE_CSI` is the command.
 *
 * @returns all that the terminal got, and its text without control characters
 */
export async function onTerminal(
  line: string,
  columns: number,
  terms: Terms = {},
): Promise<{ readonly code: number | null; readonly raw: string; readonly text: string }> {
  const { code, stdout } = await ended('script', ['-qec', `stty cols ${columns} rows 50; ${line}`, '/dev/null'], terms);
  return { code, raw: stdout, text: stripVTControlCharacters(stdout).replaceAll('\r\n', '\n') };
}

/** Whether there are pseudo-terminals; util-linux has had `-e` for longer than any distribution in use. */
export function hasTerminals(t: TestContext): boolean {
  if (spawnSync('script', ['-qec', 'true', '/dev/null'], { stdio: 'ignore' }).status === 0) return true;
  lack(t, 'script of util-linux is not on this machine');
  return false;
}

async function ended(program: string, args: readonly string[], { input = '', env = {} }: Terms): Promise<Ended> {
  const { NODE_TEST_CONTEXT: _, FORCE_COLOR: __, NO_COLOR: ___, COLUMNS: ____, ...inherited } = process.env;
  const own = { TERM: 'xterm', ROSE_CSI: `${process.execPath} ${MAIN}` };
  const { promise, resolve, reject } = Promise.withResolvers<Ended>();
  const child = spawn(program, args, { env: { ...inherited, ...own, ...env } });
  const text = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (part: string) => {
      text[name] += part;
    });
  }
  child.on('error', reject).on('close', (code) => resolve({ code, ...text }));
  // A command that does not read it may end before.
  child.stdin.on('error', () => undefined).end(input);
  return await promise;
}
