import { once } from 'node:events';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { NODE_FLAGS } from '../scripts/node-flags.ts';
import { Identity } from '../src/csi/gen/csi_pb.js';
import { createClient } from '../test/support/grpc-client.ts';
import { startDriver } from '../test/support/programs.ts';
import { until } from '../test/support/until.ts';
import { memoryMb } from './process.ts';
import { type Rig, withRig } from './rig.ts';
import type { StartRow } from './rows.ts';
import type { Section } from './section.ts';
import { median, round } from './statistics.ts';

/** How long a controller does nothing before its memory is read, in ms. */
const IDLE_MS = 1_000;

interface Start {
  readonly servingMs: number;
  readonly readyMs: number;
  readonly rssMb: number;
}

/** How long the controller takes to start, and what it takes then. */
export const startup: Section = {
  name: 'startup',
  about: 'from the start of the controller to the first answer and to ready, and its memory then',
  async run({ program, quick, progress }) {
    const n = quick ? 5 : 10;
    return await withRig({ program, latencyMs: 0 }, async (rig) => {
      const rows: StartRow[] = [];
      for (const nodeFlags of [NODE_FLAGS, []]) {
        const flags = nodeFlags.join(' ');
        const starts: Start[] = [];
        for (let index = 0; index < n; index += 1) {
          progress(`starts ${flags === '' ? 'without flags of Node.js' : `with ${flags}`}`, index, n);
          starts.push(await startOnce(rig, program, nodeFlags, `${rows.length}-${index}`));
        }
        const of = (figure: keyof Start) => round(median(starts.map((start) => start[figure])));
        const times = { servingP50: of('servingMs'), readyP50: of('readyMs') };
        rows.push({ kind: 'start', flags, n, ...times, idleRssMb: of('rssMb') });
      }
      return rows;
    });
  },
};

async function startOnce(rig: Rig, program: string, nodeFlags: readonly string[], name: string): Promise<Start> {
  const socket = join(rig.directory, `${name}.sock`);
  const begin = performance.now();
  const driver = startDriver(program, rig.configFile, `unix://${socket}`, nodeFlags);
  try {
    // A gRPC client that finds no socket waits a second before it looks again.
    await until(() => accepts(socket));
    const identity = createClient(Identity, `unix://${socket}`);
    try {
      await identity.probe({});
      const servingMs = performance.now() - begin;
      await until(async () => (await identity.probe({})).ready === true);
      const readyMs = performance.now() - begin;
      await pause(IDLE_MS);
      return { servingMs, readyMs, rssMb: await memoryMb(driver.pid, 'VmRSS') };
    } finally {
      identity.close();
    }
  } catch (error) {
    throw new Error(`the controller did not start:\n${driver.log()}`, { cause: error });
  } finally {
    await driver.stop();
  }
}

async function accepts(path: string): Promise<boolean> {
  const socket = connect(path);
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
