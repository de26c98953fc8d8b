import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { HttpError } from '../api/http-error.ts';
import { Mutex } from '../device/locks.ts';
import type { ExportedDisk, ExportTarget } from './export-target.ts';

/** A volume as a loop device of this machine. */
export interface LoopDevice {
  readonly nqn: string;
  /** Who asked for it: each host has a device of its own. */
  readonly host: string;
  /** Such as `/dev/loop0`. */
  readonly device: string;
}

const run = promisify(execFile);

/**
 * What is exported, as loop devices for whoever attaches it over the API. Needs root. A device goes when its host
 * detaches it, when the export ends, and with the simulator; what is mounted then keeps it until it is unmounted.
 */
export class LoopTarget implements ExportTarget {
  readonly #exported = new Map<string, ExportedDisk>();
  readonly #devices = new Map<string, LoopDevice>();
  readonly #turns = new Mutex();

  get attachments(): LoopDevice[] {
    return [...this.#devices.values()];
  }

  /** The same device when it is attached already. @throws HttpError 403 when it is not exported to this host */
  async attach(nqn: string, host: string): Promise<LoopDevice> {
    return this.#turns.run(async () => {
      const disk = this.#exported.get(nqn);
      if (disk === undefined) throw new HttpError(403, 'not-exported', `${nqn} is not exported`);
      if (disk.allowHostName !== '' && disk.allowHostName !== host) {
        throw new HttpError(403, 'not-allowed', `${nqn} is not exported to ${host}`);
      }
      const known = this.#devices.get(keyOf(nqn, host));
      if (known !== undefined) return known;
      const flags = ['--find', '--show', ...(disk.readOnly ? ['--read-only'] : [])];
      const device = (await run('losetup', [...flags, disk.file])).stdout.trim();
      // A loop device keeps what an earlier user of it forbade.
      if (!disk.readOnly) await run('blockdev', ['--setrw', device]);
      const attached = { nqn, host, device };
      this.#devices.set(keyOf(nqn, host), attached);
      return attached;
    });
  }

  /** Does nothing to what is not attached. */
  async detach(nqn: string, host: string): Promise<void> {
    await this.#turns.run(() => this.#detach(keyOf(nqn, host)));
  }

  async sync(disks: readonly ExportedDisk[]): Promise<void> {
    await this.#turns.run(async () => {
      const before = new Map(this.#exported);
      this.#exported.clear();
      for (const disk of disks) this.#exported.set(disk.nqn, disk);
      for (const [key, { nqn, device }] of this.#devices) {
        const [was, is] = [before.get(nqn), this.#exported.get(nqn)];
        if (is === undefined || is.file !== was?.file) await this.#detach(key);
        else if (is.size !== was.size) await run('losetup', ['--set-capacity', device]);
      }
    });
  }

  async close(): Promise<void> {
    await this.sync([]);
  }

  async #detach(key: string): Promise<void> {
    const attached = this.#devices.get(key);
    if (attached === undefined) return;
    this.#devices.delete(key);
    await run('losetup', ['--detach', attached.device]);
  }
}

function keyOf(nqn: string, host: string): string {
  return `${nqn} ${host}`;
}
