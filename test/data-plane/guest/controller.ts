/** The controller under test, in a process of its own, and what it logs of copies. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { Identity } from '../../../src/csi/gen/csi_pb.js';
import { createClient } from '../../support/grpc-client.ts';
import { until } from '../../support/until.ts';
import { LOOK_MS } from './node.ts';

/** How long a copy may take to arrive, in ms. */
const ARRIVAL_MS = 90_000;

export class ControllerProcess {
  readonly #process: ChildProcess;
  /** Bytes that were sent for snapshots, by the names of these on the RDS. */
  readonly #sent = new Map<string, number>();

  private constructor(running: ChildProcess) {
    this.#process = running;
    if (running.stderr === null) return;
    createInterface({ input: running.stderr }).on('line', (line) => {
      console.error(line);
      if (!line.includes('the snapshot has a copy')) return;
      const { name, bytes } = JSON.parse(line) as { name: string; bytes: number };
      this.#sent.set(name, bytes);
    });
  }

  /** @param command what starts it, with its flags. */
  static async start(command: readonly string[], endpoint: string): Promise<ControllerProcess> {
    const running = spawn(process.execPath, command, { stdio: ['ignore', 'inherit', 'pipe'] });
    const controller = new ControllerProcess(running);
    const identity = createClient(Identity, endpoint);
    const isReady = async () => (await identity.probe({}).catch(() => undefined))?.ready === true;
    await until(isReady, 60_000, LOOK_MS);
    identity.close();
    return controller;
  }

  /**
   * Waits until a snapshot has a copy on the replica of its pool.
   *
   * @returns bytes that were sent for it, as the RDS counts them.
   */
  async copied(snapshotId: string): Promise<number> {
    const object = snapshotId.slice(snapshotId.indexOf(':') + 1);
    const find = () => [...this.#sent].find(([name]) => name.startsWith(object))?.[1];
    await until(async () => find() !== undefined, ARRIVAL_MS, LOOK_MS);
    return find() ?? 0;
  }

  async stop(): Promise<void> {
    this.#process.kill('SIGTERM');
    await once(this.#process, 'exit');
  }
}
