import assert from 'node:assert/strict';
import { existsSync, mkdirSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pemKey } from '../../src/simulator/ssh/pem-key.testing.ts';
import { RECEIVER } from '../support/exchange-keys.ts';
import { SOURCES } from '../support/installation.ts';
import { generateKey } from '../support/keys.ts';
import { type PoolView, SimulatorApi } from '../support/simulator-api.ts';
import { until } from '../support/until.ts';
import type { Machine } from './machines.ts';

const READY_MS = 30_000;
const POOL_BYTES = 40 * 1024 ** 3;

interface RdsOptions {
  /** Of the backend that it is. */
  readonly name: string;
  readonly port: number;
  readonly pools: readonly string[];
}

/** A simulated RDS: pools on real Btrfs in sparse files, exports as loop devices, a process of the first machine. */
export class SimulatedRds {
  readonly name: string;
  readonly #machine: Machine;
  readonly #port: number;
  readonly #labels: readonly string[];
  readonly #directory: string;

  constructor(machine: Machine, { name, port, pools }: RdsOptions) {
    this.name = name;
    this.#machine = machine;
    this.#port = port;
    this.#labels = pools;
    this.#directory = join(machine.directory, 'rds', name);
  }

  /** Where the controller finds it: an address that pods reach. */
  get address(): { readonly host: string; readonly port: number } {
    return { host: this.#machine.address, port: this.#port };
  }

  /** The socket of its API, which every machine sees under the same path, all of them in one directory. */
  get apiSocket(): string {
    return join(this.#machine.directory, 'rds', `${this.name}.sock`);
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
    for (const pool of this.#labels) await this.#mountPool(pool);
    this.#startSimulator();
    this.openDoor();
    await until(async () => {
      this.#machine.assertRuns(this.name);
      const scan = this.#machine.run('ssh-keyscan', ['-p', String(this.#port), this.#machine.address]);
      // It fails as long as no one answers.
      const keys = await scan.catch(() => '');
      writeFileSync(this.hostKeysFile, keys);
      return keys.includes('ssh-');
    }, READY_MS);
  }

  /** Ends it in the middle of whatever it does, as a crash of the RDS does, and starts it again. */
  async crash(): Promise<void> {
    await this.#machine.stop(this.name, 'SIGKILL');
    this.#startSimulator();
  }

  /** Lets the controller reach it: it listens on loopback only, and the pod of the controller has a loopback of its own. */
  openDoor(): void {
    const listen = `TCP-LISTEN:${this.#port},bind=${this.#machine.address},fork,reuseaddr`;
    this.#machine.start(this.#door, 'socat', [listen, `TCP:127.0.0.1:${this.#port}`]);
  }

  /** For the controller it is gone then, with the connections that it has. */
  async closeDoor(): Promise<void> {
    await this.#machine.stop(this.#door, 'SIGKILL');
  }

  get #door(): string {
    return `${this.name}-door`;
  }

  /** Runs a line on its console, as an administrator, which must succeed without a word. */
  async change(line: string): Promise<void> {
    const { host, port } = this.address;
    const options = ['StrictHostKeyChecking=no', 'UserKnownHostsFile=/dev/null', 'LogLevel=ERROR'];
    const flags = ['-i', this.keyFile, '-p', String(port), ...options.map((option) => `-o${option}`)];
    assert.equal((await this.#machine.run('ssh', [...flags, `admin@${host}`, line])).trim(), '');
  }

  #startSimulator(): void {
    const pools = this.#labels.flatMap((label) => ['--pool', `label=${label},path=${this.#mounted(label)}`]);
    this.#machine.start(this.name, process.execPath, [
      SOURCES,
      'simulate',
      '--state',
      this.#directory,
      '--api-socket',
      this.apiSocket,
      '--authorized-keys',
      `${this.keyFile}.pub`,
      '--listen',
      `127.0.0.1:${this.#port}`,
      '--backend',
      'btrfs',
      '--loop',
      ...pools,
    ]);
  }

  async stop(): Promise<void> {
    await this.closeDoor();
    await this.#machine.stop(this.name);
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

  /** It as a backend of a configuration. @param access what `ssh` holds there beside its address and user */
  async backend(access: Readonly<Record<string, string>>) {
    const pools = (await this.pools()).map(({ label, uuid }) => ({ label, uuid, mountPoint: label }));
    return {
      name: this.name,
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

/** Two RDS: what is snapshotted in the second pool of the first one is copied to the second one. */
export class SimulatedPair {
  readonly first: SimulatedRds;
  readonly second: SimulatedRds;

  constructor(machine: Machine) {
    this.first = new SimulatedRds(machine, { name: 'rds1', port: 2222, pools: ['pool1', 'pool2'] });
    this.second = new SimulatedRds(machine, { name: 'rds2', port: 2223, pools: ['copies'] });
  }

  get all(): readonly SimulatedRds[] {
    return [this.first, this.second];
  }

  /** Starts both, and lets the first one send to the second one, as docs/guides/second-rds.md says. */
  async start(): Promise<void> {
    for (const rds of this.all) await rds.start();
    const { pem, publicKey } = pemKey();
    const contents = pem.trimEnd().replaceAll('\n', '\\n');
    await this.first.change(`/file/add name=pool1/transfer contents="${contents}"`);
    await this.first.change('/user/ssh-keys/private/import user=csi private-key-file=pool1/transfer');
    await this.second.change(`/user/group/add name=${RECEIVER} policy=ssh,read,write`);
    await this.second.change(`/user/add name=${RECEIVER} group=${RECEIVER}`);
    await this.second.change(`/user/ssh-keys/add user=${RECEIVER} key="${publicKey}"`);
  }

  /** They as backends of a configuration. @param accessTo what `ssh` holds there beside its address and user */
  async backends(accessTo: (rds: SimulatedRds) => Readonly<Record<string, string>>) {
    const [first, second] = [this.first, this.second];
    const { pools, ...rest } = await first.backend(accessTo(first));
    const [home, copied] = pools;
    const { port } = second.address;
    const replica = { backend: second.name, pool: 'copies', address: '127.0.0.1', port, user: RECEIVER };
    return [{ ...rest, pools: [home, { ...copied, replica }] }, await second.backend(accessTo(second))];
  }
}
