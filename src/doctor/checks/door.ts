import { connect } from 'node:net';
import { fingerprint, keyType, presentedHostKeys, RouterOsError, ros } from '../../routeros/index.ts';
import type { BoxCheck, BoxContext } from '../check.ts';
import { type Finding, fits, unusable } from '../finding.ts';

/** How a TCP connection went: `open`, `refused` by whoever is there, or why there was no answer, in a few words. */
export async function knock(host: string, port: number, timeoutMs: number): Promise<string> {
  const socket = connect({ host, port });
  const { promise, resolve } = Promise.withResolvers<string>();
  socket.setTimeout(timeoutMs, () => resolve(`no answer within ${timeoutMs / 1000} s`));
  socket.once('connect', () => resolve('open'));
  socket.on('error', (error: NodeJS.ErrnoException) =>
    resolve(error.code === 'ECONNREFUSED' ? 'refused' : (error.code ?? error.message)),
  );
  try {
    return await promise;
  } finally {
    socket.destroy();
  }
}

/** Without these nothing else can be told, so the first that is unusable ends the examination of a box. */
export const DOOR_CHECKS: readonly BoxCheck[] = [
  { id: 'tcp', title: 'SSH port answers', needs: 'read', run: port },
  { id: 'host-key', title: 'host key is pinned', needs: 'read', run: hostKey },
  { id: 'login', title: 'SSH log in, a first command', needs: 'read', run: login },
];

async function port({ backend, timing }: BoxContext): Promise<Finding> {
  const { host, port } = backend.ssh;
  const answer = await knock(host, port, timing.connectMs);
  return answer === 'open'
    ? fits(`port ${port} is open`, 'connects once and keeps the connection')
    : unusable(
        `port ${port}: ${answer}`,
        'nothing works. Check ssh.host and ssh.port, `/ip/service` on the box (enabled? available from here?) and firewalls',
      );
}

async function hostKey({ backend, hostKeys, timing }: BoxContext): Promise<Finding> {
  const { host, port } = backend.ssh;
  const pinned = await hostKeys();
  const keys = await presentedHostKeys(host, port, timing.connectMs);
  if (keys.some((key) => pinned.matches(key))) {
    return fits('it showed a pinned key', 'logs in; any other key is refused before that');
  }
  const shown = keys.map((key) => `${fingerprint(key)} (${keyType(key)})`);
  return {
    ...unusable(
      'it showed no key that is pinned',
      'refuses to log in. Verify the key as below; pin it if it is that of the box. If not, something else answers here',
    ),
    lines: [
      ...shown.map((key) => `The key that answered: ${key}`),
      `Pinned: ${pinned.fingerprints.join(', ')}`,
      'Verify it over a way that nobody else is on, such as a cable from your computer to a management port of the box:',
      `  ssh-keyscan -p ${port} ADDRESS_ON_THAT_CABLE | ssh-keygen -lf -`,
      'If the same fingerprint is printed there, add it to ssh.hostKeys:',
      `  hostKeys: ["${keys.map(fingerprint).join('", "')}"]`,
    ],
  };
}

async function login({ console }: BoxContext): Promise<Finding> {
  try {
    await console.run(ros`:local xA 1`);
    return fits('logged in, and the answer was whole', 'runs each call as one command like this');
  } catch (error) {
    if (!(error instanceof RouterOsError)) throw error;
    return error.kind === 'unreachable' || error.kind === 'unauthenticated'
      ? unusable(
          error.detail,
          'nothing works. Is the public key installed for this user (`/user/ssh-keys/print`)? Has its group the policy ssh?',
        )
      : unusable(`logged in, but a command gave: ${error.detail}`, 'nothing works. Please report this');
  }
}
