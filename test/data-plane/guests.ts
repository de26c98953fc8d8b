import { createWriteStream } from 'node:fs';
import { copyFile, mkdir, mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { buildBundle, COMMONJS_GLOBALS } from '../../scripts/build.ts';
import { STORAGE_ADDRESS } from './guest/wire.ts';
import { archiveOf, buildImage } from './guest-image.ts';
import { fetchKernel } from './guest-kernel.ts';
import { PoweredGuest } from './powered-guest.ts';
import { type GuestOptions, pathOption, startGuest } from './qemu.ts';
import { run } from './tools.ts';

const HERE = import.meta.dirname;
const CACHE = join(HERE, '../../node_modules/.cache/data-plane');
const NODE = join(HERE, '../../node_modules/node/bin/node');
const POOL_BYTES = 8 * 2 ** 30;

/** What both guests boot. */
export interface GuestSystem {
  readonly directory: string;
  readonly kernel: string;
  readonly initrd: string;
  remove(): Promise<void>;
}

/**
 * Builds the bundle and the guests' programs and lays them over the base image.
 *
 * @param folder where the programs are, each named after its role.
 */
export async function buildSystem(roles: readonly string[], folder = join(HERE, 'guest')): Promise<GuestSystem> {
  await mkdir(CACHE, { recursive: true });
  const kernel = fetchKernel(CACHE);
  const base = buildImage(kernel, NODE, join(HERE, 'guest/init.sh'), CACHE);
  const directory = await mkdtemp(join(tmpdir(), 'rose-csi-guests-'));
  const rose = join(directory, 'overlay/rose');
  await buildBundle(rose);
  await build({
    entryPoints: roles.map((role) => join(folder, `${role}.ts`)),
    outdir: rose,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node24',
    banner: { js: COMMONJS_GLOBALS },
    external: ['cpu-features', '*.node'],
    logLevel: 'warning',
  });
  const initrd = join(directory, 'initrd.cpio');
  await copyFile(base, initrd);
  layOver(initrd, join(directory, 'overlay'));
  return { directory, kernel: kernel.image, initrd, remove: () => rm(directory, { recursive: true }) };
}

/** Adds the files of a folder to what a guest boots. */
export function layOver(initrd: string, folder: string): void {
  const archive = `${folder}.cpio`;
  archiveOf(folder, archive);
  run('sh', ['-c', 'cat "$1" >> "$2"', 'sh', archive, initrd]);
}

export interface ScenarioResult {
  /** Exit status of each guest, the node's last; undefined when it ended without telling. */
  readonly statuses: readonly (number | undefined)[];
  /** Lines of the node guest that report steps, checks and the end. */
  readonly story: readonly string[];
  /** Everything all guests printed. */
  readonly log: string;
}

export interface Scenario {
  /** Of the node guest. */
  readonly role: string;
  /** Addresses of the storage guests; that of the first one unless given. */
  readonly storages?: readonly string[];
  readonly timeoutMs: number;
  /** Called with each line of the story as it happens. */
  onLine(line: string): void;
}

/** Boots storage guests and a node guest with a wire to each of them, and runs a scenario on the node guest. */
export async function runScenario(
  system: GuestSystem,
  { role, storages = [STORAGE_ADDRESS], timeoutMs, onLine }: Scenario,
): Promise<ScenarioResult> {
  const log = join(system.directory, `${role}.log`);
  const file = createWriteStream(log);
  const story: string[] = [];
  const booting = Promise.withResolvers<void>();
  const machines = new Map<string, PoweredGuest>();
  const turn = async (address: string, on: boolean) => {
    await machines.get(address)?.turn(on);
    node.type('\n');
  };
  const common = { kernel: system.kernel, initrd: system.initrd, memoryMb: 1536, timeoutMs };
  const guest = (name: string, options: Omit<GuestOptions, 'onLine' | keyof typeof common>) =>
    startGuest({
      ...common,
      ...options,
      onLine: (line) => {
        booting.resolve();
        file.write(`${name}: ${line}\n`);
        if (name !== 'node') return;
        const [, power, address = ''] = /^WAIT (off|on) (\S+)$/.exec(line) ?? [];
        if (power !== undefined) void turn(address, power === 'on');
        if (!/^(STEP|CHECK|SAMPLE|SCENARIO) /.test(line)) return;
        story.push(line);
        onLine(line);
      },
    });
  const wires = await Promise.all(storages.map(async () => await freePort()));
  const node = guest('node', { role, devices: wires.flatMap((port) => wire('listen', port)) });
  // Its ends of the wires must be there before the others', and are there again for a guest that comes back.
  await Promise.race([booting.promise, node.status]);
  for (const [index, port] of wires.entries()) {
    const address = storages[index] ?? '';
    const drive = await newDrive(join(system.directory, `${role}-pool-${index}.img`));
    const devices = [...wire('connect', port), ...drive];
    const parameters = [`rose.address=${address}`];
    machines.set(address, new PoweredGuest(() => guest(address, { role: 'storage', devices, parameters })));
  }
  const nodeStatus = await node.status;
  const statuses: (number | undefined)[] = [];
  for (const machine of machines.values()) {
    // A node that ended well has asked the storage guests to end too.
    if (nodeStatus !== 0) await machine.turn(false);
    statuses.push(await machine.status);
  }
  await new Promise((resolve) => file.end(resolve));
  return { statuses: [...statuses, nodeStatus], story, log: await readFile(log, 'utf8') };
}

/** One end of a wire. */
function wire(end: 'listen' | 'connect', port: number): string[] {
  const id = `wire${port}`;
  const mac = `52:54:00:00:00:0${end === 'listen' ? '2' : '1'}`;
  const card = `virtio-net-pci,netdev=${id},mac=${mac},romfile=`;
  return ['-netdev', `socket,id=${id},${end}=127.0.0.1:${port}`, '-device', card];
}

/** An empty disk. */
async function newDrive(pool: string): Promise<string[]> {
  await writeFile(pool, '');
  await truncate(pool, POOL_BYTES);
  const drive = `if=none,id=pool,file=${pathOption(pool)},format=raw,cache=unsafe,discard=unmap`;
  return ['-drive', drive, '-device', 'virtio-blk-pci,drive=pool'];
}

/** A port of loopback that no one listens on now. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}
