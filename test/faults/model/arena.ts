import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { Controller } from '../../../src/csi/gen/csi_pb.js';
import { type Simulator, type SimulatorOptions, startSimulator } from '../../../src/simulator/simulate.ts';
import { placePools } from '../../support/backend.ts';
import { outcome } from '../../support/calls.ts';
import { type Client, createClient } from '../../support/grpc-client.ts';
import { SOURCES } from '../../support/installation.ts';
import { generateKey } from '../../support/keys.ts';
import { type Running, startDriver } from '../../support/programs.ts';
import { POOL_UUID } from '../../support/stack.ts';
import { until } from '../../support/until.ts';
import { imagePath } from '../image-path.ts';
import type { Trouble } from './commands.ts';
import { RunningScripts, StatementWatch } from './watches.ts';

/** Longest time in ms after which a box or a controller must have come back to itself. */
const RECOVERY_MS = 90_000;

/** Rounds of the event loop in which what a dead process had sent has arrived. */
const TURNS = 50;

/** Execs of one controller under way at once, so that calls overlap on the box also when they share a controller. */
const MAX_IN_FLIGHT = 4;

interface Incarnation {
  readonly process: Running;
  readonly client: Client<typeof Controller>;
}

/** A simulated box in this process, so that it can be looked into, and two controller processes that share it. */
export class Arena {
  readonly simulator: Simulator;
  readonly #directory: string;
  readonly #remove: () => void;
  readonly #watch: StatementWatch;
  readonly #scripts: RunningScripts;
  readonly #options: SimulatorOptions;
  readonly #controllers = new Map<number, Incarnation>();
  readonly #killed = new Set<number>();
  #incarnations = 0;

  private constructor(
    directory: string,
    remove: () => void,
    options: SimulatorOptions,
    simulator: Simulator,
    watch: StatementWatch,
  ) {
    this.#directory = directory;
    this.#remove = remove;
    this.#options = options;
    this.simulator = simulator;
    this.#watch = watch;
    this.#scripts = new RunningScripts(simulator);
  }

  static async open(): Promise<Arena> {
    const directory = await mkdtemp(join(tmpdir(), 'rose-csi-model-'));
    const { privateKey, publicKey } = generateKey();
    await writeFile(join(directory, 'id'), privateKey, { mode: 0o600 });
    const pool = { label: 'pool', uuid: POOL_UUID, mountPoint: 'pool', sizeBytes: 2 ** 40 };
    const { pools, backend, remove } = placePools([pool]);
    const watch = new StatementWatch();
    const options: SimulatorOptions = {
      ...{ stateDir: join(directory, 'box'), listen: { host: '127.0.0.1', port: 0 }, user: 'csi' },
      ...{ authorizedKeys: publicKey, pools, backend, hooks: watch.hooks },
    };
    const arena = new Arena(directory, remove, options, await startSimulator(options), watch);
    await writeFile(join(directory, 'config.json'), JSON.stringify(arena.#configuration()));
    await arena.recover();
    return arena;
  }

  /** The controller process with this number. */
  controller(number: number): Client<typeof Controller> {
    const found = this.#controllers.get(number);
    if (found === undefined) throw new Error(`controller ${number} is not running`);
    return found.client;
  }

  /** Lets something go wrong from now on, until {@link recover}. */
  trouble(trouble: Trouble): void {
    switch (trouble.kind) {
      case 'fault':
        this.simulator.faults.arm(trouble.fault, trouble.times);
        break;
      case 'kill controller':
        this.#watch.at(trouble.statement, () => this.#kill(trouble.controller));
        break;
      case 'restart box':
        this.#watch.at(trouble.statement, () => void this.simulator.restart(trouble.downMs));
    }
  }

  /** Ends all trouble: both controllers run and reach the box, and no script is left running on it. */
  async recover(): Promise<void> {
    this.#watch.clear();
    this.simulator.faults.clear();
    await Promise.all([0, 1].map((number) => this.#revive(number)));
    await this.idle();
  }

  /** Waits until the box runs nothing any more, of dead connections and processes neither. */
  async idle(): Promise<void> {
    for (let round = 0; round < TURNS; round += 1) await turn();
    await until(async () => this.#scripts.idle, RECOVERY_MS);
  }

  /** Path of the image in a subvolume of the pool. */
  imageOf(subvolume: string): string {
    return imagePath(this.#options, subvolume);
  }

  async close(): Promise<void> {
    for (const { client, process } of this.#controllers.values()) {
      client.close();
      await process.stop();
    }
    await this.simulator.close();
    this.#remove();
    await rm(this.#directory, { recursive: true, force: true });
  }

  #configuration() {
    const { address: host, port, hostKeyFingerprint } = this.simulator;
    const ssh = {
      ...{ host, port, user: 'csi', privateKeyFile: join(this.#directory, 'id'), hostKeys: [hostKeyFingerprint] },
      maxInFlight: MAX_IN_FLIGHT,
    };
    const pools = [{ label: 'pool', uuid: POOL_UUID, mountPoint: 'pool' }];
    return { clusterId: 'model', logLevel: 'warn', backends: [{ name: 'rds1', ssh, nvme: { address: host }, pools }] };
  }

  #kill(number: number): void {
    const found = this.#controllers.get(number);
    if (found === undefined) return;
    this.#killed.add(number);
    process.kill(found.process.pid, 'SIGKILL');
  }

  /** Sees to it that a controller reaches the box. One that was not killed by us must still be running. */
  async #revive(number: number): Promise<void> {
    const there = this.#controllers.get(number);
    if (there === undefined || this.#killed.delete(number)) {
      there?.client.close();
      await there?.process.stop();
      await this.#start(number);
    }
    const client = this.controller(number);
    await until(async () => (await outcome(client.getCapacity({}))) === 'OK', RECOVERY_MS);
  }

  async #start(number: number): Promise<void> {
    const socket = join(this.#directory, `csi-${number}-${this.#incarnations++}.sock`);
    const running = startDriver(SOURCES, join(this.#directory, 'config.json'), `unix://${socket}`);
    await until(async () => existsSync(socket), RECOVERY_MS);
    this.#controllers.set(number, { process: running, client: createClient(Controller, `unix://${socket}`) });
  }
}
