import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, rm, rmdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ExportedDisk, ExportTarget } from './export-target.ts';
import { plan } from './nvmet-plan.ts';

export interface NvmetOptions {
  /** IPv4 address to listen on; port 4420. */
  readonly address: string;
  /** Where the kernel's target is configured; by default `/sys/kernel/config/nvmet`. */
  readonly directory?: string;
}

const PORT = '4420';

/**
 * Real NVMe/TCP: the kernel's own target, driven over configfs, one subsystem with one namespace for each exported disk, as
 * on the device (docs/routeros.md, 10). The uuid of a namespace follows from the NQN: if it changed, hosts that come back
 * after an outage would drop the namespace (U23).
 */
export class NvmetTarget implements ExportTarget {
  readonly #directory: string;
  readonly #port: string;
  readonly #offered = new Map<string, ExportedDisk>();

  private constructor(directory: string, port: string) {
    this.#directory = directory;
    this.#port = port;
  }

  /**
   * Opens a port on the address. What another process configured is left alone.
   *
   * @throws Error when the kernel has no NVMe target (modules nvmet and nvmet-tcp, configfs mounted).
   */
  static async open({ address, directory = '/sys/kernel/config/nvmet' }: NvmetOptions): Promise<NvmetTarget> {
    if (!existsSync(directory)) {
      throw new Error(`${directory} is missing: load nvmet and nvmet-tcp, and mount configfs on /sys/kernel/config`);
    }
    const used = await readdir(join(directory, 'ports'));
    const number = Array.from({ length: used.length + 1 }, (_, index) => String(index + 1)).find(
      (candidate) => !used.includes(candidate),
    );
    const port = join(directory, 'ports', number ?? '1');
    await mkdir(port);
    const settings = { addr_trtype: 'tcp', addr_adrfam: 'ipv4', addr_traddr: address, addr_trsvcid: PORT };
    for (const [name, value] of Object.entries(settings)) await writeFile(join(port, name), value);
    return new NvmetTarget(directory, port);
  }

  async sync(disks: readonly ExportedDisk[]): Promise<void> {
    for (const step of plan(this.#offered, disks)) {
      if (step.do === 'withdraw') await this.#withdraw(step.nqn);
      else if (step.do === 'offer') await this.#offer(step.disk);
      else await this.#resize(step.disk);
    }
  }

  async close(): Promise<void> {
    await this.sync([]);
    await rmdir(this.#port);
  }

  async #offer(disk: ExportedDisk): Promise<void> {
    const subsystem = this.#subsystem(disk.nqn);
    await mkdir(subsystem);
    await this.#allow(subsystem, disk.allowHostName);
    const namespace = join(subsystem, 'namespaces/1');
    await mkdir(namespace);
    await writeFile(join(namespace, 'device_path'), disk.file);
    await writeFile(join(namespace, 'device_uuid'), uuidOf(disk.nqn));
    await writeFile(join(namespace, 'enable'), '1');
    await symlink(subsystem, join(this.#port, 'subsystems', disk.nqn));
    this.#offered.set(disk.nqn, disk);
  }

  async #allow(subsystem: string, hostName: string): Promise<void> {
    if (hostName === '') {
      await writeFile(join(subsystem, 'attr_allow_any_host'), '1');
      return;
    }
    const host = join(this.#directory, 'hosts', hostName);
    await mkdir(host, { recursive: true });
    await symlink(host, join(subsystem, 'allowed_hosts', hostName));
  }

  /** Connected hosts lose the controller at once and try to come back until their own patience ends. */
  async #withdraw(nqn: string): Promise<void> {
    const subsystem = this.#subsystem(nqn);
    await rm(join(this.#port, 'subsystems', nqn), { force: true });
    await writeFile(join(subsystem, 'namespaces/1/enable'), '0');
    await rmdir(join(subsystem, 'namespaces/1'));
    for (const host of await readdir(join(subsystem, 'allowed_hosts'))) {
      await rm(join(subsystem, 'allowed_hosts', host));
    }
    await rmdir(subsystem);
    this.#offered.delete(nqn);
  }

  /** Connected hosts are notified by an asynchronous event. */
  async #resize(disk: ExportedDisk): Promise<void> {
    await writeFile(join(this.#subsystem(disk.nqn), 'namespaces/1/revalidate_size'), '1');
    this.#offered.set(disk.nqn, disk);
  }

  #subsystem(nqn: string): string {
    return join(this.#directory, 'subsystems', nqn);
  }
}

function uuidOf(nqn: string): string {
  const hex = createHash('sha256').update(nqn).digest('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), `4${hex.slice(13, 16)}`, `8${hex.slice(17, 20)}`, hex.slice(20, 32)].join(
    '-',
  );
}
