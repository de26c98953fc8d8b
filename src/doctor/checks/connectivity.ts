import { stat } from 'node:fs/promises';
import { connect } from 'node:net';
import { fingerprint, keyType, presentedHostKeys, RouterOsError, ros } from '../../routeros/index.ts';
import type { RdsCheck, RdsContext } from '../check.ts';
import { differs, type Finding, fits, unusable } from '../finding.ts';

/** How a TCP connection went: `open`, `refused` by whoever is there, or why there was no answer, in a few words. */
export async function tryConnect(host: string, port: number, timeoutMs: number): Promise<string> {
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

/** What is wrong with the file is known before anything is sent, and is another matter than a login that is refused. */
export const KEY_CHECK: RdsCheck = { id: 'key-file', title: 'private key can be used', needs: 'read', run: keyFile };

/** The last of {@link CONNECTIVITY_CHECKS}, which needs the key. */
export const LOGIN_CHECK: RdsCheck = { id: 'login', title: 'SSH log in, a first command', needs: 'read', run: login };

/** Without these nothing else can be determined, so the first that is unusable ends the examination of an RDS. */
export const CONNECTIVITY_CHECKS: readonly RdsCheck[] = [
  { id: 'tcp', title: 'SSH port answers', needs: 'read', run: port },
  { id: 'host-key', title: 'host key is pinned', needs: 'read', run: hostKey },
  LOGIN_CHECK,
];

async function port({ backend, timing }: RdsContext): Promise<Finding> {
  const { host, port } = backend.ssh;
  const answer = await tryConnect(host, port, timing.connectMs);
  return answer === 'open'
    ? fits(`port ${port} is open`, 'connects once and keeps the connection')
    : unusable(
        `port ${port}: ${answer}`,
        'nothing works. Check ssh.host and ssh.port, `/ip/service` on the RDS (enabled? available from here?) and firewalls',
      );
}

async function hostKey({ backend, hostKeys, timing }: RdsContext): Promise<Finding> {
  const { host, port } = backend.ssh;
  const unused: string[] = [];
  const pinned = await hostKeys((problem) => unused.push(problem)).catch(messageOf);
  if (typeof pinned === 'string') {
    return unusable(
      pinned,
      'does not connect: it could not tell this RDS from another one. Pin its key in ssh.hostKeys',
    );
  }
  const keys = await presentedHostKeys(host, port, timing.connectMs);
  if (keys.some((key) => pinned.matches(key))) {
    if (unused.length > 0) {
      return {
        ...differs('it showed a pinned key', 'logs in, and leaves out lines of the file. Repair them: see below'),
        lines: ['Lines of host keys that are not used:', ...unused.map((problem) => `  ${problem}`)],
      };
    }
    return fits('it showed a pinned key', 'logs in; any other key is refused before that');
  }
  const shown = keys.map((key) => `${fingerprint(key)} (${keyType(key)})`);
  return {
    ...unusable(
      'it showed no key that is pinned',
      'refuses to log in. Verify the key as below; pin it if it is that of the RDS. If not, something else answers here',
    ),
    lines: [
      ...shown.map((key) => `The key that answered: ${key}`),
      `Pinned: ${pinned.fingerprints.join(', ')}`,
      'Verify it over a path that no one else shares, such as a cable from your computer to a management port of the RDS:',
      `  ssh-keyscan -p ${port} ADDRESS_ON_THAT_CABLE | ssh-keygen -lf -`,
      'If the same fingerprint is printed there, add it to ssh.hostKeys:',
      `  hostKeys: ["${keys.map(fingerprint).join('", "')}"]`,
    ],
  };
}

async function keyFile({ backend, privateKey }: RdsContext): Promise<Finding> {
  const problem = await privateKey().then(() => undefined, messageOf);
  if (problem !== undefined) return unusable(problem, 'does not log in. ssh.privateKeyFile names this file');
  const mode = (await stat(backend.ssh.privateKeyFile)).mode & 0o777;
  return (mode & 0o004) === 0
    ? fits('it is there, whole and without a passphrase', 'reads it again for each connection')
    : differs(
        `every user of this machine can read the file (mode ${mode.toString(8)})`,
        `uses it all the same. chmod 600 ${backend.ssh.privateKeyFile}`,
      );
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

async function login({ console }: RdsContext): Promise<Finding> {
  try {
    await console.run(ros`:local xA 1`);
    return fits('logged in, and the answer was whole', 'runs each call as one command like this');
  } catch (error) {
    if (!(error instanceof RouterOsError)) throw error;
    return error.kind === 'unreachable' || error.kind === 'unauthenticated'
      ? unusable(
          error.detail,
          'nothing works. Is the public key installed for this user (`/user/ssh-keys/print`)? Does its group have the policy ssh?',
        )
      : unusable(`logged in, but a command gave: ${error.detail}`, 'nothing works. Please report this');
  }
}
