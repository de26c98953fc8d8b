import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { openBackends, type Patience } from '../../src/app/backends.ts';
import { replicaPairs } from '../../src/app/replicators.ts';
import { loadConfig } from '../../src/config/load.ts';
import { createLogger } from '../../src/observability/log.ts';
import type { Simulator, SimulatorOptions } from '../../src/simulator/simulate.ts';
import { startSimulator } from '../../src/simulator/simulate.ts';
import { pemKey } from '../../src/simulator/ssh/pem-key.testing.ts';
import { identity } from '../../src/storage/ids.ts';
import { type ReplicaObserver, Replicator, type ReplicatorOptions } from '../../src/storage/replication/replicator.ts';
import { placePools } from './backend.ts';
import { change, look } from './console.ts';
import { generateKey } from './keys.ts';
import { SimulatorApi } from './simulator-api.ts';
import { POOL_UUID, type Stack, type StackOptions, startStack } from './stack.ts';
import { until } from './until.ts';

const copies = { label: 'copies', uuid: '5d1c9a43-0b5e-4c39-8f4e-0000000c0b1e', mountPoint: 'sata1' };
const other = { label: 'other', uuid: '5d1c9a43-0b5e-4c39-8f4e-0000000074e4', mountPoint: 'sata2' };

export interface ReplicaPairOptions {
  /** How long copies stay whose originals are gone. */
  readonly keep?: string;
  readonly near?: Partial<SimulatorOptions>;
  readonly far?: Partial<SimulatorOptions>;
  /** In which subvolume of the replica pool copies lie, which an administrator has made; by default in the top level. */
  readonly subvolume?: string;
  /** Of the account that receives. */
  readonly policies?: string;
  /** False leaves the first RDS without the key that it sends with. */
  readonly key?: boolean;
  /** False configures no replica. */
  readonly replica?: boolean;
  /** The pools are the replicas of each other. */
  readonly bothWays?: boolean;
  /** How often copies are looked after, in ms, while all is copied and no snapshot is made; never by themselves unless given. */
  readonly idleMs?: number;
  readonly stack?: StackOptions;
}

/** A driver with the backends `rds1`, whose pool `pool` has a replica, and `rds2`, whose pool `copies` is that; it has the pool `other`, too. */
export interface ReplicaStack extends Stack {
  /** The second RDS. */
  readonly far: Simulator;
  readonly farApi: SimulatorApi;
  /** Full names of what is in the replica pool. */
  copies(): readonly string[];
  /** Waits until so many whole copies are there, and no row of a transfer. */
  copied(count: number): Promise<void>;
  /** Rows of the transfers that send, as `name status` each. */
  transfers(): Promise<string>;
  /** What looks after the copies, by itself: nothing happens but in its passes. It believes what stands still at once. */
  replicator(options: ReplicatorForTest): Promise<Replicator>;
}

/** What a replicator of a test has of its own. */
interface ReplicatorForTest {
  readonly now?: () => number;
  readonly observer?: Partial<ReplicaObserver>;
  readonly patience?: Patience;
  readonly isNeeded?: ReplicatorOptions['isNeeded'];
}

const NEVER_MS = 3_600_000;
const WHOLE = ':put [:len [/disk/btrfs/subvolume find where read-only=yes and received-uuid~"[1-9a-f]"]]';

