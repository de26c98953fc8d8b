import { existsSync, mkdirSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { SOURCES } from '../support/installation.ts';
import { generateKey } from '../support/keys.ts';
import { type PoolView, SimulatorApi } from '../support/simulator-api.ts';
import { until } from '../support/until.ts';
import type { Machine } from './machines.ts';

const PORT = 2222;
const READY_MS = 30_000;
const POOL_BYTES = 40 * 1024 ** 3;
const POOLS = ['pool1', 'pool2'];

/** The simulated RDS: two pools on real Btrfs in sparse files, exports as loop devices, a process of the first machine. */
export class SimulatedRds {
  readonly #machine: Machine;
  readonly #directory: string;

  constructor(machine: Machine) {
    this.#machine = machine;
    this.#directory = join(machine.directory, 'rds');
  }

  /** Where the controller finds it: an address that pods reach. */
  get address(): { readonly host: string; readonly port: number } {
    return { host: this.#machine.address, port: PORT };
  }

  /** The socket of its API, which every machine sees under the same path. */
  get apiSocket(): string {
    return join(this.#directory, 'api.sock');
  }

  /** The private key that it lets in. */
  get keyFile(): string {
    return join(this.#directory, 'id_ed25519');
  }

  /** Its host keys, in the form of ssh-keyscan. */
  get hostKeysFile(): string {
    return join(this.#directory, 'host-keys');
  }

  /** Makes the pools unless they are there, and starts it. */
  async start(): Promise<void> {
    mkdirSync(this.#directory, { recursive: true });
    if (!existsSync(this.keyFile)) {
      const { privateKey, publicKey } = generateKey();
      writeFileSync(this.keyFile, privateKey, { mode: 0o600 });
      writeFileSync(`${this.keyFile}.pub`, `${publicKey}\n`);
    }
    for (const pool of POOLS) await this.#mountPool(pool);
    this.#startSimulator();
    // It listens on loopback only, and the pod of the controller has a loopback of its own.
    const listen = `TCP-LISTEN:${PORT},bind=${this.#machine.address},fork,reuseaddr`;
    this.#machine.start('simulator-door', 'socat', [listen, `TCP:127.0.0.1:${PORT}`]);
    await until(async () => {
      this.#machine.assertRuns('simulator');
      const scan = this.#machine.run('ssh-keyscan', ['-p', String(PORT), this.#machine.address]);
      // It fails as long as no one answers.
      const keys = await scan.catch(() => '');
      writeFileSync(this.hostKeysFile, keys);
      return keys.includes('ssh-');
    }, READY_MS);
  }

  /** Ends it in the middle of whatever it does, as a crash of the RDS does, and starts it again. */
  async crash(): Promise<void> {
    await this.#machine.stop('simulator', 'SIGKILL');
    this.#startSimulator();
  }

  #startSimulator(): void {
    const pools = POOLS.flatMap((label) => ['--pool', `label=${label},path=${this.#mounted(label)}`]);
    this.#machine.start('simulator', process.execPath, [
      SOURCES,
      'simulate',
      '--state',
      this.#directory,
      '--authorized-keys',
      `${this.keyFile}.pub`,
      '--listen',
      `127.0.0.1:${PORT}`,
      '--backend',
      'btrfs',
      '--loop',
      ...pools,
    ]);
  }

  async stop(): Promise<void> {
    await this.#machine.stop('simulator-door');
    await this.#machine.stop('simulator');
  }

  /** What is in its pools. */
  async pools(): Promise<readonly PoolView[]> {
    const api = new SimulatorApi(this.apiSocket);
    try {
      return await api.pools();
    } finally {
      api.close();
    }
  }

  /** It as a backend of a configuration. @param access what `ssh` holds there beside its address and user. */
  async backend(access: Readonly<Record<string, string>>) {
    const pools = (await this.pools()).map(({ label, uuid }) => ({ label, uuid, mountPoint: label }));
    return {
      name: 'rds1',
      ssh: { ...this.address, user: 'csi', ...access },
      nvme: { address: this.address.host },
      pools,
    };
  }

  #mounted(pool: string): string {
    return join(this.#directory, 'pools', pool);
  }

  async #mountPool(pool: string): Promise<void> {
    const image = join(this.#directory, `${pool}.img`);
    const directory = this.#mounted(pool);
    mkdirSync(directory, { recursive: true });
    if (!existsSync(image)) {
      writeFileSync(image, '');
      truncateSync(image, POOL_BYTES);
      await this.#machine.run('mkfs.btrfs', ['--quiet', '--nodiscard', image]);
    }
    await this.#machine.run('mount', ['-t', 'btrfs', '-o', 'loop', image, directory]);
  }
}
