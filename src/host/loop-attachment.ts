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
    return (await this.#all()).map(({ socket }) => ({ place: socket, isLive: true }));
  }

  /** A loop device that was detached while it is in use goes on until its last user ends, and then with its file. */
  async ownerOf(number: string): Promise<Owner> {
    for (const { nqn, device } of await this.#all()) {
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

  async #attached(nqn: string): Promise<Attached[]> {
    return (await this.#all()).filter((one) => isNqnOf(nqn, one.nqn));
  }

  /** What is attached to this host. What a simulator has that cannot be asked is not known, so that it fails then. */
  async #all(): Promise<Attached[]> {
    const lists = this.#sockets.map(async (socket) => {
      const all = (await ask(socket, 'GET', '/v1/attachments')) as readonly Omit<Attached, 'socket'>[];
      return all.map((one) => ({ ...one, socket }));
    });
    return (await Promise.all(lists)).flat().filter(({ host }) => host === this.#hostNqn);
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
