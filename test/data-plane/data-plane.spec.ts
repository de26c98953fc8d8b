import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { hasProgram } from '../support/capability.ts';
import { SECOND_ADDRESS, STORAGE_ADDRESS } from './guest/wire.ts';
import { buildSystem, type GuestSystem, runScenario } from './guests.ts';

/** Of one scenario; all together take nine minutes on two cores. */
const TIMEOUT_MS = 420_000;

let system: GuestSystem | undefined;

after(() => system?.remove());

const SCENARIOS = [
  { role: 'life' },
  { role: 'trouble' },
  { role: 'replicas', storages: [STORAGE_ADDRESS, SECOND_ADDRESS] },
] as const;

for (const scenario of SCENARIOS) {
  const { role } = scenario;
  test(`NVMe/TCP and Btrfs on a real kernel: ${role}`, { timeout: TIMEOUT_MS + 120_000 }, async (t) => {
    if (!hasProgram(t, 'qemu-system-x86_64')) return;
    system ??= await buildSystem(['storage', 'eager-controller', ...SCENARIOS.map(({ role }) => role)]);
    const onLine = (line: string) => void process.stdout.write(`  ${line}\n`);
    const result = await runScenario(system, { ...scenario, timeoutMs: TIMEOUT_MS, onLine });
    const checks = result.story.filter((line) => line.startsWith('CHECK '));
    const ended = result.story.at(-1) ?? '';
    assert.match(ended, new RegExp(`^SCENARIO ${role} ok`), `the scenario did not end well:\n${tail(result.log)}`);
    assert.ok(
      result.statuses.every((status) => status === 0),
      tail(result.log),
    );
    assert.ok(checks.length > 5 && checks.every((line) => line.startsWith('CHECK ok ')));
    t.diagnostic(`${ended}, ${checks.length} checks`);
  });
}

function tail(log: string): string {
  return log.split('\n').slice(-60).join('\n');
}
