import { readFileSync } from 'node:fs';
import type { RouterOsConsole } from '../../../src/routeros/index.ts';
import { connect, deviceOf } from '../../data-plane/guest/hands.ts';
import { sh } from '../../data-plane/guest/shell.ts';
import { until } from '../../support/until.ts';
import { ScratchItem } from '../scratch-item.ts';
import type { InitiatorPlan } from './plan.ts';

/** Host NQNs of the initiator; the second is one that is let in by no list. */
export const HOST = 'nqn.2014-08.org.nvmexpress:uuid:6f1c8a5e-7c0d-4c1b-9b0e-3d2f4a5b6c7d';
export const STRANGER = 'nqn.2014-08.org.nvmexpress:uuid:99999999-2222-4333-8444-555555555555';

/** How long a device may take to appear, in ms. */
const APPEARS_MS = 30_000;

/** Connects and waits for the block device. @returns its name, such as `nvme0n1`. @throws when the device refuses. */
export async function attach({ nvme }: InitiatorPlan, nqn: string, host = HOST): Promise<string> {
  connect({ address: nvme.address, port: String(nvme.port), nqn }, host);
  await until(async () => deviceOf(nqn) !== undefined, APPEARS_MS);
  return (deviceOf(nqn) ?? '').replace('/dev/', '');
}

export function detach(nqn: string): void {
  sh(`nvme disconnect -n ${nqn}`);
}

/** Whether a host gets in; it is out again afterwards. */
export function getsIn({ nvme }: InitiatorPlan, nqn: string, host: string): boolean {
  try {
    connect({ address: nvme.address, port: String(nvme.port), nqn }, host);
  } catch {
    return false;
  }
  detach(nqn);
  return true;
}

/** UUID of the namespace, or that it has none. */
export function uuidOf(device: string): string {
  try {
    return readFileSync(`/sys/block/${device}/uuid`, 'utf8').trim();
  } catch {
    return 'none';
  }
}

/** Makes a scratch item, exports it and connects. @returns why that fails; undefined when it works. */
export async function connectProblem(console: RouterOsConsole, plan: InitiatorPlan): Promise<string | undefined> {
  const item = new ScratchItem(console, plan);
  try {
    await item.make();
    await item.export();
    await attach(plan, item.nqn);
    detach(item.nqn);
    return undefined;
  } catch (error) {
    return `no connection over NVMe/TCP: ${String(error).split('\n').at(-1)?.slice(0, 200)}`;
  } finally {
    await item.remove();
  }
}
