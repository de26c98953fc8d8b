import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { NODE_FLAGS } from '../scripts/node-flags.ts';
import { Controller, Identity } from '../src/csi/gen/csi_pb.js';
import { METRICS_ON } from '../test/metrics/scrape.ts';
import { exchangeKeys, RECEIVER } from '../test/support/exchange-keys.ts';
import { type Client, createClient } from '../test/support/grpc-client.ts';
import { backendOf, type Running, type RunningRds, startDriver, startRds } from '../test/support/programs.ts';
import { SimulatorApi } from '../test/support/simulator-api.ts';
import { until } from '../test/support/until.ts';
import { BASE, CLUSTER_ID } from './rig.ts';

/** How long copies may take in all, in ms. */
export const COPIED_WITHIN_MS = 900_000;

export interface ReplicaRigOptions {
  /** The bundled program, of the RDS. */
  readonly program: string;
  /** That of the controller. */
  readonly controller: string;
  readonly latencyMs: number;
  /** Flags of `rose-csi simulate` for the pool with this label. */
  readonly pool: (label: string) => readonly string[];
}

/** Two simulated RDS, the second with the replica of the first one's pool, and the bundled controller; a process each. */
export interface ReplicaRig {
  readonly near: RunningRds;
  readonly nearApi: SimulatorApi;
  readonly farApi: SimulatorApi;
  readonly configFile: string;
  readonly driver: Running;
  readonly controller: Client<typeof Controller>;
  /** Of the controller's metrics. */
  readonly metricsPort: number;
  /** When the controller learned of each copy so far, in ms since the epoch, and the bytes that were sent for it. */
  copies(): readonly { readonly time: number; readonly bytes: number }[];
  /** Waits until it knows so many copies. */
  copied(count: number): Promise<void>;
  /** Commands of both RDS so far. */
  execs(): Promise<number>;
}

interface LogLine {
  readonly msg: string;
  readonly time: number | string;
  readonly bytes?: number;
  readonly port?: number;
}

/** Sets up a rig, hands it to `use`, and takes it down whatever happens. */
export async function withReplicaRig<T>(options: ReplicaRigOptions, use: (rig: ReplicaRig) => Promise<T>): Promise<T> {
  const directory = await mkdtemp(join(BASE, 'rose-csi-bench-'));
  const stops: (() => unknown)[] = [() => rm(directory, { recursive: true, force: true })];
  try {
    const startOne = async (name: string, label: string) => {
      const place = join(directory, name);
      await mkdir(place);
      const flags = ['--latency-ms', String(options.latencyMs), ...options.pool(label)];
      const rds = await startRds(options.program, place, flags);
      stops.push(() => rds.stop());
      const api = new SimulatorApi(rds.apiSocket);
      stops.push(() => api.close());
      return { rds, api };
    };
    const near = await startOne('rds1', 'pool');
    const far = await startOne('rds2', 'copies');
    await exchangeKeys(near.rds, far.rds);
    const configFile = join(directory, 'rose-csi.json');
    await writeFile(configFile, JSON.stringify(configurationOf(near.rds, far.rds)));
    const endpoint = `unix://${join(directory, 'csi.sock')}`;
    const driver = startDriver(options.controller, configFile, endpoint, NODE_FLAGS);
    stops.push(() => driver.stop());
    const identity = createClient(Identity, endpoint);
    const controller = createClient(Controller, endpoint);
    stops.push(() => [identity, controller].map((door) => door.close()));
    await until(async () => (await identity.probe({}).catch(() => undefined))?.ready === true);
    const logged = (message: string): readonly LogLine[] =>
      driver
        .log()
        .split('\n')
        .slice(0, -1)
        .filter((line) => line.includes(`"${message}"`))
        .map((line) => JSON.parse(line));
    const copies = () =>
      logged('the snapshot has a copy').map(({ time, bytes = 0 }) => ({ time: new Date(time).getTime(), bytes }));
    return await use({
      near: near.rds,
      nearApi: near.api,
      farApi: far.api,
      configFile,
      driver,
      controller,
      metricsPort: logged('metrics')[0]?.port ?? 0,
      copies,
      copied: (count) => until(async () => copies().length >= count, COPIED_WITHIN_MS),
      execs: async () => (await near.api.execs()) + (await far.api.execs()),
    });
  } finally {
    for (let stop = stops.pop(); stop !== undefined; stop = stops.pop()) await stop();
  }
}

function configurationOf(near: RunningRds, far: RunningRds) {
  const { pools, ...first } = backendOf('rds1', near);
  const replica = { backend: 'rds2', pool: 'copies', address: far.address, port: far.port, user: RECEIVER };
  const backends = [{ ...first, pools: pools.map((pool) => ({ ...pool, replica })) }, backendOf('rds2', far)];
  return { clusterId: CLUSTER_ID, ...METRICS_ON, backends };
}
