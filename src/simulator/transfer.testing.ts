import assert from 'node:assert/strict';
import { cp } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { TestContext } from 'node:test';
import type { Client } from 'ssh2';
import { btrfsPool } from '../../test/support/btrfs-pool.ts';
import { until } from '../../test/support/until.ts';
import { temporaryDirectory } from './device/device.testing.ts';
import type { DeviceOptions } from './device/options.ts';
import { type SimulatorUnderTest, simulatorForTest } from './simulate.testing.ts';
import type { SimulatorOptions } from './simulate.ts';
import { pemKey } from './ssh/pem-key.testing.ts';
import { connect, exec } from './ssh/ssh-client.testing.ts';

const TRANSFER = '/disk/btrfs/transfer';
const SUBVOLUME = '/disk/btrfs/subvolume';

/** A row as JSON shows it. */
type JsonRow = Readonly<Record<string, unknown>>;

/** One RDS, driven over SSH. */
class Rds {
  readonly #t: TestContext;
  readonly under: SimulatorUnderTest;
  #client: Client | undefined;

  constructor(t: TestContext, under: SimulatorUnderTest) {
    this.#t = t;
    this.under = under;
  }

  get simulator() {
    return this.under.simulator;
  }

  /** Runs one line, on a new connection where the last one is gone. Returns what it printed. */
  async run(line: string): Promise<string> {
    this.#client ??= await this.#connect();
    const client = this.#client;
    const ended = Promise.withResolvers<never>();
    const lose = () => ended.reject(new Error('the connection was lost'));
    client.once('close', lose);
    try {
      return (await Promise.race([exec(client, line), ended.promise])).stdout.trimEnd();
    } finally {
      client.off('close', lose);
    }
  }

  /** Makes a file of some lines. */
  async putFile(name: string, text: string): Promise<void> {
    await this.change(`/file/add name=${name} contents="${text.trimEnd().replaceAll('\n', '\\n')}"`);
  }

  /** Restarts the RDS, which ends the connection. */
  async restart(): Promise<void> {
    this.#client?.destroy();
    this.#client = undefined;
    await this.simulator.restart();
  }

