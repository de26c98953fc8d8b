import { spawn } from 'node:child_process';
import { once } from 'node:events';

/**
 * Does the work while no other process does work under the same lock. The lock goes with this process, however it ends.
 *
 * @param file made when it is not there, and left.
 * @throws Error when it cannot be locked, and the reason of the signal.
 */
export async function oneAtATime<T>(file: string, work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
  const holder = spawn('flock', [file, 'sh', '-c', 'echo locked; exec cat'], {
    stdio: ['pipe', 'pipe', 'inherit'],
    ...(signal && { signal }),
  });
  const end = once(holder, 'exit');
  const failed = end.then(([status]) => Promise.reject(new Error(`${file} cannot be locked: status ${status}`)));
  failed.catch(() => undefined);
  try {
    await Promise.race([once(holder.stdout, 'data'), failed]);
    return await work();
  } finally {
    holder.stdin.end();
  }
}
