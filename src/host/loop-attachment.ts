/** Volumes of a simulator on the same machine, as loop devices: everything but the network is real. For tests. */
import { request } from 'node:http';
import { basename, join } from 'node:path';
import { StorageError } from '../storage/errors.ts';
import { isNqnOf } from '../storage/ids.ts';
import type { Attachment, Connection, NvmeTarget } from './attachment.ts';
import { type BlockDevice, PLACES, readAttribute, readBlockDevice } from './block-device.ts';
import type { Owner } from './device-owner.ts';

interface Attached {
  readonly nqn: string;
  readonly host: string;
  /** Such as `/dev/loop0`. */
  readonly device: string;
}

export class LoopAttachment implements Attachment {
  readonly #hostNqn: string;
  readonly #socketPath: string;

  /** @param socketPath of the simulator's API */
  constructor(hostNqn: string, socketPath: string) {
    this.#hostNqn = hostNqn;
    this.#socketPath = socketPath;
  }

  async connect({ nqn }: NvmeTarget): Promise<BlockDevice> {
    await this.#ask('POST', this.#path(nqn));
    const device = await this.find(nqn);
    if (device === undefined) throw new StorageError('NODE-CONNECT', nqn, 'it was attached, and then was not there');
    return device;
  }

  async find(nqn: string): Promise<BlockDevice | undefined> {
    const [found] = await this.#attached(nqn);
    return found && (await readBlockDevice(PLACES, basename(found.device)));
  }

  async connected(nqn: string): Promise<string[]> {
    return (await this.#attached(nqn)).map((one) => one.nqn);
  }

  async isLive(nqn: string): Promise<boolean> {
    return (await this.connected(nqn)).length > 0;
  }

  async connections(): Promise<Connection[]> {
    const all = (await this.#ask('GET', '/v1/attachments')) as readonly Attached[];
    const own = all.filter(({ host }) => host === this.#hostNqn);
    return own.map(() => ({ place: this.#socketPath, isLive: true }));
  }

  /** A loop device that was detached while it is in use goes on until its last user ends, and then with its file. */
  async ownerOf(number: string): Promise<Owner> {
    const all = (await this.#ask('GET', '/v1/attachments')) as readonly Attached[];
    for (const { nqn, host, device } of all) {
      if (host !== this.#hostNqn) continue;
      if ((await readBlockDevice(PLACES, basename(device)))?.number === number) return { kind: 'volume', nqn };
    }
    const attribute = (file: string) => readAttribute(join(PLACES.sys, 'dev/block', number, 'loop', file));
    if (!/^7:/.test(number)) return { kind: 'other' };
    const isLost = (await attribute('backing_file')) === undefined || (await attribute('autoclear')) === '1';
    return { kind: isLost ? 'lost' : 'other' };
  }

  /** The simulator reports the kernel itself. */
  async rescan(): Promise<void> {}

  async disconnect(nqn: string): Promise<void> {
    for (const subsystem of await this.connected(nqn)) await this.#ask('DELETE', this.#path(subsystem));
    if ((await this.connected(nqn)).length > 0) throw new StorageError('NODE-DISCONNECT', nqn);
  }

  async #attached(nqn: string): Promise<Attached[]> {
    const all = (await this.#ask('GET', '/v1/attachments')) as readonly Attached[];
    return all.filter((one) => isNqnOf(nqn, one.nqn) && one.host === this.#hostNqn);
  }

  #path(nqn: string): string {
    return `/v1/namespaces/${encodeURIComponent(nqn)}/attachments?host=${encodeURIComponent(this.#hostNqn)}`;
  }

  #ask(method: string, path: string): Promise<unknown> {
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    const fail = (why: string) => reject(new StorageError('NODE-CONNECT', `the simulator, ${method} ${path}`, why));
    const call = request({ socketPath: this.#socketPath, method, path }, async (response) => {
      try {
        const text = Buffer.concat(await response.toArray()).toString('utf8');
        if (response.statusCode === 200) resolve(JSON.parse(text));
        else fail(`${response.statusCode} ${text.trim()}`);
      } catch (error) {
        fail(String(error));
      }
    });
    call.on('error', (error) => fail(error.message));
    call.end();
    return promise;
  }
}
