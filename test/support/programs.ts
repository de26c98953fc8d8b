import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { generateKey } from './keys.ts';

export const POOL = 'pool';

/** A program in a process of its own. */
export interface Running {
  readonly pid: number;
  /** What it wrote to its standard error, for when something went wrong. */
  log(): string;
  /** Asks it to end and waits until it has. */
  stop(): Promise<void>;
  /** Its exit status; null while it runs, and when a signal ended it. */
  exitCode(): number | null;
}

/** A simulated RDS in a process of its own, and the way in. */
export interface RunningRds extends Running {
  readonly address: string;
  readonly port: number;
  readonly user: string;
  /** The private key that it lets in. */
  readonly keyFile: string;
  readonly hostKeyFingerprint: string;
  readonly apiSocket: string;
  /** Where it keeps the bytes of its pools, e.g. `files`. */
  readonly backend: string;
  readonly pools: readonly { readonly label: string; readonly uuid: string; readonly mountPoint: string }[];
}

/**
 * Starts `rose-csi simulate` in `directory` and waits until it is ready.
 *
 * @param flags more of them; a pool of 1 TiB unless they name one.
 * @throws Error with what the simulator said, when it ends instead.
 */
export async function startRds(main: string, directory: string, flags: readonly string[] = []): Promise<RunningRds> {
  const { privateKey, publicKey } = generateKey();
  const keyFile = join(directory, 'id_ed25519');
  await writeFile(keyFile, privateKey, { mode: 0o600 });
  await writeFile(`${keyFile}.pub`, `${publicKey}\n`);
  const child = start([
    main,
    'simulate',
    '--json',
    '--listen',
    '127.0.0.1:0',
    '--state',
    join(directory, 'rds'),
    '--authorized-keys',
    `${keyFile}.pub`,
    ...(flags.includes('--pool') ? [] : ['--pool', `label=${POOL},size=1T`]),
    ...flags,
  ]);
  const running = handle(child);
  try {
    const ready = JSON.parse(await firstLine(child, running)) as Omit<RunningRds, keyof Running | 'keyFile'>;
    return { ...ready, ...running, keyFile };
  } catch (error) {
    await running.stop();
    throw error;
  }
}

/**
 * Writes a configuration of the controller for an RDS, with all of its pools.
 *
 * @param limits more settings of the RDS.
 * @returns its path.
 */
export async function writeConfiguration(
  directory: string,
  clusterId: string,
  rds: RunningRds,
  limits: Readonly<Record<string, unknown>> = {},
): Promise<string> {
  const file = join(directory, 'rose-csi.json');
  await writeFile(file, JSON.stringify({ clusterId, backends: [{ ...backendOf('rds1', rds), ...limits }] }));
  return file;
}

/** What the configuration of a controller says of an RDS, with all of its pools. */
export function backendOf(name: string, rds: RunningRds) {
  const { address: host, port, user, keyFile: privateKeyFile, hostKeyFingerprint, pools } = rds;
  return {
    name,
    ssh: { host, port, user, privateKeyFile, hostKeys: [hostKeyFingerprint] },
    nvme: { address: host },
    pools: pools.map(({ label, uuid, mountPoint }) => ({ label, uuid, mountPoint })),
  };
}

/**
 * Starts `rose-csi controller` and returns at once.
 *
 * @param nodeFlags for Node.js itself.
 */
export function startDriver(
  main: string,
  configFile: string,
  endpoint: string,
  nodeFlags: readonly string[] = [],
): Running {
  return handle(start([...nodeFlags, main, 'controller', '--config', configFile, '--endpoint', endpoint]));
}

/**
 * Starts `rose-csi node` on an RDS that offers loop devices (`--loop`), and returns at once.
 *
 * @param directory for its state.
 */
export function startNode(
  main: string,
  directory: string,
  { apiSocket, clusterId, endpoint }: { apiSocket: string; clusterId: string; endpoint: string },
): Running {
  return handle(
    start([
      main,
      'node',
      '--endpoint',
      endpoint,
      '--cluster-id',
      clusterId,
      '--node-name',
      'node',
      '--state-dir',
      join(directory, 'node-state'),
      '--attach',
      'loop',
      '--simulator-api',
      apiSocket,
    ]),
  );
}

/** A console in a process of its own. */
export interface RunningConsole extends Running {
  /** The line that says where it serves. */
  readonly said: string;
}

/**
 * Starts `rose-csi console` and waits until it serves.
 *
 * @param main the bundle, which has the page beside it
 * @throws Error with what it said, when it ends instead.
 */
export async function startConsole(
  main: string,
  configFile: string,
  ...flags: readonly string[]
): Promise<RunningConsole> {
  const child = start([main, 'console', '--config', configFile, ...flags]);
  const running = handle(child);
  return { ...running, said: await firstLine(child, running) };
}

function start(args: readonly string[]): ChildProcess {
  return spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
}

function handle(child: ChildProcess): Running {
  let text = '';
  child.stderr?.on('data', (part: Buffer) => {
    text += part.toString('utf8');
  });
  child.stdout?.resume();
  const stop = async () => {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill('SIGTERM');
      await once(child, 'exit');
    }
  };
  return { pid: child.pid ?? 0, log: () => text, stop, exitCode: () => child.exitCode };
}

async function firstLine(child: ChildProcess, { log }: Running): Promise<string> {
  if (child.stdout === null) throw new Error('no standard output');
  const lines = createInterface({ input: child.stdout });
  const ended = once(child, 'exit').then(() => {
    throw new Error(`it ended before it was ready:\n${log()}`);
  });
  const [line] = (await Promise.race([once(lines, 'line'), ended])) as [string];
  ended.catch(() => undefined);
  child.stdout.resume();
  return line;
}
