import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { btrfsPool } from '../../../test/support/btrfs-pool.ts';
import type { Row } from '../console/menu.ts';
import type { Value } from '../console/value.ts';
import { Device } from './device.ts';
import type { DeviceOptions } from './options.ts';

export const MIB = 2 ** 20;

/** A directory that goes with the test. */
export async function temporaryDirectory(t: TestContext): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'rose-csi-simulator-'));
  t.after(() => rm(directory, { recursive: true, force: true }));
  return directory;
}

/**
 * Declares a test that holds for every backend: what `options` say goes into {@link openDevice}, and into the options of
 * each device that shall find the same pool again. Where Btrfs cannot be had, that one is skipped, or fails in CI.
 */
export function testOnBackends(
  name: string,
  body: (t: TestContext, options: Partial<DeviceOptions>) => Promise<void>,
): void {
  test(`${name} (files)`, (t) => body(t, {}));
  test(`${name} (btrfs)`, async (t) => {
    const path = btrfsPool(t, 2 ** 34);
    if (path === undefined) return;
    await body(t, { backend: 'btrfs', pools: [{ label: 'pool', mountPoint: 'pool', path }] });
  });
}

/** The directory on the host that holds the pool `pool`. */
export function poolDirectory(stateDir: string, options: Partial<DeviceOptions>): string {
  const path = options.pools?.[0]?.path;
  return path === undefined ? join(stateDir, 'pools/pool') : join(path, 'rose-csi-simulator-pool/root');
}

/** A device with one pool `pool`, closed with the test. */
export async function openDevice(t: TestContext, options: Partial<DeviceOptions> = {}): Promise<DeviceUnderTest> {
  const stateDir = options.stateDir ?? (await temporaryDirectory(t));
  const pools = [{ label: 'pool', mountPoint: 'pool', sizeBytes: 2 ** 40 }];
  const device = await Device.open({ stateDir, pools, ...options });
  t.after(() => device.close());
  return new DeviceUnderTest(device, stateDir);
}

/** Drives the menus of a device as the console does, without a console. */
export class DeviceUnderTest {
  readonly device: Device;
  readonly stateDir: string;

  constructor(device: Device, stateDir: string) {
    this.device = device;
    this.stateDir = stateDir;
  }

  rows(path: string): Promise<readonly Row[]> {
    return this.#menu(path).rows();
  }

  /** The row with this value of the menu's name property (`slot` for /disk). */
  async row(path: string, name: string): Promise<Row | undefined> {
    const property = this.#menu(path).nameProperty ?? 'name';
    return (await this.rows(path)).find((row) => row.props.get(property) === name);
  }

  /** A property of {@link row}; undefined when it is unset or there is no such row. */
  async get(path: string, name: string, property: string): Promise<Value | undefined> {
    return (await this.row(path, name))?.props.get(property);
  }

  add(path: string, args: Readonly<Record<string, Value>>): Promise<string | undefined> {
    return this.#menu(path).run('add', [], new Map(Object.entries(args)));
  }

  /** Runs a command on the item of this name. */
  async run(path: string, command: string, name: string, args: Readonly<Record<string, Value>> = {}): Promise<void> {
    const row = await this.row(path, name);
    if (row === undefined) throw new Error(`${path} has no ${name}`);
    await this.#menu(path).run(command, [row.id], new Map(Object.entries(args)));
  }

  /** Makes a subvolume with an exported image in it, slot and NQN from its name. Returns the NQN. */
  async addVolume(name: string, sizeBytes: number): Promise<string> {
    await this.add('/disk/btrfs/subvolume', { fs: 'pool', name });
    return this.attach(name, { 'file-size': BigInt(sizeBytes) });
  }

  /** Makes an exported item for `volume.img` of a subvolume. Returns the NQN. */
  async attach(name: string, args: Readonly<Record<string, Value>> = {}): Promise<string> {
    const nqn = `nqn.2026-11.test:${name}`;
    await this.add('/disk', {
      type: 'file',
      slot: name,
      'file-path': `/pool/${name}/volume.img`,
      'mount-filesystem': false,
      'nvme-tcp-export': true,
      'nvme-tcp-server-nqn': nqn,
      ...args,
    });
    return nqn;
  }

  async snapshot(source: string, name: string, readOnly = true): Promise<void> {
    await this.add('/disk/btrfs/subvolume', { fs: 'pool', parent: source, name, 'read-only': readOnly });
  }

  #menu(path: string) {
    const menu = this.device.menus.find(path);
    if (menu === undefined) throw new Error(`no menu ${path}`);
    return menu;
  }
}
