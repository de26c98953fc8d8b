/** What a stranger, or an administrator with nvme-cli, could do on the node. */
import { readdirSync, readFileSync } from 'node:fs';
import type { Claim } from './cluster.ts';
import { sh } from './shell.ts';

export function uuidOf(claim: Claim): string {
  return claim.id.slice(claim.id.indexOf(':pvc-') + ':pvc-'.length);
}

/** @throws when the RDS refuses the host. */
export function connect({ address, port, nqn }: Record<string, string>, nodeId: string): void {
  const hostId = nodeId.slice(nodeId.lastIndexOf(':') + 1);
  sh(`nvme connect -t tcp -a ${address} -s ${port} -n ${nqn} --hostnqn ${nodeId} --hostid ${hostId} \
    --ctrl-loss-tmo 60 --reconnect-delay 1 --keep-alive-tmo 15 --nr-io-queues 1 2>&1`);
}

/** States of the connections to a subsystem. */
export function states(nqn: string): string[] {
  return readdirSync('/sys/class/nvme')
    .filter((name) => attribute(`/sys/class/nvme/${name}/subsysnqn`) === nqn)
    .map((name) => attribute(`/sys/class/nvme/${name}/state`));
}

/** The device of a subsystem, such as `/dev/nvme0n1`; undefined when the kernel shows none. */
export function deviceOf(nqn: string): string | undefined {
  const isOfIt = (name: string) => attribute(`/sys/block/${name}/device/subsysnqn`) === nqn;
  const found = readdirSync('/sys/block').find((name) => /^nvme\d+n\d+$/.test(name) && isOfIt(name));
  return found && `/dev/${found}`;
}

/** Empty when it went meanwhile. */
function attribute(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    return '';
  }
}

/** NQNs that this machine is connected to. */
export function connected(): string[] {
  return readdirSync('/sys/class/nvme').map((name) => attribute(`/sys/class/nvme/${name}/subsysnqn`));
}
