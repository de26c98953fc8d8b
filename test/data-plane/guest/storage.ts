/** The storage guest: a simulated RDS on real Btrfs with the kernel's NVMe target, and what only its owner can do to it. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { createInterface } from 'node:readline';
import { generateKey } from '../../support/keys.ts';
import { forward, SSH_PORT, STORAGE_ADDRESS, serveCommands } from './wire.ts';

const POOL = '/pool';
const PORTS = '/sys/kernel/config/nvmet/ports';
const KEYS = generateKey();

function run(program: string, ...args: string[]): string {
  return execFileSync(program, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });
}

function prepare(): void {
  run('ip', 'addr', 'add', `${STORAGE_ADDRESS}/24`, 'dev', 'eth0');
  run('ip', 'link', 'set', 'eth0', 'up');
  run('modprobe', 'nvmet-tcp');
  run('mkfs.btrfs', '-q', '-f', '/dev/vda');
  mkdirSync(join(POOL), { recursive: true });
  run('mount', '-o', 'noatime', '/dev/vda', POOL);
  mkdirSync(join(POOL, 'rds'));
  writeFileSync('/root/authorized_keys', `${KEYS.publicKey}\n`);
}

let simulator: ChildProcess | undefined;

/** Starts the RDS and returns what it says of itself. */
async function startRds(): Promise<unknown> {
  const child = spawn(
    process.execPath,
    [
      '/rose/main.js',
      'simulate',
      '--json',
      '--state',
      '/root/state',
      '--listen',
      `127.0.0.1:${SSH_PORT}`,
      '--authorized-keys',
      '/root/authorized_keys',
      '--backend',
      'btrfs',
      '--pool',
      `label=pool,path=${POOL}/rds`,
      '--nvmet',
      STORAGE_ADDRESS,
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  simulator = child;
  const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
  return { ...(JSON.parse(line) as object), privateKey: KEYS.privateKey };
}

/** Switches the RDS off, as a reboot does: its exports end. */
async function stopRds(): Promise<void> {
  if (simulator === undefined) return;
  simulator.kill('SIGTERM');
  await once(simulator, 'exit');
  simulator = undefined;
}

/** The links by which ports offer subsystems; without them every connection breaks and none is taken. */
let unplugged: { readonly link: string; readonly target: string }[] = [];

function unplug(): void {
  for (const port of readdirSync(PORTS)) {
    for (const nqn of readdirSync(join(PORTS, port, 'subsystems'))) {
      const link = join(PORTS, port, 'subsystems', nqn);
      unlinkSync(link);
      unplugged.push({ link, target: `/sys/kernel/config/nvmet/subsystems/${nqn}` });
    }
  }
}

function plug(): void {
  for (const { link, target } of unplugged) symlinkSync(target, link);
  unplugged = [];
}

/** Offers an export that is none of the driver's, or with an empty name ends it. */
function neighbour(nqn: string): void {
  const subsystems = '/sys/kernel/config/nvmet/subsystems';
  const [port = ''] = readdirSync(PORTS);
  if (nqn === '') {
    run(
      'sh',
      '-ec',
      `cd ${subsystems}; for s in *neighbour; do rm ${PORTS}/${port}/subsystems/$s;
      echo 0 > $s/namespaces/1/enable; rmdir $s/namespaces/1 $s; done; rm ${POOL}/neighbour.img`,
    );
    return;
  }
  run(
    'sh',
    '-ec',
    `truncate -s 16M ${POOL}/neighbour.img; mkdir ${subsystems}/${nqn}; cd ${subsystems}/${nqn};
    echo 1 > attr_allow_any_host; mkdir namespaces/1; echo ${POOL}/neighbour.img > namespaces/1/device_path;
    echo 1 > namespaces/1/enable; ln -s ${subsystems}/${nqn} ${PORTS}/${port}/subsystems/${nqn}`,
  );
}

/** Paths of the volumes and snapshots in the pool, as Btrfs itself lists them. */
function subvolumes(): string[] {
  const listed = run('btrfs', 'subvolume', 'list', POOL);
  const paths = [...listed.matchAll(/path (\S+)$/gm)].map(([, path = '']) => path);
  return paths.filter((path) => /^(pvc|snap)-/.test(basename(path)));
}

/** Whether a filesystem tool finds nothing to repair in the image of a volume that no one uses. */
function check(volumeId: string): string {
  const path = subvolumes().find((found) => basename(found).startsWith(volumeId.slice(volumeId.indexOf(':') + 1)));
  if (path === undefined) throw new Error(`${volumeId} has no subvolume`);
  const image = join(POOL, path, 'volume.img');
  const type = run('blkid', '-p', '-o', 'value', '-s', 'TYPE', image).trim();
  if (type === 'ext4') run('e2fsck', '-fn', image);
  else run('xfs_repair', '-n', '-f', image);
  return type;
}

prepare();
const first = await startRds();
forward(STORAGE_ADDRESS, SSH_PORT);
serveCommands({
  rds: async () => first,
  unplug: async () => unplug(),
  plug: async () => plug(),
  stopRds,
  startRds,
  neighbour: async (nqn) => neighbour(nqn),
  subvolumes: async () => subvolumes(),
  subsystems: async () => readdirSync('/sys/kernel/config/nvmet/subsystems'),
  check: async (volumeId) => check(volumeId),
  quit: async () => {
    await stopRds();
    setTimeout(() => process.exit(0), 200);
  },
});
