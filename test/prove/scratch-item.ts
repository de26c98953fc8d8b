import { put, type RouterOsConsole, RouterOsError, ros, type Script, text } from '../../src/routeros/index.ts';
import type { Access } from './access.ts';

const MiB = 1n << 20n;

/** Size of the image when it is made, in bytes. */
export const SCRATCH_BYTES = 64n * MiB;

/** Where a scratch item is made. */
export interface ScratchPlace extends Pick<Access, 'nvme' | 'pool'> {
  /** Its name; lower case, digits and dashes. */
  readonly scratch: string;
}

/** A disk item that is made without the driver, as docs/routeros.md, 14 does for its tests. */
export class ScratchItem {
  readonly nqn: string;
  readonly #console: RouterOsConsole;
  readonly #plan: ScratchPlace;
  readonly #name: string;

  constructor(console: RouterOsConsole, plan: ScratchPlace) {
    this.#console = console;
    this.#plan = plan;
    this.#name = plan.scratch;
    this.nqn = `nqn.2026-11.io.rose-csi:${plan.scratch}`;
  }

  async make(): Promise<void> {
    const { label, mountPoint } = this.#plan.pool;
    await this.#console.run(ros`/disk/btrfs/subvolume add fs=${label} name=${this.#name}`);
    await this.#console.run(
      ros`/disk add type=file slot=${this.#name} file-path=${`${mountPoint}/${this.#name}/volume.img`} file-size=${SCRATCH_BYTES} mount-filesystem=no`,
    );
  }

  async export(): Promise<void> {
    await this.set(
      ros`nvme-tcp-server-port=${this.#plan.nvme.port} nvme-tcp-server-nqn=${this.nqn} nvme-tcp-export=yes`,
    );
  }

  async withdraw(): Promise<void> {
    await this.set(ros`nvme-tcp-export=no`);
  }

  async set(properties: Script): Promise<void> {
    await this.#console.run(ros`/disk set [find where slot=${this.#name}] ${properties}`);
  }

  async property(name: 'nvme-tcp-export' | 'nvme-tcp-server-nqn'): Promise<string> {
    const property = name === 'nvme-tcp-export' ? ros`nvme-tcp-export` : ros`nvme-tcp-server-nqn`;
    const rows = await this.#console.run(
      put(ros`{"x"=[:tostr [/disk get [find where slot=${this.#name}] ${property}]]}`),
    );
    return text(rows[0] ?? {}, 'x');
  }

  /** Removes what there is of it. */
  async remove(): Promise<void> {
    await removeScratch(this.#console, this.#name);
  }
}

/**
 * Removes the disk item and the subvolume of a name, which are found in the statement that removes them: an id that was read before
 * may be another's by then (docs/routeros.md, U25). What is not there is refused, or not (U27); a listing says what stays.
 */
export async function removeScratch(console: RouterOsConsole, name: string): Promise<void> {
  await console.run(ros`/disk set [find where slot=${name} and nvme-tcp-export] nvme-tcp-export=no`).catch(ifRefused);
  await console.run(ros`/disk remove [find where slot=${name}]`).catch(ifRefused);
  await console.run(ros`/disk/btrfs/subvolume remove [find where name=${name}]`).catch(ifRefused);
}

function ifRefused(error: unknown): void {
  if (!(error instanceof RouterOsError && error.kind === 'failed')) throw error;
}
