import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import ssh2, { type AuthContext, type Connection, type ParsedKey, type ServerChannel, type Session } from 'ssh2';
import type { Counters } from '../counters.ts';
import { isAuthorised } from './authorized-keys.ts';
import type { HostKey } from './host-key.ts';
import { ignoreKeepalives } from './silent-keepalive.ts';

/** How long a stop waits for scripts that are still running, in ms. */
const STOP_GRACE_MS = 5000;

/** What runs a command line; it writes lines that end in CRLF, and does not reject for a script that failed. */
export interface Shell {
  run(line: string, write: (text: string) => void): Promise<void>;
}

/** What the server needs to know; nothing has a default. */
export interface SshServerOptions {
  /** Loopback only; port 0 takes a free one. */
  readonly listen: { readonly host: string; readonly port: number };
  readonly hostKey: HostKey;
  readonly user: string;
  readonly authorizedKeys: readonly ParsedKey[];
  readonly shell: Shell;
  readonly counters: Counters;
  /** Delay before each command runs, in ms. */
  readonly latencyMs: number;
}

/**
 * The SSH side of the box (docs/routeros.md, 1.1): public keys only, commands only (no PTY, shell or subsystem), output
 * on stdout, exit status 0 whatever happened, keepalive requests unanswered. A command runs on when its channel or
 * connection dies; what it writes then is dropped.
 */
export class SshServer {
  readonly #options: SshServerOptions;
  readonly #listener: Server;
  readonly #sockets = new Set<Socket>();
  readonly #running = new Set<Promise<void>>();

  private constructor(options: SshServerOptions) {
    this.#options = options;
    const config = { hostKeys: [options.hostKey.privateKey], ident: 'rose-csi-simulator', keepaliveInterval: 0 };
    const ssh = new ssh2.Server(config, (connection) => this.#accept(connection));
    this.#listener = createServer({ noDelay: true }, (socket) => {
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
      ssh.injectSocket(socket);
    });
  }

  /** @throws Error when the address is not a loopback one or cannot be had. */
  static async start(options: SshServerOptions): Promise<SshServer> {
    const { host, port } = options.listen;
    if (!isLoopback(host)) throw new Error(`the simulator listens on loopback only, not on ${host}`);
    const server = new SshServer(options);
    server.#listener.listen(port, host);
    await once(server.#listener, 'listening');
    return server;
  }

  get port(): number {
    return (this.#listener.address() as AddressInfo).port;
  }

  /** Stops listening, waits a little for running commands, and drops all connections. */
  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.#listener.close(resolve));
    const grace = new AbortController();
    await Promise.race([
      Promise.all(this.#running),
      delay(STOP_GRACE_MS, undefined, { signal: grace.signal }).catch(() => undefined),
    ]);
    grace.abort();
    for (const socket of this.#sockets) socket.destroySoon();
    await closed;
  }

  #accept(connection: Connection): void {
    // A client that goes away or breaks the protocol ends its own connection and nothing else.
    connection.on('error', () => undefined);
    connection.on('authentication', (context) => this.#authenticate(context));
    connection.on('ready', () => {
      this.#options.counters.count('connections');
      ignoreKeepalives(connection);
    });
    connection.on('session', (accept) => this.#serve(accept()));
  }

  #authenticate(context: AuthContext): void {
    const isGood =
      context.method === 'publickey' &&
      context.username === this.#options.user &&
      isAuthorised(this.#options.authorizedKeys, context);
    if (isGood) context.accept();
    else context.reject(['publickey']);
  }

  /** ssh2 refuses every request of a session that has no listener: pty, shell, subsystem, sftp, env, signal. */
  #serve(session: Session): void {
    session.on('exec', (accept, _reject, { command }) => {
      const execution = this.#execute(accept(), command);
      this.#running.add(execution);
      void execution.finally(() => this.#running.delete(execution));
    });
  }

  async #execute(channel: ServerChannel, command: string): Promise<void> {
    const { counters, latencyMs, shell } = this.#options;
    counters.count('execs');
    channel.on('error', () => undefined);
    // Input is not read by any command; it must flow for the end of it to be seen.
    channel.resume();
    const write = (text: string): void => {
      if (channel.writable) channel.write(text);
    };
    if (latencyMs > 0) await delay(latencyMs);
    const startedAt = performance.now();
    try {
      await shell.run(command, write);
    } catch (error) {
      write(`action failed (6): ${error instanceof Error ? error.message : String(error)}\r\n`);
    } finally {
      counters.count('busyMs', performance.now() - startedAt);
    }
    if (!channel.writable) return;
    channel.exit(0);
    channel.end();
  }
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(\.[0-9]{1,3}){3}$/.test(host);
}
