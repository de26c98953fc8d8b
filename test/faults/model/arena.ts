import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause, setImmediate as turn } from 'node:timers/promises';
import { inSequence } from '../../../src/simulator/console/hooks.ts';
import type { ArmedFault } from '../../../src/simulator/faults/fault-plan.ts';
import { type Simulator, type SimulatorOptions, startSimulator } from '../../../src/simulator/simulate.ts';
import { placePools } from '../../support/backend.ts';
import { generateKey } from '../../support/keys.ts';
import { POOL_UUID } from '../../support/stack.ts';
import { until } from '../../support/until.ts';
import { imagePath } from '../image-path.ts';
import type { Trouble } from './commands.ts';
import { Controllers, RECOVERY_MS } from './controllers.ts';
import { LateScripts } from './late-scripts.ts';
import { Releases } from './releases.ts';
import { Gate, StatementWatch } from './watches.ts';

/** Rounds of the event loop in which what a dead process had sent has arrived. */
const TURNS = 50;

/** Execs of one controller under way at once, so that calls overlap on the RDS also when they share a controller. */
const MAX_IN_FLIGHT = 4;

/** Seconds in which a script may write: the fewest that can be set, as whoever has lost an answer waits as long. */
const WRITE_WITHIN_SECONDS = 3;

/** An RDS on which a removal or shrinking that comes too late, or to the wrong thing, takes data along. */
const DESTRUCTIVE = ['removal-while-in-use', 'shrink-truncates'];

/** What the arena watches and holds the scripts of its RDS by. */
interface Watches {
  readonly statements: StatementWatch;
  readonly gate: Gate;
  readonly late: LateScripts;
}

/** The scripts on an RDS on which nothing else runs. */
export interface Standstill {
  /** Those that stand still, as they were sent. */
  readonly standing: readonly string[];
  /** Those that stood still the time before and have gone on, and whether they were too late to write. */
  readonly moved: ReadonlyMap<string, boolean>;
}

/** A simulated RDS in this process, so that it can be looked into, and two controller processes that share it. */
export class Arena {
  readonly simulator: Simulator;
  readonly controllers: Controllers;
  /** When the scripts that stand still go on. */
  readonly releases: Releases;
  readonly #directory: string;
  readonly #remove: () => void;
  readonly #options: SimulatorOptions;
  readonly #watches: Watches;
  /** Ends what waits for trouble to strike. */
  #trouble = new AbortController();

  private constructor(
    directory: string,
    remove: () => void,
    options: SimulatorOptions,
    simulator: Simulator,
    watches: Watches,
  ) {
    this.#directory = directory;
    this.#remove = remove;
    this.#options = options;
    this.simulator = simulator;
    this.#watches = watches;
    this.releases = new Releases(watches.statements);
    this.controllers = new Controllers(directory);
  }

