/**
 * The files by which the kernel connects and disconnects NVMe over fabrics, the same that nvme-cli writes. nvme-cli reads and
 * asks every device of the node first, and hangs where one does not answer (docs/decisions/0028-nvme-fabrics.md); a file concerns
 * one connection. A write blocks as long as the RDS takes, so each is made by a program that can be killed.
 */
import { isIP } from 'node:net';
import { join } from 'node:path';
import { hostIdOf } from '../storage/ids.ts';
import type { NvmeTarget } from './attachment.ts';
import type { Places } from './block-device.ts';
import type { Controller } from './nvme-sysfs.ts';
import { ProcessError, type Processes, type ProcessOptions } from './processes.ts';

/** Where the kernel takes connections, once the module nvme-fabrics is loaded, which nvme-tcp needs. */
const FABRICS = 'nvme-fabrics';

/** Exit status of {@link CONNECT}, unlike any of sh and tee. */
const NO_FABRICS = 9;

/** tee says why a write failed, which `>` in a shell does not. Without the module it would leave a file where the device belongs. */
const CONNECT = `if ! [ -e "$1" ]; then echo "there is no $1" >&2; exit ${NO_FABRICS}; fi
printf %s "$2" | tee "$1"`;

/**
 * The kernel gives the name of a controller again. Within its directory there is only this one, or nothing any more: what
 * has gone between the look and the write is not taken for its successor.
 */
const TELL = `cd "$1" && read -r nqn <subsysnqn && [ "$nqn" = "$2" ] || exit 0
printf 1 | tee "$3"`;

/**
 * What the kernel is to connect, as it reads it (nvmf_parse_options in drivers/nvme/host/fabrics.c). Host NQN and host id go
 * together, or it refuses the second volume.
 *
 * @param address of the target, and no name
 */
export function fabricsOptions(hostNqn: string, { nqn, port, tuning }: NvmeTarget, address: string): string {
  return [
    'transport=tcp',
    `traddr=${address}`,
    `trsvcid=${port}`,
    `nqn=${nqn}`,
    `hostnqn=${hostNqn}`,
    `hostid=${hostIdOf(hostNqn) ?? ''}`,
    `ctrl_loss_tmo=${tuning.ctrlLossTimeoutSeconds}`,
    `reconnect_delay=${tuning.reconnectDelaySeconds}`,
    `keep_alive_tmo=${tuning.keepAliveTimeoutSeconds}`,
    `nr_io_queues=${tuning.ioQueues}`,
  ].join(',');
}

/** Whether a connection failed since the node has no NVMe over fabrics: without its module the kernel has no file for it. */
export function lacksModule({ status }: ProcessError): boolean {
  return status === NO_FABRICS;
}

/**
 * Connects a subsystem; the namespace appears later.
 *
 * @throws ProcessError with the kernel's reason; the connection may come about all the same when it took too long
 */
export async function connectFabrics(
  host: Processes,
  { dev }: Places,
  hostNqn: string,
  target: NvmeTarget,
  options: ProcessOptions,
): Promise<void> {
  const wanted = fabricsOptions(hostNqn, target, await addressOf(host, target.address, options));
  await host.run('sh', ['-c', CONNECT, 'nvme-connect', join(dev, FABRICS), wanted], options);
}

/**
 * Has the kernel do something to one connection, unless it is gone.
 *
 * @throws ProcessError when it refuses or takes too long
 */
export async function tellController(
  host: Processes,
  { sys }: Places,
  { name, nqn }: Pick<Controller, 'name' | 'nqn'>,
  what: 'disconnect' | 'rescan',
): Promise<void> {
  const file = what === 'disconnect' ? 'delete_controller' : 'rescan_controller';
  await host.run('sh', ['-c', TELL, `nvme-${what}`, join(sys, 'class/nvme', name), nqn, file]);
}

/** The kernel takes addresses only. A name is resolved where the programs run, and by one that can be killed. */
async function addressOf(host: Processes, address: string, options: ProcessOptions): Promise<string> {
  if (isIP(address) !== 0) return address;
  const { text } = await host.ask('getent', ['ahosts', address], options);
  const found = text.split(/\s/, 1)[0] ?? '';
  if (isIP(found) === 0) throw new ProcessError(`the name ${address} leads to no address`);
  return found;
}
