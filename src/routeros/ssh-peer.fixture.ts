import assert from 'node:assert/strict';
import { EventEmitter, once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import ssh2, { type AuthContext, type Connection, type ServerChannel } from 'ssh2';
import { fingerprint } from './host-key.ts';
import type { SshCredentials } from './ssh-session.ts';

/** Two lengths, the name `ssh-ed25519`, and the 32-byte point. */
const ED25519_BLOB_BYTES = 4 + 11 + 4 + 32;

export interface KeyPair {
  readonly private: string;
  readonly public: string;
}

export function newKey(type: 'ed25519' | 'rsa' = 'ed25519'): KeyPair {
  if (type === 'rsa') {
    return ssh2.utils.generateKeyPairSync(type, { bits: 2048 });
  }
  // ssh2 drops leading zero bytes of an Ed25519 point, which spoils one key in 256; such a key is thrown away.
  for (;;) {
    const pair = ssh2.utils.generateKeyPairSync(type);
    if (Buffer.from(pair.public.split(' ')[1] ?? '', 'base64').length === ED25519_BLOB_BYTES) {
      return pair;
    }
  }
}

function wireForm(publicKey: string): Buffer {
  return Buffer.from(publicKey.split(' ')[1] ?? '', 'base64');
}

const hostKey = newKey();
const clientKey = newKey();

/** One command that arrived, answered by the spec whenever it likes. */
export class PeerExec {
  readonly command: string;
  readonly channel: ServerChannel;
  readonly #socket: Socket;

  constructor(command: string, channel: ServerChannel, socket: Socket) {
    this.command = command;
    this.channel = channel;
    this.#socket = socket;
  }

  get nonce(): string {
    return /^:local xN "([0-9a-f]{16})"/.exec(this.command)?.[1] ?? assert.fail(`no nonce: ${this.command}`);
  }

  /** Writes and ends the answer as a device does: exit status 0, whatever happened. */
  answer(output: string | Buffer, status = 0): void {
    this.channel.write(output);
    this.channel.exit(status);
    this.channel.end();
  }

  ok(...rows: readonly object[]): void {
    this.answer(`${rows.map((row) => `${JSON.stringify(row)}\r\n`).join('')}OK${this.nonce}\r\n`);
  }

  error(text: string): void {
    this.answer(`ER${this.nonce} ${text} ${this.nonce}\r\n`);
  }

  /** Ends the connection after what was written. */
  hangUp(): void {
    this.#socket.end();
  }

  /** Ends the connection without a word. */
  drop(): void {
    this.#socket.destroy();
  }

  /** Sends what no SSH peer may send. */
  breakProtocol(): void {
    this.#socket.write(Buffer.alloc(64, 0xff));
  }
}

export interface PeerOptions {
  readonly hostKey?: KeyPair;
  /** Of another type. */
  readonly secondHostKey?: KeyPair;
  readonly clientKey?: KeyPair;
  readonly algorithms?: ssh2.ServerConfig['algorithms'];
}

/** A small SSH server on loopback that leaves every answer to the spec. */
export class SshPeer {
  readonly hostKeyFingerprint: string;
  readonly execs: PeerExec[] = [];
  connections = 0;
  logins = 0;
  running = 0;
  mostRunning = 0;
  /** `gone`: connections are cut at once. `mute`: they are taken and never answered. */
  mode: 'up' | 'gone' | 'mute' = 'up';
  /** It refuses more than so many on a connection. */
  maxChannels = Number.POSITIVE_INFINITY;
  /** Channels that it refused. */
  refused = 0;
  /** What it answers to the question for its uptime, which is not among the {@link execs}. */
  uptime = '1w2d03:04:05';
  readonly #listener: Server;
  readonly #ssh: ssh2.Server;
  readonly #sockets = new Set<Socket>();
  readonly #changes = new EventEmitter();
  #allowedKey: Buffer;

  private constructor(options: PeerOptions) {
    const key = options.hostKey ?? hostKey;
    this.hostKeyFingerprint = fingerprint(wireForm(key.public));
    this.#allowedKey = wireForm((options.clientKey ?? clientKey).public);
    this.#ssh = new ssh2.Server({
      hostKeys: [key.private, ...(options.secondHostKey === undefined ? [] : [options.secondHostKey.private])],
      ...(options.algorithms && { algorithms: options.algorithms }),
    });
    this.#changes.setMaxListeners(0);
    this.#listener = createServer({ noDelay: true }, (socket) => this.#accept(socket));
  }

  static async start(options: PeerOptions = {}): Promise<SshPeer> {
    const peer = new SshPeer(options);
    peer.#listener.listen(0, '127.0.0.1');
    await once(peer.#listener, 'listening');
    return peer;
  }

  get port(): number {
    const address = this.#listener.address();
    return typeof address === 'object' && address !== null ? address.port : assert.fail('not listening');
  }

  /** What the peer lets in. */
  credentials = async (): Promise<SshCredentials> => ({ username: 'csi', privateKey: clientKey.private });

  /** Lets in this key only, from now on. */
  allow(key: KeyPair): void {
    this.#allowedKey = wireForm(key.public);
  }

  /** Resolves once the condition holds. */
  async when(condition: () => boolean): Promise<void> {
    while (!condition()) {
      await once(this.#changes, 'change');
    }
  }

  /** The nth command, counted from 1, as soon as it is there. */
  async exec(nth: number): Promise<PeerExec> {
    await this.when(() => this.execs.length >= nth);
    return this.execs[nth - 1] ?? assert.fail('no such command');
  }

  /** Answers every command, those to come included. */
  answerAll(answer: (exec: PeerExec) => void): void {
    let answered = 0;
    const go = (): void => {
      while (answered < this.execs.length) {
        const exec = this.execs[answered];
        answered += 1;
        exec && answer(exec);
      }
    };
    this.#changes.on('change', go);
    go();
  }

  cutAll(): void {
    for (const socket of this.#sockets) {
      socket.destroy();
    }
  }

  async stop(): Promise<void> {
    this.#listener.close();
    this.cutAll();
    await once(this.#listener, 'close');
  }

  #changed(): void {
    this.#changes.emit('change');
  }

  #accept(socket: Socket): void {
    this.connections += 1;
    socket.on('error', () => undefined);
    if (this.mode === 'gone') {
      socket.destroy();
    } else {
      this.#sockets.add(socket);
      socket.on('close', () => {
        this.#sockets.delete(socket);
        this.#changed();
      });
      if (this.mode === 'up') {
        this.#ssh.once('connection', (client) => this.#serve(client, socket));
        this.#ssh.injectSocket(socket);
      } else {
        socket.resume();
      }
    }
    this.#changed();
  }

  get open(): number {
    return this.#sockets.size;
  }

  #serve(client: Connection, socket: Socket): void {
    client.on('error', () => undefined);
    client.on('authentication', (context: AuthContext) => {
      this.logins += 1;
      if (context.method === 'publickey' && context.key.data.equals(this.#allowedKey)) {
        context.accept();
      } else {
        context.reject();
      }
    });
    let channels = 0;
    client.on('session', (accept, reject) => {
      if (channels >= this.maxChannels) {
        reject();
        this.refused += 1;
        this.#changed();
        return;
      }
      channels += 1;
      const session = accept();
      session.on('close', () => {
        channels -= 1;
      });
      session.on('exec', (acceptExec, _reject, { command }) => {
        const channel = acceptExec();
        this.running += 1;
        this.mostRunning = Math.max(this.mostRunning, this.running);
        channel.on('error', () => undefined);
        channel.resume();
        channel.on('close', () => {
          this.running -= 1;
          this.#changed();
        });
        const exec = new PeerExec(command, channel, socket);
        if (isUptimeQuestion(command)) {
          exec.answer(`OK${exec.nonce} ${this.uptime}\r\n`);
          return;
        }
        this.execs.push(exec);
        this.#changed();
      });
    });
  }
}

/** Whether a command has a frame and nothing in it. */
function isUptimeQuestion(command: string): boolean {
  return /^:local xN "[0-9a-f]+";:onerror e in=\{:put \("OK"/.test(command);
}

/** Collects what no one caught, which in the driver would end the process. */
export function watchStrays(): { assertNone(): Promise<void> } {
  const strays: unknown[] = [];
  const note = (error: unknown): void => {
    strays.push(error);
  };
  process.on('unhandledRejection', note);
  process.on('uncaughtException', note);
  return {
    async assertNone() {
      await new Promise((resolve) => setImmediate(resolve));
      process.off('unhandledRejection', note);
      process.off('uncaughtException', note);
      assert.deepEqual(strays, []);
    },
  };
}
