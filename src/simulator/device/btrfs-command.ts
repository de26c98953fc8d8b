import { execFile } from 'node:child_process';
import { hasCode } from './plain-files.ts';

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
      if (error === null) resolve();
      else if (error.killed === true) reject(btrfsFailure(args, `took longer than ${TIMEOUT_MS} ms`, error));
      else reject(btrfsFailure(args, stderr, error));
    });
  });
}

/** The failure of a `btrfs` that said this on its standard error. */
export function btrfsFailure(args: readonly string[], stderr: string, cause: unknown): BtrfsError {
  if (hasCode(cause, 'ENOENT')) return new BtrfsError('btrfs-progs is not installed', undefined, cause);
  const reason = lastLine(stderr);
  const code = CODES.find(([text]) => reason.includes(text))?.[1];
  return new BtrfsError(`btrfs ${args.slice(0, 2).join(' ')}: ${reason}`, code, cause);
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
