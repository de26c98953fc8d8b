import { RouterOsError } from './errors.ts';
import { type HostKeys, parseHostKeys } from './host-key.ts';
import { type SshOptions, SshSession } from './ssh-session.ts';

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

/** Keys that are given are checked at once, those that are asked for whenever they are. @throws TypeError */
export function hostKeysReader({
  host,
  port = 22,
  hostKeys,
}: {
  readonly host: string;
  readonly port?: number;
  readonly hostKeys: readonly string[] | (() => Promise<HostKeys>);
}): () => Promise<HostKeys> {
  if (typeof hostKeys === 'function') return hostKeys;
  const keys = parseHostKeys(hostKeys, { host, port });
  return async () => keys;
}
