import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import type { Patience } from '../../src/app/backends.ts';
import { startController } from '../../src/app/controller/controller.ts';
import { parseConfig } from '../../src/config/load.ts';
import { Controller, Identity } from '../../src/csi/gen/csi_pb.js';
import type { Access } from '../../src/kubernetes/access.ts';
import { createLogger } from '../../src/observability/log.ts';
import type { Tracer } from '../../src/observability/tracing.ts';
import { type Simulator, type SimulatorOptions, startSimulator } from '../../src/simulator/simulate.ts';
import { placePools } from './backend.ts';
import { type Client, createClient } from './grpc-client.ts';
import { generateKey } from './keys.ts';
import { SimulatorApi } from './simulator-api.ts';
import { until } from './until.ts';
import type { Wire } from './wire.ts';

export const POOL_UUID = '5d1c9a43-0b5e-4c39-8f4e-2a7b1c3d4e5f';
export const CLUSTER_ID = 'component-tests';

export interface StackOptions {
  readonly simulator?: Partial<SimulatorOptions>;
  /** Merged over the configuration's first backend. */
  readonly backend?: Readonly<Record<string, unknown>>;
  /** Merged over the `ssh` of each backend that does not bring its own. */
  readonly ssh?: Readonly<Record<string, unknown>>;
  /** More backends, made like the first one and merged with these; on the same RDS by default, each with pools of its own. */
  readonly moreBackends?: readonly Readonly<Record<string, unknown>>[];
  /** Merged over the configuration. */
  readonly config?: Readonly<Record<string, unknown>>;
  /** False leaves a test that expects an unfit RDS to wait by itself. */
  readonly waitUntilReady?: boolean;
  /** The controller's patience with an RDS that does not answer. */
  readonly patience?: Patience;
  /** The API server of the cluster that the controllers run in. */
  readonly access?: Access;
  /** Makes the spans of the controllers and nodes. */
  readonly tracer?: Tracer;
  /** Leads the controller to the RDS through this, so that a test can cut the connection. */
  readonly wire?: Wire;
}

/** A simulated RDS and a controller that drives it over real SSH, spoken to over a real gRPC socket. */
export interface Stack {
  readonly directory: string;
  /** The configuration of the first controller. */
  readonly configFile: string;
  readonly simulator: Simulator;
  /** What the simulator was started with, for starting it again from the same state. */
  readonly simulatorOptions: SimulatorOptions;
  readonly api: SimulatorApi;
  readonly controller: Client<typeof Controller>;
  readonly identity: Client<typeof Identity>;
  /** Where the first controller serves its metrics; undefined when they are off. */
  readonly metricsPort: number | undefined;
  /** Starts a second controller process's worth of driver on the same RDS. */
  anotherController(config?: Readonly<Record<string, unknown>>): Promise<Client<typeof Controller>>;
}

/** Starts both and stops them after the test, the last started first. */
export async function startStack(t: TestContext, options: StackOptions = {}): Promise<Stack> {
  const directory = await mkdtemp(join(tmpdir(), 'rose-csi-'));
  const stops: (() => unknown)[] = [() => rm(directory, { recursive: true, force: true })];
  t.after(async () => {
    for (let stop = stops.pop(); stop !== undefined; stop = stops.pop()) await stop();
  });
  const { privateKey, publicKey } = generateKey();
  const privateKeyFile = join(directory, 'id_ed25519');
  await writeFile(privateKeyFile, privateKey, { mode: 0o600 });
  const placed = placePools(
    options.simulator?.pools ?? [{ label: 'pool', uuid: POOL_UUID, mountPoint: 'pool', sizeBytes: 2 ** 40 }],
  );
  stops.push(placed.remove);
  const simulatorOptions: SimulatorOptions = {
    stateDir: join(directory, 'state'),
    listen: { host: '127.0.0.1', port: 0 },
    authorizedKeys: publicKey,
    user: 'csi',
    ...options.simulator,
    backend: placed.backend,
    pools: placed.pools,
  };
  const simulator = await startSimulator(simulatorOptions);
  options.wire?.join(simulator.port);
  const port = options.wire?.port ?? simulator.port;
  stops.push(() => simulator.close());
  const api = new SimulatorApi(simulator.apiSocket);
  stops.push(() => api.close());

  const logger = createLogger(process.env['TEST_LOG'] ?? 'fatal');
  let started = 0;
  const configFile = join(directory, 'rose-csi-0.json');
  const start = async (extra: Readonly<Record<string, unknown>> = {}) => {
    const number = started++;
    const endpoint = `unix://${join(directory, `csi-${number}.sock`)}`;
    const backends = [options.backend ?? {}, ...(options.moreBackends ?? [])].map((backend) => ({
      ...backendDocument({ ...simulator, port }, privateKeyFile, options.ssh),
      ...backend,
    }));
    const document = { clusterId: CLUSTER_ID, backends, ...extra };
    await writeFile(join(directory, `rose-csi-${number}.json`), JSON.stringify(document));
    const config = parseConfig(document, 'test');
    const controller = await startController({
      config,
      endpoint,
      logger,
      patience: options.patience,
      access: options.access,
      tracer: options.tracer,
    });
    stops.push(() => controller.stop());
    return { endpoint, metricsPort: controller.metricsPort };
  };
  const connect = async (extra?: Readonly<Record<string, unknown>>) => {
    const { endpoint, metricsPort } = await start({ ...options.config, ...extra });
    const identity = createClient(Identity, endpoint);
    const controller = createClient(Controller, endpoint);
    stops.push(() => {
      identity.close();
      controller.close();
    });
    if (options.waitUntilReady !== false) await until(async () => (await identity.probe({})).ready === true);
    return { identity, controller, metricsPort };
  };
  const first = await connect();
  return {
    directory,
    configFile,
    simulator,
    simulatorOptions,
    api,
    ...first,
    anotherController: async (config) => (await connect(config)).controller,
  };
}

function backendDocument(
  { address: host, port, hostKeyFingerprint }: Pick<Simulator, 'address' | 'port' | 'hostKeyFingerprint'>,
  privateKeyFile: string,
  moreSsh: StackOptions['ssh'],
): Readonly<Record<string, unknown>> {
  const ssh = { host, port, user: 'csi', privateKeyFile, hostKeys: [hostKeyFingerprint], ...moreSsh };
  const pools = [{ label: 'pool', uuid: POOL_UUID, mountPoint: 'pool' }];
  return { name: 'rds1', ssh, nvme: { address: '192.0.2.1' }, pools };
}
