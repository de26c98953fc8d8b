/** What a stranger, or an administrator with nvme-cli, could do on the node. */
import { readdirSync, readFileSync } from 'node:fs';
import type { Claim } from './cluster.ts';
import { sh } from './shell.ts';

export function uuidOf(claim: Claim): string {
  return claim.id.slice(claim.id.indexOf(':pvc-') + ':pvc-'.length);
}

export function nqnOf(claim: Claim): string {
  return `nqn.2026-11.io.rose-csi:pvc-${uuidOf(claim)}`;
}

/** @throws when the box refuses the host. */
export function connect({ address, port, nqn }: Record<string, string>, nodeId: string): void {
  const hostId = nodeId.slice(nodeId.lastIndexOf(':') + 1);
  sh(`nvme connect -t tcp -a ${address} -s ${port} -n ${nqn} --hostnqn ${nodeId} --hostid ${hostId} \
    --ctrl-loss-tmo 60 --reconnect-delay 1 --keep-alive-tmo 15 --nr-io-queues 1 2>&1`);
}

/** NQNs that this machine is connected to. */
export function connected(): string[] {
  return readdirSync('/sys/class/nvme').map((name) => readFileSync(`/sys/class/nvme/${name}/subsysnqn`, 'utf8').trim());
}
