import { Agent, request } from 'node:http';
import type { Fault, PoolCondition } from '../../src/simulator/faults/fault.ts';

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
  /** Path of the unix socket. */
  readonly socketPath: string;

  constructor(socketPath: string) {
    this.socketPath = socketPath;
  }

  /** Commands that the RDS has run so far. */
  async execs(): Promise<number> {
    return (await this.counters()).execs;
  }

  /** Commands so far, the time that they took to run in ms without the latency before them, and what they printed. */
  async counters(): Promise<{ execs: number; busyMs: number; outputBytes: number }> {
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

  /** Arms a fault; Infinity means until all are cleared. */
  async arm(fault: Fault, times = 1): Promise<void> {
    await this.#send('POST', '/v1/faults', { fault, times: times === Number.POSITIVE_INFINITY ? 'always' : times });
  }

  /** What is armed, and how often each has struck. */
  async armed(): Promise<readonly { readonly fault: Fault; readonly fired: number }[]> {
    return await this.#json('GET', '/v1/faults');
  }

  /** Disarms all faults and heals all pools. */
  async clearFaults(): Promise<void> {
    await this.#call('DELETE', '/v1/faults');
  }

  /** Changes what a pool is like; what the condition leaves out stays. */
  async setPool({ pool, ...condition }: PoolCondition): Promise<void> {
    await this.#send('PUT', `/v1/pools/${encodeURIComponent(pool)}/condition`, condition);
  }

  /** The RDS has these quirks from now on, and no others. */
  async setQuirks(names: readonly string[]): Promise<void> {
    await this.#send('PUT', '/v1/quirks', { names });
  }

  /** Names of the quirks that the RDS has. */
  async quirks(): Promise<readonly string[]> {
    return (await this.#json<{ names: readonly string[] }>('GET', '/v1/quirks')).names;
  }

  /** Restarts the RDS and returns when it is up again. */
  async restart(downMs = 0): Promise<void> {
    await this.#send('POST', '/v1/restart', { downMs });
  }

  close(): void {
    this.#agent.destroy();
  }

  async #json<T>(method: string, path: string): Promise<T> {
    return JSON.parse((await this.#call(method, path)).toString('utf8')) as T;
  }

  async #send(method: string, path: string, body: unknown): Promise<void> {
    await this.#call(method, path, Buffer.from(JSON.stringify(body)));
  }

  #call(method: string, path: string, body?: Uint8Array): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      const call = request({ socketPath: this.socketPath, agent: this.#agent, method, path }, (response) => {
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
