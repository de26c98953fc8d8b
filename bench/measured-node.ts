import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { createInterface } from 'node:readline';
import { NODE_COMMAND_FLAGS } from '../scripts/node-flags.ts';
import { Node } from '../src/csi/gen/csi_pb.js';
import { type Client, createClient } from '../test/support/grpc-client.ts';
import { until } from '../test/support/until.ts';

/** A program that the node ran, and how long that took. */
export interface Program {
  readonly program: string;
  readonly ms: number;
}

/** One call of the node. */
export interface NodeCall {
  readonly ms: number;
  readonly programs: readonly Program[];
}

interface LogLine {
  readonly msg?: string;
  readonly program?: string;
  readonly ms?: number;
}

/** The bundled node in a process of its own, whose log says what it runs. */
export class MeasuredNode {
  readonly pid: number;
  readonly client: Client<typeof Node>;
  readonly #child: ChildProcess;
  #programs: Program[] = [];
  #ended = Promise.withResolvers<void>();

  private constructor(child: ChildProcess, client: Client<typeof Node>) {
    this.pid = child.pid ?? 0;
    this.client = client;
    this.#child = child;
    if (child.stderr === null) throw new Error('the node has no log');
    createInterface({ input: child.stderr }).on('line', (line) => this.#read(line));
  }

  /** @param flags all but those of the endpoint and the log. @throws Error when it does not serve within 60 s */
  static async start(main: string, socket: string, flags: readonly string[]): Promise<MeasuredNode> {
    const own = ['--endpoint', `unix://${socket}`, '--log-level', 'debug'];
    const child = spawn(process.execPath, [...NODE_COMMAND_FLAGS, main, 'node', ...own, ...flags], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    // A gRPC client that finds no socket waits a second before it looks again.
    await until(() => accepts(socket), 60_000);
    return new MeasuredNode(child, createClient(Node, `unix://${socket}`));
  }

  /** Makes one call, which must be one that is logged, and waits until the log has told all of it. */
  async call(work: (client: Client<typeof Node>) => Promise<unknown>): Promise<NodeCall> {
    this.#programs = [];
    this.#ended = Promise.withResolvers();
    const begin = performance.now();
    await work(this.client);
    const ms = performance.now() - begin;
    await this.#ended.promise;
    return { ms, programs: this.#programs };
  }

  async stop(): Promise<void> {
    this.client.close();
    const ended = once(this.#child, 'exit');
    this.#child.kill('SIGTERM');
    await ended;
  }

  #read(line: string): void {
    const { msg, program, ms } = JSON.parse(line) as LogLine;
    if (msg === 'program' && program !== undefined && ms !== undefined) this.#programs.push({ program, ms });
    if (msg === 'rpc') this.#ended.resolve();
  }
}

async function accepts(path: string): Promise<boolean> {
  const socket = connect(path);
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
