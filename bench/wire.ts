import { spawnSync } from 'node:child_process';
import { buildSystem, runScenario } from '../test/data-plane/guests.ts';
import { nodeRows } from './node-rows.ts';
import type { NodeSample } from './node-samples.ts';
import type { Row } from './rows.ts';
import type { Section } from './section.ts';

const ROLE = 'speed';
const TIMEOUT_MS = 900_000;

/** The node over real NVMe/TCP, between two emulated machines: only the ratios say anything. */
export const wire: Section = {
  name: 'wire',
  about: 'the same over real NVMe/TCP, between two machines in QEMU (needs qemu-system-x86)',
  async run({ quick, progress }) {
    if (spawnSync('qemu-system-x86_64', ['--version']).status !== 0) {
      return [{ kind: 'left-out', section: 'wire', reason: 'qemu-system-x86_64 is not on this machine' }];
    }
    if (quick) return [{ kind: 'left-out', section: 'wire', reason: '--quick: it takes some minutes' }];
    const system = await buildSystem(['storage', ROLE]);
    try {
      progress('booting two machines', 0, 1);
      const onLine = (line: string) => {
        if (line.startsWith('STEP ')) progress(line.replace(/^STEP \w+ \d+ ms /, ''), 0, 1);
      };
      const result = await runScenario(system, { role: ROLE, timeoutMs: TIMEOUT_MS, onLine });
      if (result.story.at(-1)?.startsWith(`SCENARIO ${ROLE} ok`) !== true) {
        throw new Error(`the scenario did not end well:\n${result.log.split('\n').slice(-40).join('\n')}`);
      }
      const lines = result.story.filter((line) => line.startsWith('SAMPLE '));
      return nodeRows(
        'nvme-tcp',
        lines.map((line) => JSON.parse(line.slice('SAMPLE '.length)) as NodeSample),
      ) satisfies Row[];
    } finally {
      await system.remove();
    }
  },
};
