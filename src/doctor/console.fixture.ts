import type { JsonRow, RouterOsConsole } from '../routeros/index.ts';
import type { RdsContext } from './check.ts';
import { TIMING } from './check.ts';

/** A context for a test of the RDS, whose console answers every script with these rows or this error. */
export function contextAnswering(answer: readonly JsonRow[] | Error): RdsContext {
  const console: RouterOsConsole = {
    async run() {
      if (answer instanceof Error) throw answer;
      return answer;
    },
    send: () => Promise.reject(new Error('nothing is sent here')),
    close: () => undefined,
  };
  return {
    backend: {
      name: 'rds1',
      ssh: {
        host: '192.0.2.1',
        port: 22,
        user: 'csi',
        privateKeyFile: '/etc/rose-csi/key',
        hostKeys: [],
        maxInFlight: 1,
        execTimeoutSeconds: 20,
        writeWithinSeconds: 10,
      },
      nvme: { address: '198.51.100.1', port: 4420, allowHostName: false },
      network: 'default',
      reserve: 1n << 30n,
      pools: [{ label: 'pool', uuid: '5d1c9a43-0b5e-4c39-8f4e-2a7b1c3d4e5f' }],
    },
    console,
    openConsole: () => console,
    hostKeys: async () => ({ matches: () => false, types: [], fingerprints: [] }),
    privateKey: async () => '',
    timing: TIMING,
  };
}