export async function startReplicaPair(t: TestContext, options: ReplicaPairOptions = {}): Promise<ReplicaStack> {
  const directory = await mkdtemp(join(tmpdir(), 'rose-csi-far-'));
  const placed = placePools([
    { ...copies, sizeBytes: 2 ** 40 },
    { ...other, sizeBytes: 2 ** 40 },
  ]);
  const login = generateKey();
  const far = await startSimulator({
    stateDir: join(directory, 'state'),
    listen: { host: '127.0.0.1', port: 0 },
    user: 'csi',
    authorizedKeys: login.publicKey,
    ...options.far,
    backend: placed.backend,
    pools: placed.pools,
  });
  if (options.subvolume !== undefined)
    await change(far, `/disk/btrfs/subvolume add fs=copies name=${options.subvolume}`);
  const farApi = new SimulatorApi(far.apiSocket);
  const privateKeyFile = join(directory, 'id');
  await writeFile(privateKeyFile, login.privateKey, { mode: 0o600 });
  const to = (port: number, backend: string, pool: string) => ({
    replica: {
      backend,
      pool,
      address: '127.0.0.1',
      port,
      user: 'receive',
      ...(options.keep && { keep: options.keep }),
      ...(options.subvolume && { subvolume: options.subvolume }),
    },
  });
  const pool = { label: 'pool', uuid: POOL_UUID, mountPoint: 'pool' };
  // Ports of a simulator are known when it has started: the first one's own for the way back.
  const nearPort = options.bothWays === true ? await freePort() : 0;
  const { idleMs } = options;
  const pace = idleMs === undefined ? { soonMs: NEVER_MS, idleMs: NEVER_MS } : { soonMs: 10, idleMs };
  const stack = await startStack(t, {
    ...options.stack,
    patience: { ...options.stack?.patience, replication: { stillMs: 50, busyMs: 10, ...pace } },
    simulator: { ...options.near, listen: { host: '127.0.0.1', port: nearPort } },
    backend: { pools: [{ ...pool, ...(options.replica !== false && to(far.port, 'rds2', 'copies')) }] },
    moreBackends: [
      {
        name: 'rds2',
        ssh: {
          host: '127.0.0.1',
          port: far.port,
          user: 'csi',
          privateKeyFile,
          hostKeys: [far.hostKeyFingerprint],
          ...options.stack?.ssh,
        },
        pools: [{ ...copies, ...(options.bothWays === true && to(nearPort, 'rds1', 'pool')) }, other],
      },
    ],
  });
  t.after(async () => {
    farApi.close();
    await far.close();
    placed.remove();
    await rm(directory, { recursive: true, force: true });
  });
  if (options.key !== false) await letSend(stack.simulator, 'pool', far, options.policies);
  if (options.bothWays === true) await letSend(far, 'sata1', stack.simulator);
  const transfers = () =>
    look(
      stack.simulator,
      ':foreach i in=[/disk/btrfs/transfer find where type=send] do={:put ([:tostr [/disk/btrfs/transfer get $i send-subvolumes]]." ".[/disk/btrfs/transfer get $i status])}',
    );
  return {
    ...stack,
    far,
    farApi,
    transfers,
    async replicator({ now, observer = {}, patience = {}, isNeeded }) {
      const config = await loadConfig(stack.configFile);
      const { owners } = identity(config.driverName, config.clusterId, []);
      const backends = openBackends(config.backends, { owners, logger: createLogger('fatal'), patience });
      t.after(() => Promise.all(backends.map(({ rds }) => rds.close())));
      const [pair] = replicaPairs(config.backends, backends);
      return new Replicator(pair ?? assert.fail(), {
        ...(isNeeded !== undefined && { isNeeded }),
        backends,
        stillMs: 0,
        observer: { ...SILENT, ...observer },
        ...(now !== undefined && { now }),
      });
    },
    copies: () => far.device.pools()[0]?.subvolumes ?? [],
    copied: (count) => until(async () => (await look(far, WHOLE)) === `${count}` && (await transfers()) === '', 60_000),
  };
}

const SILENT: ReplicaObserver = { copied() {}, sent() {}, failed() {}, taken() {}, discarded() {}, expired() {} };

/** Gives one RDS a key, and the other an account that takes it. */
export async function letSend(
  from: Simulator,
  mountPoint: string,
  to: Simulator,
  policies = 'ssh,read,write',
): Promise<void> {
  const { pem, publicKey } = pemKey();
  const contents = pem.trimEnd().replaceAll('\n', '\\n');
  await change(from, `/file/add name=${mountPoint}/key contents="${contents}"`);
  await change(from, `/user/ssh-keys/private/import user=csi private-key-file=${mountPoint}/key`);
  await change(to, `/user/group/add name=receive policy=${policies}`);
  await change(to, '/user/add name=receive group=receive address=127.0.0.1');
  await change(to, `/user/ssh-keys/add user=receive key="${publicKey}"`);
}

async function freePort(): Promise<number> {
  const { createServer } = await import('node:net');
  const server = createServer();
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => void server.close(resolve));
  return typeof address === 'object' && address !== null ? address.port : 0;
}
