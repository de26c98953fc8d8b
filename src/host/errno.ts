/** What the operating system's error codes prove. */

/** What stands for "there is no such file or device", and nothing else does. */
const ABSENT = ['ENOENT', 'ENODEV', 'ENOTDIR', 'ENXIO'] as const;

/** Whether an error has one of these codes of the operating system. */
export function hasCode(error: unknown, ...codes: readonly string[]): boolean {
  return error instanceof Error && 'code' in error && codes.some((code) => code === error.code);
}

/** Whether an error proves that a file or device is not there. A lack of memory or descriptors proves nothing. */
export function isAbsence(error: unknown): boolean {
  return hasCode(error, ...ABSENT);
}

/** Whether a call of the operating system failed. */
export function isSystemError(error: unknown): error is Error {
  return error instanceof Error && 'syscall' in error && 'code' in error;
}

/**
 * What `work` gives; undefined when it fails because what it looks at is not there.
 *
 * @throws whatever else it fails with
 */
export async function unlessAbsent<T>(work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    if (isAbsence(error)) return undefined;
    throw error;
  }
}
