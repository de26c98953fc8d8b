import { spawn } from 'node:child_process';
import { once } from 'node:events';

export interface Ended {
  readonly code: number;
  readonly stdout: string;
  /** Standard output and error, in the order in which they came. */
  readonly output: string;
}

/** Runs a program of Node.js to its end. @param env more of the environment. */
export async function runNode(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Ended> {
  // A test runner below another one reports to that one, and prints nothing.
  const { NODE_TEST_CONTEXT: _, ...inherited } = process.env;
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'], env: { ...inherited, ...env } });
  let stdout = '';
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
    output += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  const [code] = (await once(child, 'close')) as [number | null];
  return { code: code ?? -1, stdout, output };
}
