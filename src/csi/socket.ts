/** The unix socket that kubelet and sidecars call: its address, and the right to bind it. */
import { lstat, unlink } from 'node:fs/promises';
import { connect } from 'node:net';
import { dirname, resolve } from 'node:path';

/** Longest path that fits `sun_path` of Linux (108 bytes with the closing NUL). */
const MAX_PATH_BYTES = 107;

/**
 * The absolute path in `unix:///path` or `unix:path`. TCP is refused: CSI has no authentication of its own, the
 * permissions of the socket are the only protection.
 */
export function socketPath(endpoint: string): string {
  const match = /^unix:(?:\/\/(?=\/))?(?!\/\/)([^\0]+)$/.exec(endpoint);
  if (!match?.[1]) throw new Error(`CSI endpoint "${endpoint}" must be unix:///path/to.sock; TCP is not offered`);
  const path = resolve(match[1]);
  if (Buffer.byteLength(path) > MAX_PATH_BYTES) {
    throw new Error(`CSI socket path "${path}" is longer than the ${MAX_PATH_BYTES} bytes that Linux allows`);
  }
  return path;
}

/**
 * Makes the path free to bind: its directory must exist, and a socket left there by a dead process is removed. A file
 * of another type, or a socket that someone serves, is never touched: error.
 */
export async function claimSocket(path: string): Promise<void> {
  const parent = await typeOf(dirname(path));
  if (parent !== 'directory') throw new Error(`the directory of the CSI socket, "${dirname(path)}", does not exist`);
  const type = await typeOf(path);
  if (type === 'nothing') return;
  if (type !== 'socket') throw new Error(`"${path}" is not a socket: remove it, or choose another CSI endpoint`);
  if (await isServed(path)) {
    throw new Error(`another process already serves "${path}": stop it, or choose another CSI endpoint`);
  }
  await unlink(path);
}

async function typeOf(path: string): Promise<'nothing' | 'socket' | 'directory' | 'other'> {
  try {
    const stats = await lstat(path);
    // A link to a directory is as good as the directory; `lstat` keeps a link to a socket from being unlinked.
    if (stats.isSymbolicLink()) return (await lstat(`${path}/.`)).isDirectory() ? 'directory' : 'other';
    if (stats.isSocket()) return 'socket';
    return stats.isDirectory() ? 'directory' : 'other';
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return 'nothing';
    if (isErrno(error, 'ENOTDIR')) return 'other';
    throw error;
  }
}

/** Whether a process accepts connections there. Only "connection refused" proves that none does. */
function isServed(path: string): Promise<boolean> {
  return new Promise((answer, fail) => {
    const probe = connect(path);
    probe.once('connect', () => {
      probe.destroy();
      answer(true);
    });
    probe.once('error', (error) => {
      if (isErrno(error, 'ECONNREFUSED')) answer(false);
      else fail(new Error(`cannot tell whether "${path}" is served`, { cause: error }));
    });
  });
}

function isErrno(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
