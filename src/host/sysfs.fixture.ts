/** For the specs of this directory: a sysfs with NVMe devices, and a kernel that changes it when it is written to. */
import { chmod, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import type { Places } from './block-device.ts';
import { type Processes, processes } from './processes.ts';

export interface FakeNamespace {
  readonly nqn: string;
  /** Such as `nvme0n1`. */
  readonly name: string;
  readonly nsid?: number;
  readonly sectors?: number;
  readonly sequence?: number;
}

/** A tree in a directory of its own, which goes with the test. */
export class FakeSysfs {
  readonly directory: string;
  readonly places: Places;
  /** Runs a `tee` that plays the kernel, which a file cannot do. */
  readonly host: Processes;

  private constructor(directory: string) {
    this.directory = directory;
    this.places = { sys: join(directory, 'sys'), dev: join(directory, 'dev') };
    this.host = processes(['env', `PATH=${directory}/bin:${process.env['PATH']}`, `SYS=${this.places.sys}`]);
  }

  static async make(t: TestContext): Promise<FakeSysfs> {
    const directory = await mkdtemp(join(tmpdir(), 'rose-csi-sysfs-'));
    t.after(() => rm(directory, { recursive: true, force: true }));
    const fake = new FakeSysfs(directory);
    for (const name of ['sys/class/nvme', 'sys/block', 'dev', 'bin']) {
      await mkdir(join(directory, name), { recursive: true });
    }
    await writeFile(join(fake.places.dev, 'nvme-fabrics'), '');
    return fake;
  }

  /** Native multipath, as distributions have it: the namespace belongs to the subsystem, each path to a controller. */
  async addNamespace({ nqn, name, nsid = 1, sectors = 2048, sequence = 1 }: FakeNamespace): Promise<void> {
    const device = join(this.places.sys, 'block', name);
    await mkdir(join(device, 'device'), { recursive: true });
    await writeAll(device, { 'device/subsysnqn': nqn, nsid, size: sectors, ro: 0, dev: `259:${nsid}` });
    await writeAll(device, { diskseq: sequence });
    await writeFile(join(this.places.dev, name), '');
  }

  async addController(nqn: string, name: string, state = 'live', address = ''): Promise<void> {
    const controller = join(this.places.sys, 'class/nvme', name);
    await mkdir(controller, { recursive: true });
    await writeAll(controller, { subsysnqn: nqn, state, ...(address !== '' && { address }) });
    const path = join(this.places.sys, 'block', `${name.replace(/(\d+)$/, '$1c$1')}n1`);
    await mkdir(path, { recursive: true });
    await symlink(controller, join(path, 'device'));
    await writeAll(path, { nsid: 1, size: 1, ro: 0, dev: '0:0' });
  }

  async remove(...names: readonly string[]): Promise<void> {
    for (const name of names) {
      await rm(join(this.places.sys, 'class/nvme', name), { recursive: true, force: true });
      await rm(join(this.places.sys, 'block', name), { recursive: true, force: true });
    }
  }

  /** What the kernel does when a file is written: lines of bash, with what is written in `$WRITTEN` and the tree in `$SYS`. */
  async kernel(script: string): Promise<void> {
    const file = join(this.directory, 'bin/tee');
    const log = `printf '%s/%s %s\\n' "$(basename "$(dirname "$(realpath "$1")")")" "$(basename "$1")" "$WRITTEN"`;
    await writeFile(file, `#!/bin/bash\nWRITTEN=$(cat)\n${log} >> ${this.directory}/writes\n${script}\n`);
    await chmod(file, 0o755);
  }

  /** Each write so far: the file with the directory that it is in, and what was written. */
  async writes(): Promise<string[]> {
    const text = await readFile(join(this.directory, 'writes'), 'utf8').catch(() => '');
    return text.split('\n').filter((line) => line !== '');
  }
}

async function writeAll(directory: string, values: Readonly<Record<string, string | number>>): Promise<void> {
  for (const [name, value] of Object.entries(values)) await writeFile(join(directory, name), `${value}\n`);
}
