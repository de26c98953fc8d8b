import ssh2, { type Client, type ClientChannel, type PublicKeyAuthMethod } from 'ssh2';
import { DeviceFailure } from '../console/menu.ts';
import type { Link, Target } from '../device/transfer/link.ts';
import { frame } from './frames.ts';
import { openSshKey } from './private-key.ts';
import { type Answer, RECEIVE_COMMAND } from './receive-exec.ts';

const READY_TIMEOUT_MS = 10_000;
const LOST = 'ssh: connection lost';

/** Logs in to another simulator over SSH, and asks it to receive; see {@link Link}. */
export async function dialOverSsh(target: Target, signal: AbortSignal): Promise<Link> {
  signal.throwIfAborted();
  const client = new ssh2.Client();
  const close = () => void client.destroy();
  signal.addEventListener('abort', close);
  client.once('close', () => signal.removeEventListener('abort', close));
  try {
    const hostKey = await logIn(client, target);
    return new SshLink(client, hostKey, await openReceive(client));
  } catch (error) {
    client.destroy();
    signal.throwIfAborted();
    throw error;
  }
}

/** Returns the host key in base64. */
function logIn(client: Client, { address, port, user, keys, hostKey }: Target): Promise<string> {
  const methods = keys.map((pem): PublicKeyAuthMethod => ({ type: 'publickey', username: user, key: openSshKey(pem) }));
  let seen = '';
  const isKnown = (key: Buffer) => {
    seen = key.toString('base64');
    return hostKey === undefined || hostKey === seen;
  };
  return new Promise((resolve, reject) => {
    const wordsFor = (error: Error & { level?: string }) => {
      if (error.level === 'client-authentication') return 'ssh: authentication failed';
      return seen !== '' && !isKnown(Buffer.from(seen, 'base64')) ? 'ssh: host key changed' : 'ssh: could not connect';
    };
    client.on('error', (error) => reject(new DeviceFailure(wordsFor(error))));
    client.once('close', () => reject(new DeviceFailure(LOST)));
    client.once('ready', () => resolve(seen));
    client.connect({
      host: address,
      port,
      username: user,
      readyTimeout: READY_TIMEOUT_MS,
      hostVerifier: isKnown,
      authHandler: methods,
    });
  });
}

function openReceive(client: Client): Promise<ClientChannel> {
  return new Promise((resolve, reject) => {
    client.once('close', () => reject(new DeviceFailure(LOST)));
    client.exec(RECEIVE_COMMAND, (error, channel) => {
      if (error === undefined) resolve(channel);
      else reject(new DeviceFailure(LOST));
    });
  });
}

class SshLink implements Link {
  readonly hostKey: string;
  readonly #client: Client;
  readonly #channel: ClientChannel;
  /** Rejects when the other RDS gave up, or the connection is lost. */
  readonly #end = Promise.withResolvers<never>();
  #heard = '';
  /** How often the other RDS was content and no one has asked yet. */
  #content = 0;
  #asking: (() => void) | undefined;

  constructor(client: Client, hostKey: string, channel: ClientChannel) {
    this.hostKey = hostKey;
    this.#client = client;
    this.#channel = channel;
    this.#end.promise.catch(() => undefined);
    channel.on('error', () => undefined);
    channel.on('data', (data: Buffer) => this.#hear(data.toString()));
    for (const end of [channel, client]) end.once('close', () => this.#end.reject(new DeviceFailure(LOST)));
  }

  async send(piece: Uint8Array): Promise<void> {
    const taken = new Promise<void>((resolve) => {
      // The callback comes when it went out, which waits for the window of the other side.
      this.#channel.write(frame(piece), () => resolve());
    });
    await Promise.race([taken, this.#end.promise]);
  }

  end(): Promise<void> {
    return this.send(new Uint8Array(0));
  }

  async answer(): Promise<void> {
    const content = new Promise<void>((resolve) => {
      this.#asking = resolve;
    });
    if (this.#content === 0) await Promise.race([this.#end.promise, content]);
    this.#content -= 1;
  }

  close(): void {
    this.#client.destroy();
  }

  #hear(text: string): void {
    const lines = (this.#heard + text).split('\n');
    this.#heard = lines.pop() ?? '';
    for (const line of lines) {
      const { error }: Answer = JSON.parse(line);
      if (error === undefined) this.#content += 1;
      else this.#end.reject(new DeviceFailure(error));
      this.#asking?.();
    }
  }
}
