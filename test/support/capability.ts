import { spawnSync } from 'node:child_process';
import type { TestContext } from 'node:test';

/**
 * Says whether the machine has a program that a test needs. Where it is missing the test is skipped with a reason that
 * stands out; in CI (CI=true) a missing capability is a failure instead.
 */
export function hasProgram(t: TestContext, program: string, probe: readonly string[] = ['--version']): boolean {
  const { error, status } = spawnSync(program, probe, { stdio: 'ignore' });
  if (error === undefined && status === 0) {
    return true;
  }
  lack(t, `${program} is not on this machine`);
  return false;
}

/** Ends a test for want of something: a skip with a loud reason, or a failure in CI. */
export function lack(t: TestContext, reason: string): void {
  if (process.env['CI'] === 'true') {
    throw new Error(`${reason}, and in CI that is a failure`);
  }
  t.skip(`NOT RUN: ${reason}`);
}
