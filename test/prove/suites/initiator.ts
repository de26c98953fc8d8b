import { spawnSync } from 'node:child_process';
import { lookup } from 'node:dns/promises';
import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { buildSystem, type GuestSystem, layOver } from '../../data-plane/guests.ts';
import { startGuest } from '../../data-plane/qemu.ts';
import { type Access, configurationOf } from '../access.ts';
import type { Observation } from '../answers.ts';
import { type InitiatorPlan, PLAN_FOLDER } from '../guest/plan.ts';
import { failed, type Ground, notRun, type Outcome, type Suite } from './suite.ts';

/** Program of the second machine. */
export const ROLE = 'initiator';
const PROGRAMS = join(import.meta.dirname, '../guest');
/** Where QEMU's user network shows a guest the loopback of this machine. */
const THIS_MACHINE = '10.0.2.2';
const TIMEOUT_MS = 900_000;

/** The driver's node with a real NVMe/TCP host, in a second machine: the demo's story, and what only an initiator sees. */
export const INITIATOR: Suite = {
  name: 'initiator',
  tells: ['initiator', 'reboot'],
  async run(ground) {
    if (spawnSync('qemu-system-x86_64', ['--version']).status !== 0) {
      return notRun('qemu-system-x86_64 is not on this machine, in which a second machine would connect over NVMe/TCP');
    }
    let system: GuestSystem;
    try {
      system = ground.guests ?? (await buildSystem([ROLE], PROGRAMS));
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      return notRun(`the second machine cannot be made here: ${why}`);
    }
    try {
      layOver(system.initrd, await layOut(ground));
      return await watch(ground, system);
    } finally {
      if (system !== ground.guests) await system.remove();
    }
  },
};

/** What the initiator finds in its folder. @returns the folder that holds it. */
async function layOut({ directory, access, clusterId, restart }: Ground): Promise<string> {
  const root = join(directory, 'initiator');
  const folder = join(root, PLAN_FOLDER);
  await mkdir(folder, { recursive: true });
  await copyFile(access.keyFile, join(folder, 'key'));
  await copyFile(access.hostKeysFile, join(folder, 'hostkeys'));
  const seen: Access = {
    ...access,
    host: await asSeen(access.host),
    keyFile: `${PLAN_FOLDER}/key`,
    hostKeysFile: `${PLAN_FOLDER}/hostkeys`,
    nvme: { ...access.nvme, address: await asSeen(access.nvme.address) },
  };
  const { host, port, user, keyFile, hostKeysFile, nvme, pool } = seen;
  const plan: InitiatorPlan = {
    door: { host, port, user, keyFile, hostKeysFile },
    nvme,
    pool,
    configuration: configurationOf(seen, clusterId),
    scratch: `${clusterId}-item`,
    restarts: restart !== undefined,
  };
  await writeFile(join(folder, 'plan.json'), JSON.stringify(plan));
  return root;
}

/** The address of a host as the second machine, which knows no names, reaches it. */
async function asSeen(host: string): Promise<string> {
  const { address } = await lookup(host);
  return /^127\.|^::1$/.test(address) ? THIS_MACHINE : address;
}

async function watch(ground: Ground, system: GuestSystem): Promise<Outcome> {
  const lines: string[] = [];
  const observations: Observation[] = [];
  let unreachable: string | undefined;
  let restarting: Promise<void> = Promise.resolve();
  const guest = startGuest({
    role: ROLE,
    kernel: system.kernel,
    initrd: system.initrd,
    memoryMb: 1536,
    timeoutMs: TIMEOUT_MS,
    devices: ['-netdev', 'user,id=net', '-device', 'virtio-net-pci,netdev=net,romfile='],
    onLine: (line) => {
      lines.push(line);
      if (/^(STEP|CHECK|SCENARIO) /.test(line)) ground.show(line);
      if (line === 'WAIT restart') {
        restarting = (ground.restart ?? (async () => undefined))().then(() => guest.type('\n'));
        // It is awaited below; the guest, which waits for the answer, ends first.
        restarting.catch(() => guest.kill());
      }
      if (!line.startsWith('ANSWER ')) return;
      const told = JSON.parse(line.slice('ANSWER '.length)) as Observation | { readonly unreachable: string };
      if ('unreachable' in told) unreachable = told.unreachable;
      else observations.push(told);
    },
  });
  const status = await guest.status;
  const transcript = lines.join('\n');
  try {
    await restarting;
  } catch (error) {
    return { ...failed(error, transcript), observations };
  }
  if (unreachable !== undefined) return { state: 'not run', said: unreachable, transcript };
  const checks = lines.filter((line) => line.startsWith('CHECK '));
  const bad = checks.filter((line) => !line.startsWith('CHECK ok '));
  const isWell = status === 0 && bad.length === 0;
  const steps = lines.filter((line) => line.startsWith('STEP ok ')).length;
  const why = bad[0] ?? lines.at(-1) ?? 'it printed nothing';
  return {
    state: isWell ? 'passed' : 'failed',
    said: isWell ? `${steps} steps, ${checks.length} checks, ${observations.length} observations` : why.slice(0, 300),
    transcript,
    observations,
  };
}
