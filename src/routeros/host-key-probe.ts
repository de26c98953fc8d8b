import { connect } from 'node:net';
import { Client } from 'ssh2';
import { RouterOsError } from './errors.ts';
import { HOST_KEY_TYPES, keyType } from './host-key.ts';
import { algorithmsFor } from './ssh-session.ts';

/**
 * The host keys that an RDS shows, one of each type that it has, in SSH wire form. Each connection ends there: no credential
 * is offered and nothing is sent to whoever it is that answers.
 *
 * @throws RouterOsError of kind `unreachable` when no key was shown.
 */
export async function presentedHostKeys(host: string, port: number, timeoutMs: number): Promise<readonly Buffer[]> {
  const keys: Buffer[] = [];
  for (;;) {
    const types = HOST_KEY_TYPES.filter((type) => !keys.some((key) => keyType(key) === type));
    try {
      keys.push(await presentedHostKey({ host, port, timeoutMs }, types));
    } catch (error) {
      // It has no further one, or grants no further connection.
      if (keys.length > 0) return keys;
      throw error;
    }
    if (types.length === 1) return keys;
  }
}

async function presentedHostKey(
  { host, port, timeoutMs }: { readonly host: string; readonly port: number; readonly timeoutMs: number },
  types: readonly string[],
): Promise<Buffer> {
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
  const socket = connect({ host, port, noDelay: true });
  const client = new Client();
  const failed = (error?: Error): void =>
    reject(new RouterOsError('unreachable', `no SSH host key: ${error?.message ?? 'the connection was closed'}`));
  // These stay: refusing the key is an error, too, to the client.
  client.on('error', failed).on('close', () => failed());
  socket.on('error', failed);
  client.connect({
    sock: socket,
    username: 'nobody',
    algorithms: algorithmsFor(types),
    readyTimeout: timeoutMs,
    hostVerifier: (key: Buffer) => {
      resolve(key);
      return false;
    },
  });
  try {
    return await promise;
  } finally {
    client.end();
    socket.destroy();
  }
}
