import { createWriteStream } from 'node:fs';
import { copyFile, mkdir, mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { buildBundle, COMMONJS_GLOBALS } from '../../scripts/build.ts';
import { archiveOf, buildImage } from './guest-image.ts';
import { fetchKernel } from './guest-kernel.ts';
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
  /** Exit status of each guest; undefined when it ended without telling. */
  readonly status: { readonly storage: number | undefined; readonly node: number | undefined };
  /** Lines of the node guest that report steps, checks and the end. */
  readonly story: readonly string[];
  /** Everything both guests printed. */
  readonly log: string;
}

/**
 * Boots a storage guest and a node guest joined by a wire and runs a scenario on the node guest.
 *
 * @param onLine called with each line of the story as it happens.
 */
export async function runScenario(
  system: GuestSystem,
  role: string,
  timeoutMs: number,
  onLine: (line: string) => void,
): Promise<ScenarioResult> {
  const pool = join(system.directory, `${role}-pool.img`);
  await writeFile(pool, '');
  await truncate(pool, POOL_BYTES);
  const log = join(system.directory, `${role}.log`);
  const file = createWriteStream(log);
  const story: string[] = [];
  const booting = Promise.withResolvers<void>();
  const port = await freePort();
  const wire = (end: string, mac: string) => [
    '-netdev',
    `socket,id=wire,${end}=127.0.0.1:${port}`,
    '-device',
    `virtio-net-pci,netdev=wire,mac=52:54:00:00:00:0${mac}`,
  ];
  const common = { kernel: system.kernel, initrd: system.initrd, memoryMb: 1536, timeoutMs };
  const guest = (name: string, options: Pick<GuestOptions, 'role' | 'devices'>) =>
    startGuest({
      ...common,
      ...options,
      onLine: (line) => {
        booting.resolve();
        file.write(`${name}: ${line}\n`);
        if (name === 'node' && /^(STEP|CHECK|SAMPLE|SCENARIO) /.test(line)) {
          story.push(line);
          onLine(line);
        }
      },
    });
  const drive = ['-drive', `if=none,id=pool,file=${pathOption(pool)},format=raw,cache=unsafe,discard=unmap`];
  const storage = guest('storage', {
    role: 'storage',
    devices: [...wire('listen', '1'), ...drive, '-device', 'virtio-blk-pci,drive=pool'],
  });
  // The storage guest's end of the wire must be there before the other's.
  await Promise.race([booting.promise, storage.status]);
  const node = guest('node', { role, devices: wire('connect', '2') });
  const nodeStatus = await node.status;
  // A node that ended well has asked the storage guest to end too.
  if (nodeStatus !== 0) storage.kill();
  const status = { storage: await storage.status, node: nodeStatus };
  await new Promise((resolve) => file.end(resolve));
  return { status, story, log: await readFile(log, 'utf8') };
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
