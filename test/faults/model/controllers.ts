import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Controller } from '../../../src/csi/gen/csi_pb.js';
import { outcome } from '../../support/calls.ts';
import { type Client, createClient } from '../../support/grpc-client.ts';
import { SOURCES } from '../../support/installation.ts';
import { type Running, startDriver } from '../../support/programs.ts';
import { until } from '../../support/until.ts';

/** Longest time in ms after which an RDS or a controller must have come back to itself. */
export const RECOVERY_MS = 90_000;

interface Incarnation {
  /** Another one for every process. */
  readonly number: number;
  readonly running: Running;
  readonly client: Client<typeof Controller>;
}

/** The two controllers, each a process, and another one after it was killed. */
export class Controllers {
  readonly #directory: string;
  readonly #current = new Map<number, Incarnation>();
  readonly #killed = new Set<number>();
  #incarnations = 0;

  /** @param directory where `config.json` is, and their sockets come. */
  constructor(directory: string) {
    this.#directory = directory;
  }

  client(number: number): Client<typeof Controller> {
    return this.#at(number).client;
  }

  /** Which process the controller is. */
  process(number: number): number {
    return this.#at(number).number;
  }

  kill(number: number): void {
    const found = this.#current.get(number);
    if (found === undefined) return;
    this.#killed.add(number);
    process.kill(found.running.pid, 'SIGKILL');
  }

  /** Sees to it that both reach the RDS. One that was not killed by us must still be running. */
  async revive(): Promise<void> {
    await Promise.all([0, 1].map((number) => this.#revive(number)));
  }

  async close(): Promise<void> {
    for (const { client, running } of this.#current.values()) {
      client.close();
      await running.stop();
    }
  }

  #at(number: number): Incarnation {
    const found = this.#current.get(number);
    if (found === undefined) throw new Error(`controller ${number} is not running`);
    return found;
  }

  async #revive(number: number): Promise<void> {
    const there = this.#current.get(number);
    if (there === undefined || this.#killed.delete(number)) {
      there?.client.close();
      await there?.running.stop();
      await this.#start(number);
    }
    const client = this.client(number);
    await until(async () => (await outcome(client.getCapacity({}))) === 'OK', RECOVERY_MS);
  }

  async #start(number: number): Promise<void> {
    const incarnation = this.#incarnations++;
    const socket = join(this.#directory, `csi-${number}-${incarnation}.sock`);
    const running = startDriver(SOURCES, join(this.#directory, 'config.json'), `unix://${socket}`);
    await until(async () => existsSync(socket), RECOVERY_MS);
    const client = createClient(Controller, `unix://${socket}`);
    this.#current.set(number, { number: incarnation, running, client });
  }
}
