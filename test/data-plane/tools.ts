import { spawnSync } from 'node:child_process';

export interface RunOptions {
  readonly cwd?: string;
  readonly input?: string;
}

/**
 * Runs a program of this machine to its end. @returns its standard output.
 *
 * @throws Error with what it said.
 */
export function run(program: string, args: readonly string[], options: RunOptions = {}): string {
  const { error, status, stdout, stderr } = spawnSync(program, args, {
    ...options,
    encoding: 'utf8',
    maxBuffer: 2 ** 26,
    timeout: 180_000,
    env: { ...process.env, LC_ALL: 'C' },
  });
  if (error !== undefined) throw new Error(`${program}: ${error.message}`, { cause: error });
  if (status !== 0) throw new Error(`${program} ${args.join(' ')}: exit status ${status}: ${stderr.trim()}`);
  return stdout;
}

/** Where a program lies that a guest needs. @throws Error when it is not on this machine. */
export function which(program: string): string {
  return run('sh', ['-c', 'command -v -- "$1"', 'sh', program]).trim();
}
