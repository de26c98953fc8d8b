import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import ssh2, { type AuthContext, type Connection, type ParsedKey, type ServerChannel, type Session } from 'ssh2';
import type { Clock } from '../clock.ts';
import { Execution } from '../console/execution.ts';
import type { Counters } from '../counters.ts';
import { isAuthorised } from './authorized-keys.ts';
import { GOOD_BEHAVIOR, type Hanging, type SshBehavior } from './behavior.ts';
import { ExecChannel } from './exec-channel.ts';
import type { HostKey } from './host-key.ts';
import { RECEIVE_COMMAND, type Receiver, serveReceive } from './receive-exec.ts';
import { ignoreKeepalives } from './silent-keepalive.ts';

/** How long a stop waits for scripts that are still running, in ms. */
const STOP_GRACE_MS = 5000;

/** What runs a command line; it writes lines that end in CRLF, and does not reject for a script that failed. */
export interface Shell {
  run(line: string, write: (text: string) => void, execution: Execution): Promise<void>;
}

/** What the server needs to know; nothing has a default. */
export interface SshServerOptions {
  /** Loopback only; port 0 takes a free one. */
  readonly listen: { readonly host: string; readonly port: number };
  readonly hostKey: HostKey;
  readonly user: string;
  readonly authorizedKeys: readonly ParsedKey[];
  /** With which keys others may log in, or the user as well; by default with none. */
  readonly moreKeys?: (user: string) => readonly ParsedKey[];
  /** Whether someone may log in from an address; by default everyone may from all. */
  readonly admits?: (user: string, address: string) => boolean;
  readonly shell: Shell;
  /** What takes what other simulators send; by default nothing does. */
  readonly receiver?: Receiver;
  readonly counters: Counters;
  /** The device's, which everything waits by. */
  readonly clock: Clock;
  /** Delay before each command runs, in ms. */
  readonly latencyMs: number;
  /** By default good ones. */
  readonly behavior?: SshBehavior;
}

/** A connection, from its first byte on. */
interface Peer {
  readonly socket: Socket;
  /** Who logged in. */
  user: string | undefined;
  channels: number;
}

/**
 * The SSH side of the device (docs/routeros.md, 1.1): public keys only, commands only (no PTY, shell or subsystem), output
 * on stdout, exit status 0 whatever happened, keepalive requests unanswered. A command runs on when its channel or
 * connection dies; what it writes then is dropped. All this as long as its {@link SshBehavior} are good.
 */
export class SshServer {
  readonly #options: SshServerOptions;
  readonly #behavior: SshBehavior;
  readonly #listener: Server;
  /** By address and port of the client. */
  readonly #peers = new Map<string, Peer>();
  readonly #running = new Map<Execution, Promise<void>>();
  readonly #closing = new AbortController();
  #restarts = 0;

