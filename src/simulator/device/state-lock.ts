import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { link, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * Keeps a second simulator out of a state directory. The file names the process and the time it started, because a
 * process id comes back: in a container every simulator is process 1.
 */
export class StateLock {
  readonly #path: string;

  private constructor(path: string) {
    this.#path = path;
  }

  /** @throws Error when a living process holds the directory. */
  static async acquire(directory: string): Promise<StateLock> {
    const path = join(directory, 'lock');
    const own = join(directory, `lock.${randomUUID()}`);
    await writeFile(own, identity(process.pid), { mode: 0o600 });
    try {
      await clearDead(path);
      await link(own, path);
    } catch (error) {
      if (!hasCode(error, 'EEXIST')) throw error;
      throw new Error(`another simulator uses ${directory}`, { cause: error });
    } finally {
      await rm(own, { force: true });
    }
    return new StateLock(path);
  }

  async release(): Promise<void> {
    await rm(this.#path, { force: true });
  }
}

/** Takes a dead process's lock away. If a living one's was caught instead, because that came in between, puts it back. */
async function clearDead(path: string): Promise<void> {
  const holder = await readIfThere(path);
  if (holder === undefined || isAlive(holder)) return;
  const aside = `${path}.${randomUUID()}`;
  try {
    await rename(path, aside);
    if ((await readIfThere(aside)) !== holder) await link(aside, path);
  } catch (error) {
    if (!hasCode(error, 'ENOENT')) throw error;
  } finally {
    await rm(aside, { force: true });
  }
}

function isAlive(holder: string): boolean {
  const pid = Number(holder.split(' ')[0]);
  try {
    process.kill(pid, 0);
  } catch (error) {
    if (hasCode(error, 'ESRCH')) return false;
  }
  return identity(pid) === holder;
}

/** `<pid> <start time in clock ticks>`; without the time where there is no /proc. */
function identity(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The 22nd field; the second, the command in parentheses, may contain spaces.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' ? `${pid} dead` : `${pid} ${fields[19]}`;
  } catch {
    return `${pid} unknown`;
  }
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined;
    throw error;
  }
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