  static async open(): Promise<Arena> {
    const directory = await mkdtemp(join(tmpdir(), 'rose-csi-model-'));
    const { privateKey, publicKey } = generateKey();
    await writeFile(join(directory, 'id'), privateKey, { mode: 0o600 });
    const pool = { label: 'pool', uuid: POOL_UUID, mountPoint: 'pool', sizeBytes: 2 ** 40 };
    const { pools, backend, remove } = placePools([pool]);
    const late = new LateScripts(() => simulator);
    const watches = { statements: new StatementWatch(), gate: new Gate(), late };
    const hooks = inSequence([watches.statements.hooks, watches.gate.hooks, late.hooks]);
    const options: SimulatorOptions = {
      stateDir: join(directory, 'rds'),
      listen: { host: '127.0.0.1', port: 0 },
      user: 'csi',
      authorizedKeys: publicKey,
      pools,
      backend,
      hooks,
    };
    const simulator = await startSimulator(options);
    const arena = new Arena(directory, remove, options, simulator, watches);
    await writeFile(join(directory, 'config.json'), JSON.stringify(arena.#configuration()));
    await arena.recover();
    return arena;
  }

  /** From now on the RDS either destroys what it is told to, or rather refuses. */
  beDestructive(isSo: boolean): void {
    this.simulator.quirks.set(isSo ? DESTRUCTIVE : []);
  }

  /** Lets scripts run, until {@link recover}. */
  resume(): void {
    this.#watches.gate.open();
  }

  /**
   * Lets something go wrong from now on, until {@link recover}.
   *
   * @returns aborts when the callers of what runs meanwhile leave.
   */
  trouble(trouble: Trouble): AbortSignal {
    const leave = new AbortController();
    const { faults } = this.simulator;
    switch (trouble.kind) {
      case 'fault':
        faults.arm(trouble.fault, trouble.times);
        break;
      case 'late write': {
        const { places, times, release, meanwhile } = trouble;
        const ms = 'ms' in release ? release.ms : 'untilReleased';
        const armed = places.map((at) => faults.arm({ kind: 'stall', at, ms, disconnect: true }, times));
        this.releases.add(armed, release);
        void this.#whenStruck(armed, () => {
          if (meanwhile === 'callers leave') leave.abort();
          else if (meanwhile !== 'another attempt') this.controllers.kill(meanwhile === 'controller 0 dies' ? 0 : 1);
        });
        break;
      }
      case 'kill controller':
        this.#watches.statements.at(trouble.statement, () => this.controllers.kill(trouble.controller));
        break;
      case 'restart RDS':
        this.#watches.statements.at(trouble.statement, () => void this.simulator.restart(trouble.downMs));
    }
    return leave.signal;
  }

  /**
   * Ends all trouble: both controllers run and reach the RDS, and no script runs on it, of dead connections and processes
   * neither. What stands still goes on doing so, after {@link resume} as long as it is to.
   */
  async recover(): Promise<Standstill> {
    this.resume();
    this.#watches.statements.clear();
    this.#trouble.abort();
    this.#trouble = new AbortController();
    for (const armed of this.simulator.faults.armed) armed.disarm();
    await this.controllers.revive();
    for (let round = 0; round < TURNS; round += 1) await turn();
    const standing = await this.#quiet();
    return { standing, moved: this.#watches.late.look(standing) };
  }

  /** Path of the image in a subvolume of the pool. */
  imageOf(subvolume: string): string {
    return imagePath(this.#options, subvolume);
  }

  async close(): Promise<void> {
    this.resume();
    await this.controllers.close();
    await this.simulator.close();
    this.#remove();
    await rm(this.#directory, { recursive: true, force: true });
  }

  /** Waits until nothing runs but what stands still, and sees to it that this does not go on by itself. */
  async #quiet(): Promise<readonly string[]> {
    let standing: readonly string[] = [];
    await until(async () => {
      standing = this.simulator.faults.armed.flatMap(({ lines }) => lines);
      const isQuiet = this.simulator.running === standing.length;
      if (isQuiet) this.#watches.gate.close();
      return isQuiet;
    }, RECOVERY_MS);
    return standing;
  }

  /** Acts as soon as one of the faults has struck, in time before another attempt. */
  async #whenStruck(armed: readonly ArmedFault[], act: () => void): Promise<void> {
    const { signal } = this.#trouble;
    while (armed.every(({ fired }) => fired === 0) && !signal.aborted) await pause(2);
    if (!signal.aborted) act();
  }

  #configuration() {
    const { address: host, port, hostKeyFingerprint } = this.simulator;
    const ssh = {
      host,
      port,
      user: 'csi',
      privateKeyFile: join(this.#directory, 'id'),
      hostKeys: [hostKeyFingerprint],
      maxInFlight: MAX_IN_FLIGHT,
      writeWithinSeconds: WRITE_WITHIN_SECONDS,
    };
    const pools = [{ label: 'pool', uuid: POOL_UUID, mountPoint: 'pool' }];
    return { clusterId: 'model', logLevel: 'warn', backends: [{ name: 'rds1', ssh, nvme: { address: host }, pools }] };
  }
}
