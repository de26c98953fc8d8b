import { execFile } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { startController } from '../support/installation.ts';
import { letSend, RECEIVER } from '../support/letting-send.ts';
import { backendOf, type RunningRds, startRds } from '../support/programs.ts';
import { SimulatorApi } from '../support/simulator-api.ts';
import { until } from '../support/until.ts';
import { findPlace, type Place } from './place.ts';

/** Labels of the pool of each RDS. */
const POOLS = ['pool', 'copies'] as const;
/** How long a snapshot may take to arrive, in ms, on a machine that has more to do. */
const ARRIVAL_MS = 60_000;

export interface TwoRdsOptions {
  /** The program to start. */
  readonly main: string;
  /** For all that is not in the pools. */
  readonly directory: string;
  readonly backend: string;
  readonly poolPath: string | undefined;
}

/** Two simulated RDS and the controller, each in a process of its own, and what their administrator does with them. */
export class TwoRds {
  readonly #options: TwoRdsOptions;
  readonly #configFile: string;
  readonly #endpoint: string;
  readonly #places: Place[] = [];
  readonly #rds: RunningRds[] = [];
  readonly #apis: SimulatorApi[] = [];
  #controller: Awaited<ReturnType<typeof startController>> | undefined;
  /** Commands that RDS 1 had run when it was switched off. */
  #lastExecs: number | undefined;

  private constructor(options: TwoRdsOptions) {
    this.#options = options;
    this.#configFile = join(options.directory, 'rose-csi.json');
    this.#endpoint = `unix://${join(options.directory, 'csi.sock')}`;
  }

  /** Starts both RDS, and the controller with a pool that has no replica. */
  static async start(options: TwoRdsOptions): Promise<TwoRds> {
    const two = new TwoRds(options);
    try {
      for (const [index, label] of POOLS.entries()) await two.#startRds(`rds${index + 1}`, label);
      await two.#configure({});
    } catch (error) {
      await two.stop();
      throw error;
    }
    return two;
  }

  async #startRds(name: string, label: string): Promise<void> {
    const { main, backend, poolPath } = this.#options;
    const directory = join(this.#options.directory, name);
    await mkdir(directory);
    const place = await findPlace(backend, poolPath, label);
    this.#places.push(place);
    const rds = await startRds(main, directory, place.flags);
    this.#rds.push(rds);
    this.#apis.push(new SimulatorApi(rds.apiSocket));
  }

  /** The door to the controller that runs now. */
  get controller() {
    return present(this.#controller).controller;
  }

  /** Blocks of what an RDS exports, and what is in its pool. */
  api(number: 1 | 2): SimulatorApi {
    return present(this.#apis[number - 1]);
  }

  /** Commands that both have run so far; those of the one that is off stay counted. */
  async execs(): Promise<number> {
    return (this.#lastExecs ?? (await this.api(1).execs())) + (await this.api(2).execs());
  }

  /** Lets RDS 1 log in to RDS 2. */
  async exchangeKeys(): Promise<void> {
    await letSend(...this.#both());
  }

  /** Gives the pool of RDS 1 a replica in that of RDS 2, and restarts the controller, which reads its configuration once. */
  async addReplica(): Promise<void> {
    const { address, port } = this.#both()[1];
    await this.#configure({ replica: { backend: 'rds2', pool: POOLS[1], address, port, user: RECEIVER } });
  }

  /**
   * Waits until the controller has logged that a snapshot has a copy.
   *
   * @returns bytes that were sent for it.
   */
  async copied(snapshotId: string): Promise<bigint> {
    const uuid = snapshotId.replace(/^.*:snap-/, '');
    let bytes: number | undefined;
    await until(async () => {
      bytes = this.#logged().find(({ name, bytes }) => bytes !== undefined && name?.includes(uuid))?.bytes;
      return bytes !== undefined;
    }, ARRIVAL_MS);
    return BigInt(bytes ?? 0);
  }

  /** Kills the process of RDS 1. */
  async switchOffFirst(): Promise<void> {
    const [first] = this.#both();
    this.#lastExecs = await this.api(1).execs();
    process.kill(first.pid, 'SIGKILL');
    await first.stop();
  }

  /** What `rose-csi replicas` prints, with its exit status. */
  async replicas(...args: readonly string[]): Promise<{ readonly code: number; readonly stdout: string }> {
    const command = [this.#options.main, 'replicas', ...args, '--config', this.#configFile];
    return await promisify(execFile)(process.execPath, command).then(
      ({ stdout }) => ({ code: 0, stdout }),
      ({ code, stdout }: { code: number; stdout: string }) => ({ code, stdout }),
    );
  }

  /** What the controller logged, for when something went wrong. */
  readonly log = (): string => this.#controller?.log() ?? '';

  /** Ends all processes and removes the pools. */
  async stop(): Promise<void> {
    for (const api of this.#apis) api.close();
    await Promise.all([this.#controller?.stop(), ...this.#rds.map((rds) => rds.stop())]);
    for (const place of this.#places) await place.remove();
  }

  #both(): readonly [RunningRds, RunningRds] {
    return [present(this.#rds[0]), present(this.#rds[1])];
  }

  async #configure(ofPool: object): Promise<void> {
    const [first, second] = this.#both();
    const rds1 = backendOf('rds1', first);
    const backends = [
      { ...rds1, pools: rds1.pools.map((pool) => ({ ...pool, ...ofPool })) },
      backendOf('rds2', second),
    ];
    await writeFile(this.#configFile, JSON.stringify({ clusterId: 'demo', backends }));
    await this.#controller?.stop();
    this.#controller = await startController(this.#options.main, this.#configFile, this.#endpoint);
  }

  #logged(): readonly { readonly name?: string; readonly bytes?: number }[] {
    const whole = this.log().split('\n').slice(0, -1);
    return whole.filter((line) => line.includes('the snapshot has a copy')).map((line) => JSON.parse(line));
  }
}

function present<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('it has not been started');
  return value;
}
