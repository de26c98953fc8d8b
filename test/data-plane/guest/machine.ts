/** The node guest itself. */
import { readdirSync, readFileSync, statfsSync } from 'node:fs';
import type { Mounted } from './cluster.ts';
import { sh } from './shell.ts';
import { ask, NODE_ADDRESS } from './wire.ts';

/** Brings the wire up and waits for the storage guest. */
export async function joinNetwork(): Promise<void> {
  sh(`ip addr add ${NODE_ADDRESS}/24 dev eth0; ip link set eth0 up; modprobe nvme-tcp`);
  await ask('rds');
}

/** Bytes of the filesystem of a volume, or of its device. */
export function sizeOf(volume: Mounted): number {
  if (volume.use === 'block') return Number(sh(`blockdev --getsize64 ${volume.path}`));
  const { blocks, bsize } = statfsSync(volume.path);
  return blocks * bsize;
}

/** Connections and mounts of the driver that are still there. */
export function traces(): string[] {
  const mounts = readFileSync('/proc/self/mounts', 'utf8')
    .split('\n')
    .map((line) => line.split(' ')[1] ?? '')
    .filter((path) => path.startsWith('/mnt/'));
  return [...readdirSync('/sys/class/nvme'), ...mounts];
}
