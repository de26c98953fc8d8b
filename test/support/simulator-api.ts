import { Agent, request } from 'node:http';

/** One pool as the simulator sees it, for leak checks. */
export interface PoolView {
  readonly label: string;
  readonly uuid: string;
  readonly subvolumes: readonly string[];
  readonly strayFiles: readonly string[];
}

/** One exported image. `size` in bytes. */
export interface NamespaceView {
  readonly nqn: string;
  readonly size: number;
}

export interface Extent {
  readonly offset: number;
  readonly length: number;
}

/** The simulator's HTTP API on its unix socket: block access instead of NVMe/TCP, counters, what is in the pools. */
export class SimulatorApi {
  readonly #agent = new Agent({ keepAlive: true });
  readonly #socketPath: string;

  constructor(socketPath: string) {
    this.#socketPath = socketPath;
  }

  /** Commands that the box has run so far. */
  async execs(): Promise<number> {
    return (await this.counters()).execs;
  }

  /** Commands so far, and the time that they took to run in ms without the latency before them. */
  async counters(): Promise<{ execs: number; busyMs: number }> {
    return await this.#json('GET', '/v1/counters');
  }

  async pools(): Promise<readonly PoolView[]> {
    return await this.#json<PoolView[]>('GET', '/v1/pools');
  }

  /** An exported volume. */
  async namespace(nqn: string): Promise<NamespaceView> {
    const found = (await this.#json<NamespaceView[]>('GET', '/v1/namespaces')).find((one) => one.nqn === nqn);
    if (found === undefined) throw new Error(`${nqn} is not exported`);
    return found;
  }

  /** Ranges that may hold data; everything else reads as zeros. */
  async extents(nqn: string): Promise<readonly Extent[]> {
    return await this.#json<Extent[]>('GET', `/v1/namespaces/${encodeURIComponent(nqn)}/extents`);
  }

  async read(nqn: string, { offset, length }: Extent): Promise<Buffer> {
    return await this.#call('GET', `${blocks(nqn)}?offset=${offset}&length=${length}`);
  }

  async write(nqn: string, offset: number, data: Uint8Array): Promise<void> {
    await this.#call('PUT', `${blocks(nqn)}?offset=${offset}`, data);
  }

  close(): void {
    this.#agent.destroy();
  }

  async #json<T>(method: string, path: string): Promise<T> {
    return JSON.parse((await this.#call(method, path)).toString('utf8')) as T;
  }

  #call(method: string, path: string, body?: Uint8Array): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      const call = request({ socketPath: this.#socketPath, agent: this.#agent, method, path }, (response) => {
        const parts: Buffer[] = [];
        response.on('data', (part: Buffer) => parts.push(part));
        response.on('error', reject);
        response.on('end', () => {
          const answer = Buffer.concat(parts);
          if (response.statusCode === 200) resolve(answer);
          else reject(new Error(`${method} ${path}: ${response.statusCode} ${answer.toString('utf8').trim()}`));
        });
      });
      call.on('error', reject);
      call.end(body);
    });
  }
}

function blocks(nqn: string): string {
  return `/v1/namespaces/${encodeURIComponent(nqn)}/blocks`;
}