  private constructor(options: SshServerOptions) {
    this.#options = options;
    this.#behavior = options.behavior ?? GOOD_BEHAVIOR;
    const config = { hostKeys: [options.hostKey.privateKey], ident: 'rose-csi-simulator', keepaliveInterval: 0 };
    const ssh = new ssh2.Server(config, (connection, { ip, port }) => {
      const peer = this.#peers.get(`${ip} ${port}`);
      if (peer !== undefined) this.#accept(connection, peer);
    });
    this.#listener = createServer({ noDelay: true }, (socket) => {
      if (this.#restarts > 0) {
        socket.resetAndDestroy();
        return;
      }
      const key = `${socket.remoteAddress} ${socket.remotePort}`;
      this.#peers.set(key, { socket, user: undefined, channels: 0 });
      socket.on('close', () => this.#peers.delete(key));
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

  /** Scripts that are under way, also those whose connection died. */
  get running(): number {
    return this.#running.size;
  }

  get port(): number {
    return (this.#listener.address() as AddressInfo).port;
  }

  /**
   * As if the device restarted: all scripts are killed, all connections end, and whoever connects within `downMs` is cut off
   * at once. A change that was under way comes to its end first. The port stays taken, so that it is the same afterwards.
   *
   * @param whileDown Called when nothing runs any more.
   */
  async restart(downMs: number, whileDown: () => Promise<void> | void = () => undefined): Promise<void> {
    this.#restarts += 1;
    try {
      for (const execution of this.#running.keys()) execution.kill();
      for (const { socket } of this.#peers.values()) cutOff(socket);
      await Promise.all(this.#running.values());
      await whileDown();
      // A server that closes stays down.
      await this.#options.clock.wait(downMs, this.#closing.signal).catch(() => undefined);
    } finally {
      this.#restarts -= 1;
    }
  }

  /** Stops listening, waits a little for running commands, kills the others and drops all connections. */
  async close(): Promise<void> {
    this.#closing.abort();
    const closed = new Promise((resolve) => this.#listener.close(resolve));
    const grace = new AbortController();
    await Promise.race([
      Promise.all(this.#running.values()),
      delay(STOP_GRACE_MS, undefined, { signal: grace.signal }).catch(() => undefined),
    ]);
    grace.abort();
    for (const execution of this.#running.keys()) execution.kill();
    for (const { socket } of this.#peers.values()) socket.destroySoon();
    await closed;
  }

  #accept(connection: Connection, peer: Peer): void {
    // A client that goes away or breaks the protocol ends its own connection and nothing else.
    connection.on('error', () => undefined);
    connection.on('authentication', (context) => this.#authenticate(context, peer));
    connection.on('ready', () => {
      this.#options.counters.count('connections');
      ignoreKeepalives(connection);
    });
    connection.on('session', (accept, reject) => {
      const hanging = this.#behavior.hangs(peer.channels);
      if (this.#behavior.refusesChannel(peer.channels)) reject();
      else if (hanging === undefined) this.#serve(accept(), peer);
      else this.#hang(peer, hanging);
    });
  }

  /** Leaves a channel unanswered, as one that is open for as long as its connection is. */
  #hang(peer: Peer, what: Hanging): void {
    peer.channels += 1;
    // Never uncorked but by its end: nothing gets out any more, and the end is still noticed.
    if (what === 'connection') peer.socket.cork();
  }

  #authenticate(context: AuthContext, peer: Peer): void {
    const open = [...this.#peers.values()].filter(({ user }) => user !== undefined).length;
    const isGood =
      !this.#behavior.refusesLogin(open) &&
      context.method === 'publickey' &&
      this.#admits(context.username, peer) &&
      isAuthorised(this.#keysOf(context.username), context);
    if (!isGood) {
      context.reject(['publickey']);
      return;
    }
    // Without a signature it was only asked whether the key would do.
    if (context.signature !== undefined) peer.user = context.username;
    context.accept();
  }

  #admits(username: string, { socket }: Peer): boolean {
    const { admits = () => true } = this.#options;
    return admits(username, socket.remoteAddress ?? '');
  }

  #keysOf(username: string): readonly ParsedKey[] {
    const { user, authorizedKeys, moreKeys } = this.#options;
    return [...(username === user ? authorizedKeys : []), ...(moreKeys?.(username) ?? [])];
  }

  /** ssh2 refuses every request of a session that has no listener: pty, shell, subsystem, sftp, env, signal. */
  #serve(session: Session, peer: Peer): void {
    peer.channels += 1;
    let isOpen = true;
    const release = () => {
      if (isOpen) peer.channels -= 1;
      isOpen = false;
    };
    session.on('close', release);
    session.on('exec', (accept, _reject, { command }) => {
      const channel = accept();
      channel.on('close', release);
      const line = this.#behavior.takes(command);
      const execution = new Execution(line, () => cutOff(peer.socket), this.#options.clock, peer.user);
      // It came in while the device was going down.
      if (this.#restarts > 0) execution.kill();
      const { receiver } = this.#options;
      const isTransfer = command === RECEIVE_COMMAND && receiver !== undefined;
      const run = isTransfer
        ? serveReceive(channel, execution, receiver)
        : this.#execute(channel, execution, peer.socket);
      this.#running.set(execution, run);
      void run.finally(() => this.#running.delete(execution));
    });
  }

  async #execute(channel: ServerChannel, execution: Execution, socket: Socket): Promise<void> {
    const { counters, latencyMs, shell } = this.#options;
    counters.count('execs');
    const output = new ExecChannel(channel, this.#behavior.filters(execution.line));
    if (this.#behavior.diesWithChannel()) channel.once('close', () => execution.kill());
    await output.begin();
    let busySince: number | undefined;
    try {
      if (latencyMs > 0) await execution.sleep(latencyMs);
      busySince = performance.now();
      const print = (text: string) => {
        counters.count('outputBytes', Buffer.byteLength(text));
        gather(socket);
        output.write(text);
      };
      await shell.run(execution.line, print, execution);
    } catch (error) {
      if (!execution.isKilled) {
        execution.fail();
        output.write(`action failed (6): ${error instanceof Error ? error.message : String(error)}\r\n`);
      }
    } finally {
      if (busySince !== undefined) counters.count('busyMs', performance.now() - busySince);
    }
    gather(socket);
    output.end(this.#behavior.exitStatus(execution.failed));
  }
}

/** Sends what is written in this turn of the event loop at once: a write of its own for each line takes longer than the line. */
function gather(socket: Socket): void {
  if (socket.writableCorked > 0) return;
  socket.cork();
  setImmediate(() => socket.uncork());
}

/** Ends a connection behind what was written, unless the client does not read that. */
function cutOff(socket: Socket): void {
  if (socket.writableCorked > 0) socket.uncork();
  if (socket.writableLength > 0) socket.destroy();
  else socket.destroySoon();
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(\.[0-9]{1,3}){3}$/.test(host);
}
