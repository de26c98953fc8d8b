/** The node guest itself. */
import { readdirSync, readFileSync, statfsSync } from 'node:fs';
import type { Mounted } from './cluster.ts';
import { sh } from './shell.ts';
import { ask, nodeEndOf, STORAGE_ADDRESS } from './wire.ts';

/** Brings the wires up and waits for the storage guests, which reach each other over this one. */
export async function joinNetwork(storages: readonly string[] = [STORAGE_ADDRESS]): Promise<void> {
  sh('modprobe nvme-tcp; echo 1 > /proc/sys/net/ipv4/ip_forward');
  for (const [index, address] of storages.entries()) {
    sh(`ip addr add ${nodeEndOf(address)}/24 dev eth${index}; ip link set eth${index} up`);
    await ask('rds', '', address);
  }
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
