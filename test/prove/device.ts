import { randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { put, type RouterOsConsole, ros, text } from '../../src/routeros/index.ts';
import type { GuestSystem } from '../data-plane/guests.ts';
import { until } from '../support/until.ts';
import { type Access, consoleOf, pinHostKeys, poolOf } from './access.ts';
import type { ChrPlan, HostPlan } from './args.ts';
import { GUIDE_LABEL, GUIDE_USER } from './guide.ts';
import { type Accelerator, type Boot, GUEST_NETWORK, type Machine, mayUseKvm, startMachine } from './machine.ts';
import type { Secret } from './redact.ts';
import type { Target } from './report.ts';
import { emptyDisks, enableStorage, followGuide } from './setup.ts';
import { Terminal } from './terminal.ts';

/** A device that is ready, and what can be done to it. */
export interface Device {
  readonly access: Access;
  readonly target: Target;
  /** What must not get into a report. */
  readonly secrets: readonly Secret[];
  /** What was typed and shown on its console; empty for a device that exists. */
  consoleTranscript(): string;
  /** What the second machine boots, where it is made already. */
  readonly guests?: GuestSystem;
  restart?(): Promise<void>;
  /** Formats the spare disk with a label. @returns what the device printed. */
  formatSpare?(label: string): Promise<string>;
  stop(): Promise<void>;
}

/** Silence after which a question that is not known is one, in ms. */
const QUIET_MS = 20_000;
/** From power on to the prompt, by how it is run, in ms. */
const BOOT_MS: Readonly<Record<Accelerator, number>> = { kvm: 120_000, tcg: 600_000 };
/** How long SSH may take after the console is there, and the pool after it was made, in ms. */
const SETTLE_MS = 120_000;

/** A device that exists, as it is. @throws Error when it cannot be reached, or has no such pool. */
export async function existingDevice(plan: HostPlan, directory: string): Promise<Device> {
  const keyFile = join(directory, 'key');
  const hostKeysFile = join(directory, 'hostkeys');
  // OpenSSH and the driver refuse a key that others may read; it may lie on a medium without permissions.
  await writeFile(keyFile, await readFile(plan.key), { mode: 0o600 });
  await writeFile(hostKeysFile, await readFile(plan.hostKeys));
  const door = { host: plan.host, port: plan.port, user: plan.user, keyFile, hostKeysFile };
  const console = consoleOf(door);
  try {
    const pool = await poolOf(console, plan.pool);
    const access = { ...door, nvme: { address: plan.nvme, port: 4420 }, pool, reserve: '1GiB' };
    return {
      access,
      target: { kind: 'host', ...(await versionOf(console)) },
      secrets: [
        [plan.host, '(host)'],
        [plan.nvme, '(address)'],
        [plan.user, '(user)'],
        [plan.key, '(key file)'],
        [plan.hostKeys, '(file of host keys)'],
      ],
      consoleTranscript: () => '',
      stop: async () => undefined,
    };
  } catch (error) {
    // The user knows the files by the names that were given; these are gone at the end.
    const said = error instanceof Error ? error.message : String(error);
    throw new Error(said.replaceAll(keyFile, plan.key).replaceAll(hostKeysFile, plan.hostKeys), { cause: error });
  } finally {
    console.close();
  }
}

/** How a virtual machine is made into a device. */
interface VirtualPlan extends Pick<ChrPlan, 'package' | 'online' | 'accelerator'> {
  readonly kind: 'chr' | 'stand-in';
  readonly boot: Boot;
}

/**
 * Boots a machine, logs in for the first time and sets it up by the guide.
 *
 * @param show is called with what is done, as it is.
 * @throws Error with what its console shows, when it does not get there.
 */
export async function virtualDevice(
  plan: VirtualPlan,
  directory: string,
  show: (line: string) => void,
): Promise<Device> {
  const password = randomBytes(16).toString('hex');
  const { machine, terminal, accelerator } = await booted(plan, directory, password, show);
  try {
    show('enable the storage package');
    const { sshPort, nvmePort } = machine;
    await enableStorage(terminal, { file: plan.package, online: plan.online, sshPort, password });
    show('pool, account, host key, firewall and key, as docs/install.md says');
    const [disk, spare] = await emptyDisks(terminal);
    const userPassword = randomBytes(16).toString('hex');
    const { privateKey } = await followGuide(terminal, { disk, network: GUEST_NETWORK, password: userPassword });
    const keyFile = join(directory, 'key');
    await writeFile(keyFile, privateKey, { mode: 0o600 });
    const hostKeysFile = join(directory, 'hostkeys');
    const door = { host: '127.0.0.1', port: sshPort, user: GUIDE_USER, keyFile, hostKeysFile };
    await until(async () => await works(pinHostKeys(door, 5_000)), SETTLE_MS);
    const console = consoleOf(door);
    const answers = () => until(async () => await works(versionOf(console)), SETTLE_MS);
    await answers();
    await until(async () => await works(poolOf(console, GUIDE_LABEL)), SETTLE_MS);
    const nvme = { address: '127.0.0.1', port: nvmePort };
    const access = { ...door, nvme, pool: await poolOf(console, GUIDE_LABEL), reserve: '64MiB' };
    return {
      access,
      target: { kind: plan.kind, accelerator, ...(await versionOf(console)) },
      secrets: [
        [password, '(password)'],
        [userPassword, '(password)'],
      ],
      consoleTranscript: () => terminal.transcript,
      restart: async () => {
        await terminal.restart('/system/reboot');
        await answers();
      },
      formatSpare: (label) => terminal.run(`/disk/format ${spare} file-system=btrfs label=${label}`),
      stop: async () => {
        console.close();
        await machine.stop();
      },
    };
  } catch (error) {
    await machine.stop();
    throw error;
  }
}

interface Booted {
  readonly machine: Machine;
  readonly terminal: Terminal;
  readonly accelerator: Accelerator;
}

/** With KVM where that boots: it may be there and yet not run such a system. */
async function booted(
  { boot, online, accelerator, kind }: VirtualPlan,
  directory: string,
  newPassword: string,
  show: (line: string) => void,
): Promise<Booted> {
  const login = { user: 'admin', password: '', newPassword };
  const attempt = async (how: Accelerator): Promise<Booted> => {
    show(`boot ${kind === 'chr' ? 'the image' : 'the stand-in'} and log in for the first time (${how})`);
    const machine = await startMachine({ directory, boot, accelerator: how, online });
    const terminal = new Terminal(machine.input, machine.output, { login, quietMs: QUIET_MS, timeoutMs: BOOT_MS[how] });
    try {
      await terminal.ready();
      return { machine, terminal, accelerator: how };
    } catch (error) {
      await machine.stop();
      throw error;
    }
  };
  if (accelerator !== undefined || !mayUseKvm()) return await attempt(accelerator ?? 'tcg');
  try {
    return await attempt('kvm');
  } catch (error) {
    show(`with KVM it does not get to the prompt: ${String(error).split('\n', 1)[0]}`);
    return await attempt('tcg');
  }
}

async function versionOf(console: RouterOsConsole): Promise<{ routerOs: string; board: string }> {
  const resource = ros`{"version"=[/system/resource get version];"board"=[/system/resource get board-name]}`;
  const [row = {}] = await console.run(put(resource));
  return { routerOs: text(row, 'version'), board: text(row, 'board') };
}

async function works(work: Promise<unknown>): Promise<boolean> {
  return await work.then(
    () => true,
    () => false,
  );
}
