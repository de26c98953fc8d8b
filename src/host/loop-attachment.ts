/** Volumes of simulators on the same machine, as loop devices: everything but the network is real. For tests. */
import { request } from 'node:http';
import { basename, join } from 'node:path';
import { StorageError } from '../storage/errors.ts';
import { isNqnOf } from '../storage/ids.ts';
import type { Attachment, Connection, NvmeTarget } from './attachment.ts';
import { type BlockDevice, PLACES, readAttribute, readBlockDevice } from './block-device.ts';
import type { Owner } from './device-owner.ts';

interface Attached {
  /** Of the simulator that has it. */
  readonly socket: string;
  readonly nqn: string;
  readonly host: string;
  /** Such as `/dev/loop0`. */
  readonly device: string;
}

export class LoopAttachment implements Attachment {
  readonly #hostNqn: string;
  readonly #sockets: readonly string[];

  /** @param sockets of the simulators' API */
  constructor(hostNqn: string, sockets: readonly string[]) {
    this.#hostNqn = hostNqn;
    this.#sockets = sockets;
  }

  async connect({ nqn }: NvmeTarget): Promise<BlockDevice> {
    await this.#attach(nqn);
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
    const { attached, failure } = await this.#all();
    if (failure !== undefined) throw failure;
    return attached.map(({ socket }) => ({ place: socket, isLive: true }));
  }

  /** A loop device that was detached while it is in use goes on until its last user ends, and then with its file. */
  async ownerOf(number: string): Promise<Owner> {
    const { attached, failure } = await this.#all();
    for (const { nqn, device } of attached) {
      if ((await readBlockDevice(PLACES, basename(device)))?.number === number) return { kind: 'volume', nqn };
    }
    if (failure !== undefined) throw failure;
    const attribute = (file: string) => readAttribute(join(PLACES.sys, 'dev/block', number, 'loop', file));
    if (!/^7:/.test(number)) return { kind: 'other' };
    const isLost = (await attribute('backing_file')) === undefined || (await attribute('autoclear')) === '1';
    return { kind: isLost ? 'lost' : 'other' };
  }

  /** The simulator reports the kernel itself. */
  async rescan(): Promise<void> {}

  async disconnect(nqn: string): Promise<void> {
    for (const { socket, nqn: subsystem } of await this.#attached(nqn)) {
      await ask(socket, 'DELETE', this.#path(subsystem));
    }
    if ((await this.connected(nqn)).length > 0) throw new StorageError('NODE-DISCONNECT', nqn);
  }

  /** Has the one attach it that exports it. */
  async #attach(nqn: string): Promise<void> {
    let failure: unknown;
    for (const socket of this.#sockets) {
      try {
        return void (await ask(socket, 'POST', this.#path(nqn)));
      } catch (error) {
        failure = error;
      }
    }
    throw failure;
  }

  /** What a simulator that cannot be asked may have is not known to be gone. */
  async #attached(nqn: string): Promise<Attached[]> {
    const { attached, failure } = await this.#all();
    const found = attached.filter((one) => isNqnOf(nqn, one.nqn));
    if (found.length === 0 && failure !== undefined) throw failure;
    return found;
  }

  /** What all simulators have attached to this host, and why one of them did not say. */
  async #all(): Promise<{ readonly attached: readonly Attached[]; readonly failure: unknown }> {
    const lists = this.#sockets.map(async (socket) => {
      const all = (await ask(socket, 'GET', '/v1/attachments')) as readonly Omit<Attached, 'socket'>[];
      return all.filter(({ host }) => host === this.#hostNqn).map((one) => ({ ...one, socket }));
    });
    const settled = await Promise.allSettled(lists);
    return {
      attached: settled.flatMap((one) => (one.status === 'fulfilled' ? one.value : [])),
      failure: settled.find((one) => one.status === 'rejected')?.reason,
    };
  }

  #path(nqn: string): string {
    return `/v1/namespaces/${encodeURIComponent(nqn)}/attachments?host=${encodeURIComponent(this.#hostNqn)}`;
  }
}

function ask(socketPath: string, method: string, path: string): Promise<unknown> {
  const { promise, resolve, reject } = Promise.withResolvers<unknown>();
  const fail = (why: string) => reject(new StorageError('NODE-CONNECT', `the simulator, ${method} ${path}`, why));
  const call = request({ socketPath, method, path }, async (response) => {
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
