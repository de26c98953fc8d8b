import { once } from 'node:events';
import { lstat, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { connect } from 'node:net';
import type { LoopTarget } from '../attach/loop.ts';
import type { Counters } from '../counters.ts';
import type { Device } from '../device/device.ts';
import { answerAttachments } from './attachment-routes.ts';
import { receiveBlocks, sendBlocks } from './block-transfer.ts';
import { HttpError } from './http-error.ts';
import { answerTrouble, type Trouble } from './trouble-routes.ts';

/** What `GET /v1/info` tells beside the device's own version and backend. */
interface SshInfo {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly hostKeyFingerprint: string;
  readonly hostPublicKey: string;
}

export interface ApiOptions {
  /** Path of the unix socket. One that a dead simulator left behind is replaced. */
  readonly socketPath: string;
  readonly device: Device;
  readonly counters: Counters;
  readonly ssh: SshInfo;
  readonly trouble: Trouble;
  /** Where exports can be had as loop devices. */
  readonly loops?: LoopTarget | undefined;
}

/**
 * The door for tests and the demo: an HTTP server on a unix socket that only its owner may open. It stands in for the
 * NVMe/TCP data path and shows what SSH does not. Sizes and offsets are bytes; errors are `{"error", "message"}`.
 *
 * | request | answer |
 * |---|---|
 * | `GET /v1/info` | identity, version, backend, SSH address and host key |
 * | `GET /v1/counters`, `POST /v1/counters/reset` | connections, execs, statements, busyMs, outputBytes |
 * | `GET /v1/pools` | per pool: label, uuid, mountPoint, size, free, used, subvolumes, strayFiles |
 * | `GET /v1/namespaces` | what is exported now: nqn, size, slot, readOnly |
 * | `GET /v1/namespaces/{nqn}/blocks?offset=&length=` | the bytes, at most 64 MiB |
 * | `PUT /v1/namespaces/{nqn}/blocks?offset=` | writes the body, at most 64 MiB: `{"written"}` |
 * | `GET /v1/namespaces/{nqn}/extents` | `[{offset, length}]` that may hold data; the rest reads as zeros |
 * | `GET /v1/attachments` | with `--loop`: `[{nqn, host, device}]` |
 * | `POST`, `DELETE /v1/namespaces/{nqn}/attachments?host=` | with `--loop`: attaches to a host, or detaches |
 * | `GET /v1/faults` | what is armed: `[{fault, fired}]` |
 * | `POST /v1/faults` `{fault, times}` | arms a fault; `times` is 1 when absent, and may be `"always"` |
 * | `DELETE /v1/faults` | disarms all and heals all pools |
 * | `PUT /v1/pools/{label}/condition` | what a pool is like from now on: full, readOnly, … |
 * | `GET /v1/quirks` | `names` of those that the device has, `quirks` that there are |
 * | `PUT /v1/quirks` `{names}` | the device has these quirks and no others |
 * | `POST /v1/restart` `{downMs}` | restarts the device; answers when it is up again |
 *
 * 400: not well formed. 404: no such path, NQN or pool. 403: not exported, or read-only. 416: not within the namespace. 413: too large.
 * 507: the pool is full.
 */
export class ApiServer {
  readonly socketPath: string;
  readonly #options: ApiOptions;
  readonly #server: Server;

  private constructor(options: ApiOptions) {
    this.#options = options;
    this.socketPath = options.socketPath;
    this.#server = createServer((request, response) => {
      void this.#answer(request, response);
    });
    // A connection that is closed here while its client begins another request resets that one. This side closes none.
    this.#server.keepAliveTimeout = 0;
  }

  /** @throws Error when the socket cannot be made: the path is in use, no socket, or longer than a socket's may be. */
  static async start(options: ApiOptions): Promise<ApiServer> {
    const api = new ApiServer(options);
    await clearSocket(options.socketPath);
    const mask = process.umask(0o177);
    try {
      api.#server.listen(options.socketPath);
    } finally {
      process.umask(mask);
    }
    await once(api.#server, 'listening');
    return api;
  }

  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeAllConnections();
    await closed;
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      await this.#route(request, response);
    } catch (error) {
      const { status, code, message } = HttpError.from(error);
      if (response.headersSent) {
        response.destroy();
        return;
      }
      // What is left of a refused body is not read.
      if (!request.complete) response.setHeader('connection', 'close');
      sendJson(response, status, { error: code, message });
    }
  }

  async #route(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://simulator');
    const route = `${request.method} ${url.pathname}`;
    const { device, counters } = this.#options;
    if (route === 'GET /v1/info') return sendJson(response, 200, this.#info());
    if (route === 'GET /v1/counters') return sendJson(response, 200, counters.values);
    if (route === 'GET /v1/pools') return sendJson(response, 200, device.pools());
    if (route === 'GET /v1/namespaces') return sendJson(response, 200, device.blocks.namespaces());
    if (route === 'POST /v1/counters/reset') {
      counters.reset();
      return sendJson(response, 200, counters.values);
    }
    const match = /^(GET|PUT) \/v1\/namespaces\/([^/]+)\/(blocks|extents)$/.exec(route);
    const nqn = decode(match?.[2] ?? '');
    if (match?.[3] === 'extents' && match[1] === 'GET') {
      return sendJson(response, 200, await device.blocks.extents(nqn));
    }
    if (match?.[3] === 'blocks' && match[1] === 'GET') {
      return sendBlocks(device.blocks, nqn, url.searchParams, response);
    }
    if (match?.[3] === 'blocks') {
      const written = await receiveBlocks(device.blocks, nqn, url.searchParams, request);
      return sendJson(response, 200, { written });
    }
    const path = decode(url.pathname);
    const answer =
      (await answerAttachments(this.#options.loops, request.method ?? '', path, url.searchParams)) ??
      (await answerTrouble(this.#options.trouble, path, request));
    if (answer !== undefined) return sendJson(response, 200, answer);
    throw new HttpError(404, 'no-such-path', `there is no ${route}`);
  }

  #info(): object {
    const { device, ssh } = this.#options;
    return { identity: device.identity, version: device.version, backend: device.backend, ssh };
  }
}

async function clearSocket(path: string): Promise<void> {
  const found = await lstat(path).catch(() => undefined);
  if (found === undefined) return;
  if (!found.isSocket()) throw new Error(`${path} exists and is not a socket`);
  if (await accepts(path)) throw new Error(`another process serves ${path}`);
  await rm(path, { force: true });
}

function accepts(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

function sendJson(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(`${JSON.stringify(body)}\n`);
}

function decode(component: string): string {
  try {
    return decodeURIComponent(component);
  } catch {
    throw new HttpError(400, 'bad-request', 'the path is not well encoded');
  }
}