  /** Runs a line of an administrator that has nothing to say when it goes well. */
  async administer(line: string): Promise<void> {
    const login = { port: this.simulator.port, privateKey: this.under.privateKey, username: 'admin' };
    assert.equal((await exec(await connect(this.#t, login), line)).stdout, '', line);
  }

  async #connect(): Promise<Client> {
    const client = await connect(this.#t, { port: this.simulator.port, privateKey: this.under.privateKey });
    client.once('close', () => {
      if (this.#client === client) this.#client = undefined;
    });
    return client;
  }

  /** Runs a line that has nothing to say when it goes well. */
  async change(line: string): Promise<void> {
    assert.equal(await this.run(line), '', line);
  }

  /** The rows of a menu. */
  async rows(path: string): Promise<readonly JsonRow[]> {
    const options = 'to=json options=json.no-string-conversion';
    return JSON.parse(await this.run(`:put [:serialize ${options} value=[${path}/print detail as-value]]`));
  }

  async subvolume(fullname: string): Promise<JsonRow | undefined> {
    return (await this.rows(SUBVOLUME)).find((row) => row['fullname'] === fullname);
  }

  /** The newest transfer. */
  async transfer(): Promise<JsonRow | undefined> {
    return (await this.rows(TRANSFER)).at(-1);
  }

  /** Waits until the newest transfer has this status. */
  async transferIs(status: string | RegExp): Promise<JsonRow> {
    let seen: JsonRow | undefined;
    await until(async () => {
      // It may be restarting.
      seen = await this.transfer().catch(() => undefined);
      return seen !== undefined && seen['status'] !== 'in progress';
    });
    const text = String(seen?.['status']);
    if (typeof status === 'string') assert.equal(text, status);
    else assert.match(text, status);
    return seen ?? {};
  }

  /** The size of a file, or nothing when it is not listed. */
  async sizeOf(name: string): Promise<unknown> {
    return (await this.rows('/file')).find((row) => row['name'] === name)?.['size'];
  }

  /** Reads from an image, through an item of its own. */
  async read(directory: string, offset: number, length: number): Promise<string> {
    const slot = directory.replaceAll('/', '-').slice(0, 32);
    const nqn = `nqn.2026-11.test:${slot}`;
    const item = `type=file slot=${slot} file-path=${directory}/volume.img mount-filesystem=no nvme-tcp-export=yes`;
    await this.change(`/disk/add ${item} nvme-tcp-server-nqn=${nqn}`);
    const data = await this.simulator.device.blocks.read(nqn, offset, length);
    await this.change(`/disk/remove ${slot}`);
    return data.toString('latin1');
  }

  write(data: string | Buffer, offset = 0): Promise<void> {
    return this.simulator.device.blocks.write('nqn.2026-11.test:v-1', offset, Buffer.from(data));
  }
}

/** Two of them, with all that a transfer from `near` to `far` needs. */
export interface Pair {
  readonly near: Rds;
  readonly far: Rds;
  /** The key of `near`: the private half in PEM, and the line of the public one. */
  readonly key: ReturnType<typeof pemKey>;
  /** Adds a row of `type=send`, of which `more` says what is otherwise. */
  send(subvolume: string, more?: string): Promise<void>;
  /** A simulator that finds again what one of the two had. */
  again(rds: Rds): Promise<Rds>;
  /** A simulator that finds what one of the two has on the disk at this moment; of the backend `files` only. */
  image(rds: Rds): Promise<Rds>;
}

/** What a pair may be otherwise. */
export interface PairOptions {
  readonly near?: Partial<SimulatorOptions>;
  readonly far?: Partial<SimulatorOptions>;
  /** Without the row of `type=receive`; or the key is still in the file pool/key. */
  readonly without?: 'row' | 'key';
  readonly backend?: DeviceOptions['backend'];
}

/**
 * Two simulators. `near` has in its pool `pool` a volume v-1 of 4 MiB, and keys for `csi`. `far` has the pool `cold`, mounted
 * at `cold-disk`, a subvolume `copies` in it that may be received in, and the account `backup` of the group `write`.
 */
export async function pairForTest(t: TestContext, options: PairOptions = {}): Promise<Pair | undefined> {
  const pools = [poolOf(t, 'pool', 'pool', options), poolOf(t, 'cold', 'cold-disk', options)];
  const [first, second] = pools;
  if (first === undefined || second === undefined) return undefined;
  const backend = options.backend ?? 'files';
  const near = new Rds(t, await simulatorForTest(t, { backend, pools: [first], ...options.near }));
  const far = new Rds(t, await simulatorForTest(t, { backend, pools: [second], ...options.far }));
  const key = pemKey();
  await near.putFile('pool/key', key.pem);
  if (options.without !== 'key') {
    await near.administer('/user/ssh-keys/private/import user=csi private-key-file=pool/key');
  }
  await far.administer('/user/add name=backup group=write');
  await far.administer(`/user/ssh-keys/add user=backup key="${key.publicKey}"`);
  await far.change(`${SUBVOLUME}/add fs=cold name=copies`);
  if (options.without !== 'row') await far.change(`${TRANSFER}/add type=receive fs=cold file=cold-disk/copies`);
  await near.change(`${SUBVOLUME}/add fs=pool name=v-1`);
  const item = 'type=file slot=v-1 file-path=pool/v-1/volume.img file-size=4194304 mount-filesystem=no';
  await near.change(`/disk/add ${item} nvme-tcp-export=yes nvme-tcp-server-nqn=nqn.2026-11.test:v-1`);
  const open = async (rds: Rds, stateDir: string) =>
    new Rds(t, await simulatorForTest(t, { backend, pools: [rds === near ? first : second], stateDir }));
  const target = () => `ssh-address=127.0.0.1 ssh-port=${far.simulator.port} ssh-user=backup`;
  return {
    near,
    far,
    key,
    send: (subvolume, more = 'ssh-receive-mount=cold/copies') =>
      near.change(`${TRANSFER}/add type=send fs=pool send-subvolumes=${subvolume} ${target()} ${more}`),
    async again(rds) {
      await rds.simulator.close();
      return open(rds, rds.under.stateDir);
    },
    async image(rds) {
      const stateDir = join(await temporaryDirectory(t), 'state');
      await cp(rds.under.stateDir, stateDir, {
        recursive: true,
        filter: (path) => !['lock', 'api.sock'].includes(basename(path)),
      });
      return open(rds, stateDir);
    },
  };
}

function poolOf(t: TestContext, label: string, mountPoint: string, { backend }: PairOptions) {
  if (backend !== 'btrfs') return { label, mountPoint, sizeBytes: 2 ** 40 };
  const path = btrfsPool(t, 2 ** 30);
  return path === undefined ? undefined : { label, mountPoint, path };
}
