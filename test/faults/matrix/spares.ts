import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Controller, Identity } from '../../../src/csi/gen/csi_pb.js';
import { type Client, createClient } from '../../support/grpc-client.ts';
import { type Running, startDriver } from '../../support/programs.ts';
import { until } from '../../support/until.ts';

/** A controller in a process of its own. */
export interface ControllerProcess {
  readonly controller: Client<typeof Controller>;
  /** Ends it by SIGKILL and waits until it is gone. */
  kill(): Promise<void>;
}

/** Controller processes, the next of which is always being started, so that no one waits for it. */
export class Spares {
  readonly #main: string;
  readonly #configFile: string;
  readonly #directory: string;
  #number = 0;
  #next: Promise<ControllerProcess>;

  /** @param main The program; its sockets go into `directory`. */
  constructor(main: string, configFile: string, directory: string) {
    this.#main = main;
    this.#configFile = configFile;
    this.#directory = directory;
    this.#next = this.#start();
  }

  /** One that is ready. */
  async take(): Promise<ControllerProcess> {
    const taken = await this.#next;
    this.#next = this.#start();
    this.#next.catch(() => undefined);
    return taken;
  }

  async close(): Promise<void> {
    await (await this.#next).kill();
  }

  async #start(): Promise<ControllerProcess> {
    this.#number += 1;
    const socket = join(this.#directory, `spare-${this.#number}.sock`);
    const endpoint = `unix://${socket}`;
    const running = startDriver(this.#main, this.#configFile, endpoint);
    // A channel that found no one retries only after a second.
    await until(async () => existsSync(socket));
    const identity = createClient(Identity, endpoint);
    await until(async () => (await identity.probe({}).catch(() => undefined))?.ready === true);
    identity.close();
    const controller = createClient(Controller, endpoint);
    return { controller, kill: () => killed(running, controller) };
  }
}

async function killed(running: Running, controller: Client<typeof Controller>): Promise<void> {
  process.kill(running.pid, 'SIGKILL');
  await running.stop();
  controller.close();
}
