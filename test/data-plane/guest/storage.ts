/** A storage guest: a simulated RDS on real Btrfs with the kernel's NVMe target, and what only its owner can do to it. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import { createInterface } from 'node:readline';
import { generateKey } from '../../support/keys.ts';
import { imageDigest } from './image-digest.ts';
import {
  forward,
  LOOPBACK,
  nodeEndOf,
  PEER_PORT,
  SECOND_ADDRESS,
  SSH_PORT,
  STORAGE_ADDRESS,
  serveCommands,
} from './wire.ts';

const POOL = '/pool';
/** What is the RDS but its pool: as that, it is there again when the power is back. */
const STATE = join(POOL, 'state');
const KEYS = join(POOL, 'keys');
const PORTS = '/sys/kernel/config/nvmet/ports';
const [, ADDRESS = STORAGE_ADDRESS] = /rose\.address=(\S+)/.exec(readFileSync('/proc/cmdline', 'utf8')) ?? [];

function run(program: string, ...args: string[]): string {
  return execFileSync(program, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });
}

function prepare(): void {
  run('ip', 'addr', 'add', `${ADDRESS}/24`, 'dev', 'eth0');
  run('ip', 'link', 'set', 'eth0', 'up');
  run('ip', 'route', 'add', 'default', 'via', nodeEndOf(ADDRESS));
  run('modprobe', 'nvmet-tcp');
  run('sh', '-c', 'blkid -p /dev/vda || mkfs.btrfs -q /dev/vda');
  mkdirSync(join(POOL), { recursive: true });
  run('mount', '-o', 'noatime', '/dev/vda', POOL);
  // It names a process of before the power was lost, and one that runs now may be taken for it.
  rmSync(join(STATE, 'lock'), { force: true });
  if (existsSync(KEYS)) return;
  mkdirSync(join(POOL, 'rds'));
  mkdirSync(KEYS);
  const { privateKey, publicKey } = generateKey();
  writeFileSync(join(KEYS, 'private'), privateKey);
  writeFileSync(join(KEYS, 'authorized'), `${publicKey}\n`);
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
      STATE,
      '--listen',
      `${LOOPBACK}:${SSH_PORT}`,
      '--authorized-keys',
      join(KEYS, 'authorized'),
      '--backend',
      'btrfs',
      '--pool',
      `label=pool,path=${POOL}/rds`,
      '--nvmet',
      ADDRESS,
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  simulator = child;
  const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
  return { ...(JSON.parse(line) as object), privateKey: readFileSync(join(KEYS, 'private'), 'utf8') };
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

/** The image of a volume, a snapshot or a copy. */
function imageOf(id: string): string {
  const path = subvolumes().find((found) => basename(found).startsWith(id.slice(id.indexOf(':') + 1)));
  if (path === undefined) throw new Error(`${id} has no subvolume`);
  return join(POOL, path, 'volume.img');
}

/** Whether a filesystem tool finds nothing to repair in the image of a volume that no one uses. */
function check(volumeId: string): string {
  const image = imageOf(volumeId);
  const type = run('blkid', '-p', '-o', 'value', '-s', 'TYPE', image).trim();
  if (type === 'ext4') run('e2fsck', '-fn', image);
  else run('xfs_repair', '-n', '-f', image);
  return type;
}

prepare();
const first = await startRds();
forward(ADDRESS, SSH_PORT);
forward(LOOPBACK, PEER_PORT, SSH_PORT, ADDRESS === STORAGE_ADDRESS ? SECOND_ADDRESS : STORAGE_ADDRESS);
serveCommands(ADDRESS, {
  rds: async () => first,
  unplug: async () => unplug(),
  plug: async () => plug(),
  stopRds,
  startRds,
  neighbour: async (nqn) => neighbour(nqn),
  subvolumes: async () => subvolumes(),
  subsystems: async () => readdirSync('/sys/kernel/config/nvmet/subsystems'),
  check: async (volumeId) => check(volumeId),
  digest: async (id) => imageDigest(imageOf(id)),
  /** The simulator's state outlives its process, not the power (src/simulator/device/journal.ts). */
  sync: async () => run('sync'),
  quit: async () => {
    await stopRds();
    setTimeout(() => process.exit(0), 200);
  },
});
