import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { BACKEND } from '../support/backend.ts';
import type { OutcomeOfTwo } from './second-rds.ts';
import type { Step } from './steps.ts';

/** The last line of `--json`. */
interface Result extends Pick<OutcomeOfTwo, 'leaked' | 'sentBytes'> {
  readonly ok: boolean;
  readonly backend: string;
  readonly steps: readonly Step[];
  readonly restoredIdentical: boolean;
}

/** Runs the demo as a process, on the backend of the tests. */
export async function runDemo(flags: readonly string[]): Promise<{ readonly code: number; readonly result: Result }> {
  const args = [join(import.meta.dirname, 'demo.ts'), '--json', '--backend', BACKEND, ...flags];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'ignore'] });
  let output = '';
  child.stdout.on('data', (part: Buffer) => {
    output += part.toString('utf8');
  });
  const [code] = await once(child, 'close');
  return { code, result: JSON.parse(output.trimEnd().split('\n').at(-1) ?? '') };
}
