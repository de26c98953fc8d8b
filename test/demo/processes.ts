import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Controller, Identity } from '../../src/csi/gen/csi_pb.js';
import { type Client, createClient } from '../../src/csi/grpc-client.ts';
import { generateKey } from '../support/keys.ts';
import { SimulatorApi } from '../support/simulator-api.ts';
import { until } from '../support/until.ts';

const MAIN = join(import.meta.dirname, '../../src/main.ts');
const POOL = 'pool';

/** The two programs of the demo, each in a process of its own, and the doors to them. */
export interface Installation {
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
export async function install(directory: string): Promise<Installation> {
  const { privateKey, publicKey } = generateKey();
  const keyFile = join(directory, 'id_ed25519');
  await writeFile(keyFile, privateKey, { mode: 0o600 });
  await writeFile(`${keyFile}.pub`, `${publicKey}\n`);
  const simulator = run(
    ...['simulate', '--json', '--listen', '127.0.0.1:0', '--state', join(directory, 'box')],
    ...['--authorized-keys', `${keyFile}.pub`, '--pool', `label=${POOL},size=1T`],
  );
  try {
    const box = JSON.parse(await firstLine(simulator)) as Ready;
    const api = new SimulatorApi(box.apiSocket);
    const configFile = join(directory, 'rose-csi.json');
    await writeFile(configFile, JSON.stringify(await configuration(box, keyFile, api)));
    const endpoint = `unix://${join(directory, 'csi.sock')}`;
    const driver = run('controller', '--config', configFile, '--endpoint', endpoint);
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
    return { controller, api, backend: 'files', log, stop };
  } catch (error) {
    await end(simulator);
    throw error;
  }
}

async function configuration(box: Ready, privateKeyFile: string, api: SimulatorApi): Promise<unknown> {
  const [pool] = await api.pools();
  return {
    clusterId: 'demo',
    backends: [
      {
        name: 'demo',
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

function run(...args: string[]): ChildProcess {
  return spawn(process.execPath, [MAIN, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
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
