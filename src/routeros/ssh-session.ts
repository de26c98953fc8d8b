import { connect, type Socket } from 'node:net';
import ssh2, { type Algorithms, Client, type ClientChannel } from 'ssh2';
import { ChannelRefused, RouterOsError } from './errors.ts';
import { fingerprint, HOST_KEY_TYPES, type HostKeys, hostKeyAlgorithms, keyType } from './host-key.ts';

/** How this driver proves to an RDS who it is. */
export interface SshCredentials {
  readonly username: string;
  /** The content of a private key file. */
  readonly privateKey: string | Buffer;
  readonly passphrase?: string;
}

export interface SshOptions {
  readonly host: string;
  readonly port: number;
  /** Asked at every connect, as are the credentials: host keys that were exchanged on disk are picked up too. */
  hostKeys(): Promise<HostKeys>;
  /** Asked at every connect, so that a key that was replaced on disk is picked up; settles soon, one way or the other. */
  credentials(): Promise<SshCredentials>;
  /** Milliseconds for TCP, key exchange and login together. */
  readonly connectTimeoutMs: number;
  /** More bytes than this from one command end the connection. */
  readonly maxOutputBytes: number;
}

/** What one command gave back. Whether that is an answer is for the reader of its markers to say. */
export interface ExecResult {
  readonly output: Buffer;
  /** Exit status, where one was sent: it says nothing about success (docs/routeros.md, 1.1) and is kept for diagnosis (U1). */
  readonly status: number | undefined;
  /** Why the output may be short, and what came on stderr; human-readable, empty when there is nothing to say. */
  readonly note: string;
}

/**
 * The defaults of ssh2 without SHA-1; RouterOS 7 has better in each group (docs/routeros.md, 1.5).
 *
 * @param types of host keys, the one that is wanted most first: of several keys the RDS shows the first of these
 */
export function algorithmsFor(types: readonly string[]): Algorithms {
  return {
    serverHostKey: hostKeyAlgorithms(types),
    hmac: { remove: ['hmac-sha1', 'hmac-sha1-etm@openssh.com'], append: [], prepend: [] },
    compress: ['none'],
  };
}

/** Whether the two sides have no algorithm in common. */
function isMismatch(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith('Handshake failed: no matching ');
}

const MAX_NOTE_BYTES = 1024;

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function unreachable(detail: string, cause?: unknown): RouterOsError {
  return new RouterOsError('unreachable', detail, { cause });
}

function unauthenticated(detail: string, cause?: unknown): RouterOsError {
  return new RouterOsError('unauthenticated', detail, { cause });
}

async function read<T>(reading: Promise<T>): Promise<T> {
  try {
    return await reading;
  } catch (cause) {
    throw unauthenticated(messageOf(cause), cause);
  }
}

/** The key that was shown to the RDS, to be compared. */
function publicKeyOf({ privateKey }: SshCredentials): string {
  const key = ssh2.utils.parseKey(privateKey);
  return key instanceof Error ? 'that it was given' : `${fingerprint(key.getPublicSSH())} (${key.type})`;
}

/**
 * One SSH connection to one RDS. It never reconnects: once {@link alive} is false it stays so. No keepalive requests are
 * sent, since RouterOS does not answer them (docs/routeros.md, 1.1); a dead peer shows when a command runs out of time.
 */
export class SshSession {
  readonly #client: Client;
  readonly #socket: Socket;
  readonly #maxOutputBytes: number;
  #alive = true;
  #lost = 'the connection was closed';
  /** Of the host key that was refused. */
  #refusedType = '';

  private constructor(client: Client, socket: Socket, maxOutputBytes: number) {
    this.#client = client;
    this.#socket = socket;
    this.#maxOutputBytes = maxOutputBytes;
    const dead = (): void => {
      this.#alive = false;
    };
    // These stay for good: an `error` that no one listens to would end the process.
    client.on('error', (error) => {
      this.#lost = messageOf(error);
      dead();
    });
    client.on('end', dead);
    client.on('close', dead);
    // ssh2 listens to its socket only once it has accepted the credentials.
    socket.on('error', dead);
  }

