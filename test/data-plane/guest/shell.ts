import { execFileSync } from 'node:child_process';

/** Runs a script of the guest. @returns what it printed. @throws when any of it fails. */
export function sh(script: string): string {
  return execFileSync('bash', ['-euo', 'pipefail', '-c', script], { encoding: 'utf8', maxBuffer: 2 ** 24 }).trim();
}
