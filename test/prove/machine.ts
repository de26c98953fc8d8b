/** A virtual machine that is, or stands for, a RouterOS device: its console on a serial line, SSH and NVMe/TCP on loopback. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, constants } from 'node:fs';
import { open, truncate, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { freePort, type GuestSystem } from '../data-plane/guests.ts';
import { KERNEL_PARAMETERS, machineArguments, pathOption } from '../data-plane/qemu.ts';

export type Accelerator = 'kvm' | 'tcg';

/** Of each of the three empty disks; sparse. The boot disk of a CHR is of another size, so the size says which they are. */
export const DISK_BYTES = 16 * 2 ** 30;
const DISKS = 3;
const NVME_PORT = 4420;
/** Where the initiator and everything else on this machine come from, as the guest sees it. */
export const GUEST_NETWORK = '10.0.2.0/24';

/** What it boots: an image of a disk, which is not changed, or the stand-in. */
export type Boot = { readonly image: string } | { readonly standIn: GuestSystem };

export interface MachineOptions {
  readonly directory: string;
  readonly boot: Boot;
  readonly accelerator: Accelerator;
  /** Whether the guest may reach the network beyond this machine. */
  readonly online: boolean;
}

export interface Machine {
  readonly input: Readable;
  readonly output: Writable;
  readonly sshPort: number;
  readonly nvmePort: number;
  /** Takes its power away, and waits until it has ended. */
  stop(): Promise<void>;
}

/** Whether this process may use KVM. That a machine then boots is another matter. */
export function mayUseKvm(): boolean {
  try {
    accessSync('/dev/kvm', constants.R_OK | constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

/** @throws Error when a file is not the raw image of a disk from which a machine boots. */
export async function checkImage(image: string): Promise<void> {
  const file = await open(image);
  try {
    const sector = Buffer.alloc(512);
    const { bytesRead } = (await file.stat()).isFile() ? await file.read(sector) : { bytesRead: 0 };
    if (sector.toString('latin1', 0, 2) === 'PK')
      throw new Error(`${image} is a .zip: unzip it, and give the .img in it`);
    // What a BIOS looks for.
    if (bytesRead < 512 || sector.readUInt16LE(510) !== 0xaa55) {
      throw new Error(`${image} is no raw image of a disk that boots: it has no boot sector`);
    }
  } finally {
    await file.close();
  }
}

/** Starts the machine. @throws Error when qemu cannot be run. */
export async function startMachine({ directory, boot, accelerator, online }: MachineOptions): Promise<Machine> {
  const sshPort = await freePort();
  const nvmePort = (await isFree(NVME_PORT)) ? NVME_PORT : await freePort();
  // A device listens where the driver tells it to, and the driver tells it the port that it connects to itself. The kernel's
  // target of the stand-in has the one port.
  const inside = 'standIn' in boot ? NVME_PORT : nvmePort;
  const forwards = `hostfwd=tcp:127.0.0.1:${sshPort}-:22,hostfwd=tcp:127.0.0.1:${nvmePort}-:${inside}`;
  const child = spawn(
    'qemu-system-x86_64',
    [
      ...machineArguments(1024, accelerator),
      ...bootArguments(boot),
      ...(await emptyDisks(directory)),
      '-netdev',
      `user,id=net,restrict=${online ? 'off' : 'on'},${forwards}`,
      '-device',
      'virtio-net-pci,netdev=net,romfile=',
    ],
    { stdio: ['pipe', 'pipe', 'inherit'] },
  );
  await once(child, 'spawn');
  return { input: child.stdout, output: child.stdin, sshPort, nvmePort, stop: () => stop(child) };
}

function bootArguments(boot: Boot): string[] {
  // With a screen that no one sees, since no report is known of an image that boots without.
  if ('image' in boot)
    return ['-vga', 'std', '-drive', `file=${pathOption(boot.image)},format=raw,if=virtio,snapshot=on`];
  const { kernel, initrd } = boot.standIn;
  return ['-kernel', kernel, '-initrd', initrd, '-append', [...KERNEL_PARAMETERS, 'rose.role=stand-in'].join(' ')];
}

async function emptyDisks(directory: string): Promise<string[]> {
  const disks: string[] = [];
  for (let number = 1; number <= DISKS; number += 1) {
    const file = join(directory, `disk${number}.img`);
    await writeFile(file, '');
    await truncate(file, DISK_BYTES);
    disks.push('-drive', `file=${pathOption(file)},format=raw,if=virtio,cache=unsafe,discard=unmap`);
  }
  return disks;
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  const free = await new Promise<boolean>((resolve) => {
    server.once('error', () => resolve(false)).listen(port, '127.0.0.1', () => resolve(true));
  });
  if (free) await new Promise((resolve) => server.close(resolve));
  return free;
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGKILL');
  await once(child, 'close');
}
