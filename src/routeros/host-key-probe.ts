import { connect } from 'node:net';
import { Client } from 'ssh2';
import { RouterOsError } from './errors.ts';
import { ALGORITHMS } from './ssh-session.ts';

/**
 * The host key that a box shows, in SSH wire form. The connection ends there: no credential is offered and
 * nothing is sent to whoever it is that answers.
 *
 * @throws RouterOsError of kind `unreachable` when no key was shown.
 */
export async function presentedHostKey(host: string, port: number, timeoutMs: number): Promise<Buffer> {
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
    algorithms: ALGORITHMS,
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
