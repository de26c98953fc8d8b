import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readPools } from '../../src/doctor/checks/pools.ts';
import { mountPointOf } from '../../src/rds/index.ts';
import {
  fingerprint,
  openConsole,
  presentedHostKeys,
  type RouterOsConsole,
  readHostKeys,
  readPrivateKey,
  text,
} from '../../src/routeros/index.ts';

/** The way to a device over SSH, as the driver goes it. */
export interface Door {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly keyFile: string;
  readonly hostKeysFile: string;
}

/** A device on which everything can be tried. */
export interface Access extends Door {
  readonly nvme: { readonly address: string; readonly port: number };
  readonly pool: { readonly label: string; readonly uuid: string; readonly mountPoint: string };
  /** As in the configuration of the controller. */
  readonly reserve: string;
}

/** Name of the backend in all configurations here. */
const BACKEND = 'rds1';

/** A configuration of the controller for the device. */
export function configurationOf(access: Access, clusterId: string) {
  const { host, port, user, keyFile: privateKeyFile, hostKeysFile, nvme, pool, reserve } = access;
  const ssh = { host, port, user, privateKeyFile, hostKeysFile };
  return { clusterId, backends: [{ name: BACKEND, ssh, nvme, reserve, pools: [pool] }] };
}

/** Writes the configuration as a file. @returns its path. */
export async function writeConfiguration(directory: string, access: Access, clusterId: string): Promise<string> {
  const file = join(directory, 'rose-csi.json');
  await writeFile(file, JSON.stringify(configurationOf(access, clusterId)));
  return file;
}

/** A console of the device, by the account of the driver. */
export function consoleOf({ host, port, user, keyFile, hostKeysFile }: Door): RouterOsConsole {
  return openConsole({
    host,
    port,
    hostKeys: async () => await readHostKeys({ host, port, hostKeys: [], hostKeysFile }, () => undefined),
    credentials: async () => ({ username: user, privateKey: await readPrivateKey(keyFile) }),
  });
}

/** Writes down the host keys that a machine of ours shows on loopback, where no one else answers. */
export async function pinHostKeys(
  door: Pick<Door, 'host' | 'port' | 'hostKeysFile'>,
  timeoutMs: number,
): Promise<void> {
  const keys = await presentedHostKeys(door.host, door.port, timeoutMs);
  await writeFile(door.hostKeysFile, `${keys.map(fingerprint).join('\n')}\n`);
}

/** What the device says of a pool that is mounted. @throws Error when it has none of this label. */
export async function poolOf(console: RouterOsConsole, label: string): Promise<Access['pool']> {
  const { filesystems, mounted } = await readPools(console);
  const filesystem = filesystems.find((row) => text(row, 'label') === label);
  const disk = mounted.find((row) => text(row, 'fs-label') === label);
  if (filesystem === undefined || disk === undefined) {
    const labels = filesystems.map((row) => text(row, 'label')).join(', ');
    throw new Error(`no Btrfs pool ${label} is mounted on the device; it has: ${labels || 'none'}`);
  }
  return { label, uuid: text(filesystem, 'uuid'), mountPoint: mountPointOf(disk) };
}
