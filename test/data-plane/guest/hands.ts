/**
 * The node's part by hand, with the tools that an administrator has: connect, format what is blank, mount, grow. It stands
 * in for a node service, so that the controller and the box are tested with real NVMe/TCP and a real kernel.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { until } from '../../support/until.ts';
import type { Claim, Mounted } from './cluster.ts';
import { sh } from './shell.ts';

/** A guest under emulation is slow. */
const PATIENCE_MS = 30_000;

/** What was formatted by us. */
const formatted = new Set<string>();

export function uuidOf(claim: Claim): string {
  return claim.id.slice(claim.id.indexOf(':pvc-') + ':pvc-'.length);
}

export function nqnOf(claim: Claim): string {
  return `nqn.2026-11.io.rose-csi:pvc-${uuidOf(claim)}`;
}

/** Connects a published volume and mounts it. @param nodeId The host NQN to connect with. */
export async function attach(claim: Claim, target: Record<string, string>, nodeId: string): Promise<Mounted> {
  connect(target, nodeId);
  const device = await deviceOf(nqnOf(claim));
  if (claim.use === 'block') return { ...claim, path: device };
  if (claim.context['blank'] === 'true' && !formatted.has(claim.id)) {
    sh(claim.use === 'xfs' ? `mkfs.xfs -q -K ${device}` : `mkfs.ext4 -q -E nodiscard ${device}`);
    formatted.add(claim.id);
  }
  const path = `/mnt/${uuidOf(claim)}`;
  mkdirSync(path, { recursive: true });
  // A restore beside its source has the same filesystem uuid, and its journal is replayed by mounting.
  sh(`mount ${claim.use === 'xfs' ? '-o nouuid' : ''} ${device} ${path}`);
  const mounted = { ...claim, path };
  growFilesystem(mounted, device);
  return mounted;
}

/** @throws when the box refuses the host. */
export function connect({ address, port, nqn }: Record<string, string>, nodeId: string): void {
  const hostId = nodeId.slice(nodeId.lastIndexOf(':') + 1);
  sh(`nvme connect -t tcp -a ${address} -s ${port} -n ${nqn} --hostnqn ${nodeId} --hostid ${hostId} \
    --ctrl-loss-tmo 60 --reconnect-delay 1 --keep-alive-tmo 15 --nr-io-queues 1 2>&1`);
}

/** Unmounts a volume and ends its connection. */
export async function detach(claim: Claim): Promise<void> {
  if (claim.use !== 'block') sh(`umount /mnt/${uuidOf(claim)}`);
  sh(`nvme disconnect -n ${nqnOf(claim)}`);
  await until(async () => !connected().includes(nqnOf(claim)), PATIENCE_MS);
}

/** Waits until the kernel sees the new size, and grows the filesystem, which is in use. */
export async function growOnNode(volume: Mounted, bytes: number): Promise<void> {
  const device = await deviceOf(nqnOf(volume));
  await until(async () => Number(sh(`blockdev --getsize64 ${device}`)) === bytes, PATIENCE_MS);
  growFilesystem(volume, device);
}

function growFilesystem({ use, path }: Mounted, device: string): void {
  if (use === 'ext4') sh(`resize2fs ${device} 2>&1`);
  if (use === 'xfs') sh(`xfs_growfs ${path} 2>&1`);
}

/** NQNs that this machine is connected to. */
export function connected(): string[] {
  return readdirSync('/sys/class/nvme').map((name) => readFileSync(`/sys/class/nvme/${name}/subsysnqn`, 'utf8').trim());
}

/** The block device of a subsystem, which appears a little after the connection. */
async function deviceOf(nqn: string): Promise<string> {
  let device = '';
  await until(async () => {
    const name = readdirSync('/sys/class/nvme').find(
      (found) => readFileSync(`/sys/class/nvme/${found}/subsysnqn`, 'utf8').trim() === nqn,
    );
    device = `/dev/${name}n1`;
    return name !== undefined && existsSync(device);
  }, PATIENCE_MS);
  return device;
}
