import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { hasProgram } from '../support/capability.ts';
import { buildSystem, type GuestSystem, runScenario } from './guests.ts';

/** Of one scenario; both together take three to four minutes on two cores. */
const TIMEOUT_MS = 280_000;

let system: GuestSystem | undefined;

after(() => system?.remove());

for (const role of ['life', 'trouble']) {
  test(`NVMe/TCP and Btrfs on a real kernel: ${role}`, { timeout: TIMEOUT_MS + 120_000 }, async (t) => {
    if (!hasProgram(t, 'qemu-system-x86_64')) return;
    system ??= await buildSystem(['storage', 'life', 'trouble']);
    const result = await runScenario(system, role, TIMEOUT_MS, (line) => process.stdout.write(`  ${line}\n`));
    const checks = result.story.filter((line) => line.startsWith('CHECK '));
    const ended = result.story.at(-1) ?? '';
    assert.match(ended, new RegExp(`^SCENARIO ${role} ok`), `the scenario did not end well:\n${tail(result.log)}`);
    assert.deepEqual(result.status, { storage: 0, node: 0 }, tail(result.log));
    assert.ok(checks.length > 5 && checks.every((line) => line.startsWith('CHECK ok ')));
    t.diagnostic(`${ended}, ${checks.length} checks`);
  });
}

function tail(log: string): string {
  return log.split('\n').slice(-60).join('\n');
}