  /**
   * Connects and logs in. Where the RDS shows a host key that is not pinned, it is asked for those of other types that may be.
   *
   * @param signal gives up on the attempt
   * @throws RouterOsError `unauthenticated` for key files, host keys and the login, else `unreachable`.
   */
  static async open(options: SshOptions, signal: AbortSignal): Promise<SshSession> {
    const credentials = await read(options.credentials());
    const hostKeys = await read(options.hostKeys());
    const refused: { readonly type: string; readonly error: unknown }[] = [];
    for (let types: readonly string[] = [...new Set([...hostKeys.types, ...HOST_KEY_TYPES])]; ; ) {
      if (signal.aborted) throw unreachable('connecting was given up');
      const { host, port } = options;
      const socket = connect({ host, port, noDelay: true, keepAlive: true, keepAliveInitialDelay: 60_000 });
      const session = new SshSession(new Client(), socket, options.maxOutputBytes);
      const giveUp = (): void => session.close();
      signal.addEventListener('abort', giveUp, { once: true });
      try {
        await session.#handshake(options, credentials, hostKeys, types);
        return session;
      } catch (error) {
        session.close();
        refused.push({ type: session.#refusedType, error });
        types = hostKeys.types.filter((type) => !refused.some((one) => one.type === type));
        // What the first attempt met tells most: an RDS with one key has none of another type.
        if (session.#refusedType === '' || types.length === 0) throw refused[0]?.error;
      } finally {
        signal.removeEventListener('abort', giveUp);
      }
    }
  }

  #handshake(
    options: SshOptions,
    credentials: SshCredentials,
    hostKeys: HostKeys,
    types: readonly string[],
  ): Promise<void> {
    const where = `${options.host} port ${options.port}`;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    let refusedKey = '';
    const failed = (error?: unknown): void => {
      const why = error === undefined ? this.#lost : messageOf(error);
      if (refusedKey !== '') reject(unauthenticated(refusedKey, error));
      else if (isRefusedLogin(error)) {
        const shown = `of user ${credentials.username} with the key ${publicKeyOf(credentials)}`;
        reject(unauthenticated(`${where} refused the login ${shown}: ${why}`, error));
      } else if (isMismatch(error)) reject(unauthenticated(`${where} cannot prove who it is: ${why}`, error));
      else reject(unreachable(`no connection to ${where}: ${why}`, error));
    };
    this.#client.once('ready', resolve).once('error', failed).once('close', failed);
    const verify = (key: Buffer): boolean => {
      if (hostKeys.matches(key)) {
        return true;
      }
      this.#refusedType = keyType(key);
      refusedKey =
        `the host key of ${where} is ${fingerprint(key)} (${keyType(key)}), but pinned is ${hostKeys.fingerprints.join(', ')}. ` +
        'If its key was changed on purpose, compare this fingerprint on the RDS itself and add it to the pinned host keys; ' +
        'if not, something else answers at this address';
      return false;
    };
    try {
      this.#client.connect({
        sock: this.#socket,
        ...credentials,
        authHandler: ['publickey'],
        hostVerifier: verify,
        algorithms: algorithmsFor(types),
        readyTimeout: options.connectTimeoutMs,
        keepaliveInterval: 0,
      });
    } catch {
      // ssh2 may quote what it could not read of the key.
      reject(unauthenticated('the private key cannot be used'));
    }
    return promise;
  }

  /** False once the connection is lost, closed, or has left a command unanswered. */
  get alive(): boolean {
    return this.#alive;
  }

