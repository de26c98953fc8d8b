/** The words of the operating system, in sentences: its codes, each with the object that it is about. */

const WORDS: Readonly<Record<string, string>> = {
  ENOENT: 'does not exist',
  ENOTDIR: 'does not exist: a part of its path is not a directory',
  EISDIR: 'is a directory, not a file',
  EEXIST: 'exists already',
  ENOTEMPTY: 'is not empty',
  EACCES: 'may not be accessed by the user of this process',
  EPERM: 'may not be accessed by the user of this process',
  EROFS: 'is on a read-only filesystem',
  ENOSPC: 'has no room left on its filesystem',
  EDQUOT: 'is beyond the quota of its filesystem',
  ELOOP: 'is a link that leads to itself',
  ENAMETOOLONG: 'is too long for a path',
  EMFILE: 'cannot be opened: this process has too many files open',
  EADDRINUSE: 'is already in use by another process',
  EADDRNOTAVAIL: 'is not an address of this machine',
  ECONNREFUSED: 'refused the connection: nothing listens there',
  ECONNRESET: 'closed the connection',
  EHOSTUNREACH: 'cannot be reached from here',
  ENETUNREACH: 'cannot be reached from here',
  ETIMEDOUT: 'does not answer',
  ENOTFOUND: 'cannot be resolved (DNS)',
  EAI_AGAIN: 'cannot be resolved at the moment (DNS)',
};

/** What Node.js adds to an error of a system call. */
interface SystemError extends Error {
  readonly code: string;
  readonly path?: string;
  readonly address?: string;
  readonly hostname?: string;
  readonly port?: number;
}

/**
 * Why something failed: for an error of the operating system a sentence with its object, such as `/etc/x does not exist`; for
 * any other what it says itself.
 *
 * @param called what the object is called where it was named before, such as `it`
 */
export function reasonOf(error: unknown, called?: string): string {
  if (!(error instanceof Error)) return String(error);
  if (!isSystemError(error)) return error.message;
  const words = WORDS[error.code];
  const object = called ?? objectOf(error);
  return words === undefined || object === undefined ? error.message : `${object} ${words}`;
}

function isSystemError(error: Error): error is SystemError {
  // An error of ours that wraps one has words of its own.
  return 'syscall' in error && 'code' in error && typeof error.code === 'string';
}

function objectOf({ path, address, hostname, port }: SystemError): string | undefined {
  if (path !== undefined) return path === '' ? 'the path ""' : path;
  const host = address ?? hostname;
  if (host === undefined || port === undefined) return host;
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}
