import { execFile } from 'node:child_process';

/** How long one call may take, in ms. A snapshot writes back what is dirty in its source first. */
const TIMEOUT_MS = 60_000;

/** What the C library says in plain words, with the code that Node gives to the same error. */
const CODES: readonly (readonly [text: string, code: string])[] = [
  ['No space left on device', 'ENOSPC'],
  ['No such file or directory', 'ENOENT'],
  ['Read-only file system', 'EROFS'],
  ['Directory not empty', 'ENOTEMPTY'],
  ['Operation not permitted', 'EPERM'],
  ['Permission denied', 'EACCES'],
];

/** Raised when `btrfs` fails; `code` as in errors of Node's file functions where the reason is known. */
class BtrfsError extends Error {
  override readonly name = 'BtrfsError';
  readonly code: string | undefined;

  constructor(message: string, code: string | undefined, cause: unknown) {
    super(message, { cause });
    this.code = code;
  }
}

/**
 * Runs `btrfs` from btrfs-progs and waits until it has ended, also when it had to be killed.
 *
 * @throws {@link BtrfsError} with the last line of what it said.
 */
export async function btrfs(...args: readonly string[]): Promise<void> {
  const options = { env: { ...process.env, LC_ALL: 'C' }, timeout: TIMEOUT_MS, killSignal: 'SIGKILL' } as const;
  return await new Promise((resolve, reject) => {
    execFile('btrfs', args, options, (error, _stdout, stderr) => {
      if (error === null) return resolve();
      if (error.code === 'ENOENT') return reject(new BtrfsError('btrfs-progs is not installed', undefined, error));
      const reason = error.killed === true ? `took longer than ${TIMEOUT_MS} ms` : lastLine(stderr);
      const code = CODES.find(([text]) => reason.includes(text))?.[1];
      reject(new BtrfsError(`btrfs ${args.slice(0, 2).join(' ')}: ${reason}`, code, error));
    });
  });
}

function lastLine(text: string): string {
  return (
    text
      .trim()
      .split('\n')
      .at(-1)
      ?.replace(/^ERROR: /, '') ?? ''
  );
}
