import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Controller, Identity } from '../../src/csi/gen/csi_pb.js';
import { type Client, createClient } from '../../src/csi/grpc-client.ts';
import { generateKey } from './keys.ts';
import { SimulatorApi } from './simulator-api.ts';
import { until } from './until.ts';

const POOL = 'pool';
const CLUSTER_ID = 'installation';

/** The program as it stands in the sources, run without a build. */
export const SOURCES = join(import.meta.dirname, '../../src/main.ts');

export interface InstallOptions {
  /** The program to start; the sources unless given. */
  readonly main?: string;
}

/** The two programs, each in a process of its own, and the doors to them. */
export interface Installation {
  /** Socket of the controller, as a gRPC address. */
  readonly endpoint: string;
  readonly clusterId: string;
  readonly controller: Client<typeof Controller>;
  readonly api: SimulatorApi;
  readonly backend: string;
  /** What the controller logged, for when something went wrong. */
  log(): string;
  stop(): Promise<void>;
}

/** What `rose-csi simulate --json` prints when it is ready. */
interface Ready {
  readonly address: string;
  readonly port: number;
  readonly hostKeyFingerprint: string;
  readonly apiSocket: string;
}

/** Starts the simulator and the controller in `directory` and waits until the driver is ready. */
export async function install(directory: string, { main = SOURCES }: InstallOptions = {}): Promise<Installation> {
  const { privateKey, publicKey } = generateKey();
  const keyFile = join(directory, 'id_ed25519');
  await writeFile(keyFile, privateKey, { mode: 0o600 });
  await writeFile(`${keyFile}.pub`, `${publicKey}\n`);
  const simulator = run(
    main,
    ...['simulate', '--json', '--listen', '127.0.0.1:0', '--state', join(directory, 'box')],
    ...['--authorized-keys', `${keyFile}.pub`, '--pool', `label=${POOL},size=1T`],
  );
  try {
    const box = JSON.parse(await firstLine(simulator)) as Ready;
    const api = new SimulatorApi(box.apiSocket);
    const configFile = join(directory, 'rose-csi.json');
    await writeFile(configFile, JSON.stringify(await configuration(box, keyFile, api)));
    const endpoint = `unix://${join(directory, 'csi.sock')}`;
    const driver = run(main, 'controller', '--config', configFile, '--endpoint', endpoint);
    const log = collect(driver);
    const identity = createClient(Identity, endpoint);
    const controller = createClient(Controller, endpoint);
    const stop = async () => {
      identity.close();
      controller.close();
      api.close();
      await Promise.all([end(driver), end(simulator)]);
    };
    await until(async () => (await identity.probe({}).catch(() => undefined))?.ready === true).catch(async (error) => {
      await stop();
      throw new Error(`the controller did not become ready:\n${log()}`, { cause: error });
    });
    return { endpoint, clusterId: CLUSTER_ID, controller, api, backend: 'files', log, stop };
  } catch (error) {
    await end(simulator);
    throw error;
  }
}

async function configuration(box: Ready, privateKeyFile: string, api: SimulatorApi): Promise<unknown> {
  const [pool] = await api.pools();
  return {
    clusterId: CLUSTER_ID,
    backends: [
      {
        name: 'rds1',
        ssh: {
          host: box.address,
          port: box.port,
          user: 'csi',
          privateKeyFile,
          hostKeys: [box.hostKeyFingerprint],
        },
        nvme: { address: box.address },
        pools: [{ label: POOL, uuid: pool?.uuid }],
      },
    ],
  };
}

function run(main: string, ...args: string[]): ChildProcess {
  return spawn(process.execPath, [main, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
}

async function firstLine(child: ChildProcess): Promise<string> {
  const errors = collect(child);
  if (child.stdout === null) throw new Error('no standard output');
  const lines = createInterface({ input: child.stdout });
  const ended = once(child, 'exit').then(() => {
    throw new Error(`the simulator ended before it was ready:\n${errors()}`);
  });
  const [line] = (await Promise.race([once(lines, 'line'), ended])) as [string];
  ended.catch(() => undefined);
  child.stdout.resume();
  return line;
}

function collect(child: ChildProcess): () => string {
  let text = '';
  child.stderr?.on('data', (part: Buffer) => {
    text += part.toString('utf8');
  });
  return () => text;
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) {
    child.kill('SIGTERM');
    await once(child, 'exit');
  }
}
