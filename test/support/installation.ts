import { join } from 'node:path';
import { Controller, Identity } from '../../src/csi/gen/csi_pb.js';
import { type Client, createClient } from './grpc-client.ts';
import { startDriver, startRds, writeConfiguration } from './programs.ts';
import { SimulatorApi } from './simulator-api.ts';
import { until } from './until.ts';

const CLUSTER_ID = 'installation';

/** The program as it stands in the sources, run without a build. */
export const SOURCES = join(import.meta.dirname, '../../src/main.ts');

export interface InstallOptions {
  /** The program to start; the sources unless given. */
  readonly main?: string;
  /** More flags of `rose-csi simulate`. */
  readonly simulate?: readonly string[];
}

/** A controller in a process of its own, and the door to it. */
interface RunningController {
  readonly controller: Client<typeof Controller>;
  /** What it logged. */
  log(): string;
  stop(): Promise<void>;
}

/** The two programs, each in a process of its own, and the doors to them. */
export interface Installation extends RunningController {
  /** The configuration of the controller. */
  readonly configFile: string;
  /** Socket of the controller, as a gRPC address. */
  readonly endpoint: string;
  readonly clusterId: string;
  readonly api: SimulatorApi;
  /** Where the simulator keeps the bytes of its pools, e.g. `files`. */
  readonly backend: string;
}

/** Starts the simulator and the controller in `directory` and waits until the driver is ready. */
export async function install(directory: string, options: InstallOptions = {}): Promise<Installation> {
  const { main = SOURCES, simulate = [] } = options;
  const rds = await startRds(main, directory, simulate);
  const configFile = await writeConfiguration(directory, CLUSTER_ID, rds);
  const endpoint = `unix://${join(directory, 'csi.sock')}`;
  const running = await startController(main, configFile, endpoint).catch(async (error) => {
    await rds.stop();
    throw error;
  });
  const api = new SimulatorApi(rds.apiSocket);
  const stop = async () => {
    api.close();
    await Promise.all([running.stop(), rds.stop()]);
  };
  return { ...running, configFile, endpoint, clusterId: CLUSTER_ID, api, backend: rds.backend, stop };
}

/**
 * Starts the controller and waits until it is ready.
 *
 * @throws Error with what it logged, when it does not become ready.
 */
export async function startController(main: string, configFile: string, endpoint: string): Promise<RunningController> {
  const driver = startDriver(main, configFile, endpoint);
  const identity = createClient(Identity, endpoint);
  const controller = createClient(Controller, endpoint);
  const stop = async () => {
    for (const door of [identity, controller]) door.close();
    await driver.stop();
  };
  await until(async () => (await identity.probe({}).catch(() => undefined))?.ready === true).catch(async (error) => {
    await stop();
    throw new Error(`the controller did not become ready:\n${driver.log()}`, { cause: error });
  });
  return { controller, log: driver.log, stop };
}