  /**
   * Runs one command and returns whatever came back until its channel closed, the connection was lost or the time was
   * over; in that last case the connection is torn down, as what else arrives on it can no longer be trusted to be in
   * step. The exit status is not judged (docs/routeros.md, 1.1).
   *
   * @throws RouterOsError `unreachable` when the command was certainly not sent, a {@link ChannelRefused} where the RDS is
   *   why; `unknown` when there was too much output.
   */
  exec(command: string, timeoutMs: number): Promise<ExecResult> {
    const { promise, resolve, reject } = Promise.withResolvers<ExecResult>();
    const chunks: Buffer[] = [];
    let size = 0;
    let complaints = '';
    let status: number | undefined;
    const finish = (why: string): void => {
      clearTimeout(timer);
      resolve({ output: Buffer.concat(chunks), status, note: [why, complaints.trim()].filter(Boolean).join('; ') });
    };
    const fail = (error: RouterOsError): void => {
      clearTimeout(timer);
      reject(error);
    };
    const timer = setTimeout(() => {
      finish(`no end of the answer within ${timeoutMs} ms`);
      this.#destroy();
    }, timeoutMs);

    const read = (channel: ClientChannel): void => {
      channel.on('error', (error: unknown) => finish(messageOf(error)));
      channel.on('data', (chunk: Buffer) => {
        size += chunk.length;
        if (size > this.#maxOutputBytes) {
          fail(new RouterOsError('unknown', `the answer is longer than ${this.#maxOutputBytes} bytes`));
          this.#destroy();
          return;
        }
        chunks.push(chunk);
      });
      channel.stderr.on('data', (chunk: Buffer) => {
        complaints = (complaints + chunk.toString('utf8')).slice(0, MAX_NOTE_BYTES);
      });
      channel.on('exit', (code: number | null) => {
        status = code ?? undefined;
      });
      // A device that ends its output and waits for us to close the channel would otherwise be waited for.
      channel.on('end', () => channel.close());
      channel.on('close', () => finish(this.#alive ? '' : this.#lost));
    };

    try {
      this.#client.exec(command, (error, channel) => {
        if (error === undefined) {
          read(channel);
        } else if (isOpenRefusal(error)) {
          fail(new ChannelRefused(error));
        } else {
          finish(error.message);
        }
      });
    } catch (error) {
      fail(unreachable(messageOf(error), error));
    }
    return promise;
  }

  #destroy(): void {
    this.#alive = false;
    this.#socket.destroy();
  }

  /** Ends the connection; commands under way end with what has arrived. */
  close(): void {
    this.#alive = false;
    this.#client.end();
    this.#socket.destroy();
  }
}

/** Whether the peer believes neither the user nor the key. */
function isRefusedLogin(error: unknown): boolean {
  return error instanceof Error && 'level' in error && error.level === 'client-authentication';
}

/** Whether the peer itself refused to open a channel, so that no command can have reached it (RFC 4254, 5.1). */
function isOpenRefusal(error: Error): boolean {
  return 'reason' in error && typeof error.reason === 'number';
}

/** The one connection to an RDS: made when first asked for, and recreated when it was lost. */
export class Connection {
  readonly #options: SshOptions;
  readonly #closing = new AbortController();
  #session: SshSession | undefined;
  #connecting: Promise<SshSession> | undefined;

  constructor(options: SshOptions) {
    this.#options = options;
  }

  /**
   * The connection, shared by all who ask at the same time.
   *
   * @throws RouterOsError of kind `unreachable`, `unauthenticated` or, when closed, `unsent`.
   */
  async session(): Promise<SshSession> {
    this.#closing.signal.throwIfAborted();
    if (this.#session?.alive) {
      return this.#session;
    }
    this.#connecting ??= this.#connect().finally(() => {
      this.#connecting = undefined;
    });
    return this.#connecting;
  }

  async #connect(): Promise<SshSession> {
    const session = await SshSession.open(this.#options, this.#closing.signal);
    if (this.#closing.signal.aborted) {
      session.close();
      throw this.#closing.signal.reason;
    }
    this.#session = session;
    return session;
  }

  /** Ends the connection for good. */
  close(): void {
    this.#closing.abort(new RouterOsError('unsent', 'the driver closes the connection'));
    this.#session?.close();
  }
}
