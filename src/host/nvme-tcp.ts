/** Volumes over NVMe/TCP, by the initiator of the kernel. */
import { isIP, isIPv6 } from 'node:net';
import { StorageError } from '../storage/errors.ts';
import type { Attachment, Connection, NvmeTarget } from './attachment.ts';
import { type BlockDevice, PLACES, type Places } from './block-device.ts';
import type { Owner } from './device-owner.ts';
import { connectFabrics, lacksModule, tellController } from './nvme-fabrics.ts';
import { type Controller, controllersOf, namespaceOf, namespacesOf, ownControllers, ownerOf } from './nvme-sysfs.ts';
import { ProcessError, type Processes } from './processes.ts';
import { waitFor } from './wait.ts';

/** Bounds, in ms; an RDS shows a new namespace after up to 30 s (docs/routeros.md, 10). */
export interface NvmeTimes {
  readonly connectMs: number;
  readonly liveMs: number;
  readonly goneMs: number;
}

const TIMES: NvmeTimes = { connectMs: 30_000, liveMs: 40_000, goneMs: 30_000 };

/** @param hostNqn what this node calls itself, which is also its CSI node id */
export class NvmeTcp implements Attachment {
  readonly #hostNqn: string;
  readonly #host: Processes;
  readonly #places: Places;
  readonly #times: NvmeTimes;

  constructor(hostNqn: string, host: Processes, places: Places = PLACES, times: NvmeTimes = TIMES) {
    this.#hostNqn = hostNqn;
    this.#host = host;
    this.#places = places;
    this.#times = times;
  }

  async connect(target: NvmeTarget, signal: AbortSignal): Promise<BlockDevice> {
    const { nqn, address, port } = target;
    if (!(await this.#isConnected(nqn))) await this.#connect(target, signal);
    await this.#refuseOtherRds(target);
    const ready = async () => ((await this.isLive(nqn)) ? await this.#usable(nqn) : undefined);
    const device = await waitFor(ready, this.#times.liveMs, signal);
    if (device !== undefined) return device;
    const states = (await controllersOf(this.#places, nqn)).map(({ name, state }) => `${name} is ${state}`);
    throw new StorageError(
      'NODE-CONNECT',
      `${nqn} on ${address}:${port}`,
      `no usable namespace, ${states.join(', ') || 'there is no connection'}`,
    );
  }

  async find(nqn: string): Promise<BlockDevice | undefined> {
    return await namespaceOf(this.#places, nqn);
  }

  async connected(nqn: string): Promise<string[]> {
    const found = await Promise.all([controllersOf(this.#places, nqn), namespacesOf(this.#places, nqn)]);
    return [...new Set(found.flat().map((one) => one.nqn))];
  }

  async isLive(nqn: string): Promise<boolean> {
    return (await controllersOf(this.#places, nqn)).some(({ state }) => state === 'live');
  }

  /** One of which the kernel does not show where it leads counts for no place. */
  async connections(): Promise<Connection[]> {
    return (await ownControllers(this.#places)).flatMap(({ peer, state }) =>
      peer === undefined ? [] : [{ place: `${peer.address}:${peer.port}`, isLive: state === 'live' }],
    );
  }

  async ownerOf(number: string): Promise<Owner> {
    return await ownerOf(this.#places, number);
  }

  /** One controller that works is enough: they all lead to the same namespace. */
  async rescan(nqn: string): Promise<void> {
    const controller = (await controllersOf(this.#places, nqn)).find(({ state }) => state === 'live');
    if (controller !== undefined) await tellController(this.#host, this.#places, controller, 'rescan');
  }

  async disconnect(nqn: string): Promise<void> {
    const complaints = await Promise.all((await controllersOf(this.#places, nqn)).map((one) => this.#delete(one)));
    const gone = async () => ((await this.#isConnected(nqn)) ? undefined : true);
    if ((await waitFor(gone, this.#times.goneMs)) !== undefined) return;
    const left = [...(await controllersOf(this.#places, nqn)), ...(await namespacesOf(this.#places, nqn))];
    throw new StorageError('NODE-DISCONNECT', nqn, [...left.map(({ name }) => name), ...complaints.flat()].join('; '));
  }

  async #isConnected(nqn: string): Promise<boolean> {
    return (await this.connected(nqn)).length > 0;
  }

  /** @returns what went wrong; sysfs decides whether that matters */
  async #delete(controller: Controller): Promise<string[]> {
    try {
      await tellController(this.#host, this.#places, controller, 'disconnect');
      return [];
    } catch (error) {
      return [String(error instanceof Error ? error.message : error)];
    }
  }

  async #connect(target: NvmeTarget, signal: AbortSignal): Promise<void> {
    try {
      const options = { timeoutMs: this.#times.connectMs, signal };
      await connectFabrics(this.#host, this.#places, this.#hostNqn, target, options);
    } catch (error) {
      // Another process may have been faster, or it was taken off after it had done its work.
      if (await this.#isConnected(target.nqn)) return;
      if (!(error instanceof ProcessError)) throw error;
      const where = `${target.nqn} on ${target.address}:${target.port}`;
      const code = lacksModule(error) ? 'NODE-MODULE' : 'NODE-CONNECT';
      throw new StorageError(code, where, error.message, { cause: error });
    }
  }

  /** Two backends may have a volume of one id, where someone copied a pool: the NQN does not distinguish them. */
  async #refuseOtherRds({ nqn, address, port }: NvmeTarget): Promise<void> {
    for (const { name, peer } of await controllersOf(this.#places, nqn)) {
      if (peer === undefined || isPlace(peer, address, port)) continue;
      throw new StorageError('NODE-OTHER', nqn, `${peer.address}:${peer.port} (${name}), not ${address}:${port}`);
    }
  }

  /** A namespace without a size is one that the kernel has not read yet. */
  async #usable(nqn: string): Promise<BlockDevice | undefined> {
    const device = await this.find(nqn);
    return device !== undefined && device.bytes > 0n ? device : undefined;
  }
}

/** A name cannot be compared with the address that the kernel knows. */
function isPlace(peer: NonNullable<Controller['peer']>, address: string, port: number): boolean {
  if (peer.port !== String(port)) return false;
  return isIP(address) === 0 || isIP(peer.address) === 0 || canonical(peer.address) === canonical(address);
}

/** One way to write an address, of the many that IPv6 has. */
function canonical(address: string): string {
  return isIPv6(address) ? new URL(`http://[${address}]`).hostname : address;
}
