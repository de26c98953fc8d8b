/** What sysfs says about NVMe over fabrics. Reads only files of sysfs, which no dead device can hold up. */
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { StorageError } from '../storage/errors.ts';
import { isNqnOf, volumeUuidOf } from '../storage/ids.ts';
import { type BlockDevice, type Places, readAttribute, readBlockDevice } from './block-device.ts';
import type { Owner } from './device-owner.ts';
import { unlessAbsent } from './errno.ts';

/** One connection to a subsystem. */
export interface Controller {
  /** Such as `nvme0`. */
  readonly name: string;
  /** NQN of the subsystem. */
  readonly nqn: string;
  /** `live` when I/O goes through; `connecting` while the kernel retries. */
  readonly state: string;
  /** Whom it talks to; undefined where the kernel does not say. */
  readonly peer: { readonly address: string; readonly port: string } | undefined;
}

/** `nvme0n1`, the device to use, but not `nvme0c0n1`, one path to it. */
const NAMESPACE = /^nvme\d+n\d+$/;
/** RouterOS has one namespace in each subsystem (docs/routeros.md, 10). */
const NSID = '1';

/** All connections to the subsystem, or to any subsystem of the volume, working or not. */
export async function controllersOf(places: Places, nqn: string): Promise<Controller[]> {
  return await controllers(places, (subsystem) => isNqnOf(nqn, subsystem));
}

/** All connections to volumes of this driver. */
export async function ownControllers(places: Places): Promise<Controller[]> {
  return await controllers(places, (subsystem) => volumeUuidOf(subsystem) !== undefined);
}

async function controllers({ sys }: Places, isMeant: (subsystem: string) => boolean): Promise<Controller[]> {
  const found: Controller[] = [];
  for (const name of await list(join(sys, 'class/nvme'))) {
    const attribute = (file: string) => readAttribute(join(sys, 'class/nvme', name, file));
    const subsystem = (await attribute('subsysnqn')) ?? '';
    if (!isMeant(subsystem)) continue;
    const state = (await attribute('state')) ?? 'gone';
    found.push({ name, nqn: subsystem, state, peer: peerIn(await attribute('address')) });
  }
  return found;
}

/** Such as `traddr=192.0.2.1,trsvcid=4420,src_addr=192.0.2.7`. */
function peerIn(address = ''): Controller['peer'] {
  const [peer, port] = ['traddr', 'trsvcid'].map((key) => new RegExp(`(?:^|,)${key}=([^,]+)`).exec(address)?.[1]);
  return peer === undefined || port === undefined ? undefined : { address: peer, port };
}

/**
 * The namespace of the subsystem; undefined when there is none.
 *
 * @throws StorageError `unavailable` when there are several, of which none can be determined to be the volume
 */
export async function namespaceOf(places: Places, nqn: string): Promise<BlockDevice | undefined> {
  const found: BlockDevice[] = [];
  for (const { name } of await namespacesOf(places, nqn)) {
    if ((await readAttribute(join(places.sys, 'block', name, 'nsid'))) !== NSID) continue;
    const device = await readBlockDevice(places, name);
    if (device !== undefined) found.push(device);
  }
  if (found.length > 1) {
    const paths = found.map(({ path }) => path).join(', ');
    throw new StorageError('NODE-TWO', nqn, paths);
  }
  return found[0];
}

/** All namespaces of the subsystem, or of any subsystem of the volume, whatever their number. */
export async function namespacesOf({ sys }: Places, nqn: string): Promise<Pick<Controller, 'name' | 'nqn'>[]> {
  const names = (await list(join(sys, 'block'))).filter((name) => NAMESPACE.test(name));
  const all = names.map(async (name) => ({
    name,
    nqn: await readAttribute(join(sys, 'block', name, 'device/subsysnqn')),
  }));
  return (await Promise.all(all)).flatMap(({ name, nqn: subsystem = '' }) =>
    isNqnOf(nqn, subsystem) ? [{ name, nqn: subsystem }] : [],
  );
}

/** Whose the block device with this number is. */
export async function ownerOf({ sys }: Places, number: string): Promise<Owner> {
  for (const name of (await list(join(sys, 'block'))).filter((one) => NAMESPACE.test(one))) {
    const attribute = (file: string) => readAttribute(join(sys, 'block', name, file));
    if ((await attribute('dev')) !== number) continue;
    const nqn = await attribute('device/subsysnqn');
    return nqn === undefined ? { kind: 'other' } : { kind: 'volume', nqn };
  }
  // Filesystems without a device have numbers of their own, all with 0 in front.
  const isNone = number.startsWith('0:');
  const isThere = (await unlessAbsent(() => stat(join(sys, 'dev/block', number)))) !== undefined;
  return { kind: isNone || isThere ? 'other' : 'lost' };
}

async function list(directory: string): Promise<string[]> {
  return ((await unlessAbsent(() => readdir(directory))) ?? []).sort();
}
