import { closeSync, ftruncateSync, openSync, writeSync } from 'node:fs';
import { readFile, rename, writeFile } from 'node:fs/promises';

const HEADER = { format: 'rose-csi simulator journal', version: 1 };

/**
 * A file of JSON lines that only grows. A line is written whole or, when the process dies in the middle, is the torn
 * last line, which the next reader leaves out. Nothing is synced: the journal outlives the process, not the power.
 */
export class Journal {
  /** Descriptor; undefined once closed. */
  #file: number | undefined;
  #length: number;

  private constructor(file: number, length: number) {
    this.#file = file;
    this.#length = length;
  }

  /**
   * The lines of a journal without its header; none when there is no such file.
   *
   * @throws Error when a line other than the last is unreadable, or the file is not a journal of this version.
   */
  static async read(path: string): Promise<unknown[]> {
    let text: string;
    try {
      text = await readFile(path, 'utf8');
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
      throw error;
    }
    const lines = text.split('\n');
    // What follows the last newline was torn off when the process died.
    lines.pop();
    const [header, ...rest] = lines.map((line, index) => parseLine(path, line, index + 1));
    if (JSON.stringify(header) !== JSON.stringify(HEADER)) {
      throw new Error(`${path} is not a journal that this version of the simulator can read`);
    }
    return rest;
  }

  /** Replaces the journal by these lines, in one step, and leaves it open for more. */
  static async rewrite(path: string, lines: readonly unknown[]): Promise<Journal> {
    const fresh = `${path}.new`;
    const content = Buffer.from([HEADER, ...lines].map((line) => `${JSON.stringify(line)}\n`).join(''));
    await writeFile(fresh, content, { mode: 0o600, flush: true });
    await rename(fresh, path);
    return new Journal(openSync(path, 'r+'), content.length);
  }

  /**
   * Adds one line; when it cannot be written whole, nothing of it stays. Synchronous: a write into the page cache takes
   * less time than handing it to a thread.
   */
  append(line: unknown): void {
    if (this.#file === undefined) throw new Error('the journal is closed');
    const content = Buffer.from(`${JSON.stringify(line)}\n`);
    try {
      let written = 0;
      while (written < content.length) {
        written += writeSync(this.#file, content, written, content.length - written, this.#length + written);
      }
      this.#length += content.length;
    } catch (error) {
      ftruncateSync(this.#file, this.#length);
      throw error;
    }
  }

  close(): void {
    if (this.#file !== undefined) closeSync(this.#file);
    this.#file = undefined;
  }
}

function parseLine(path: string, line: string, number: number): unknown {
  try {
    return JSON.parse(line);
  } catch (cause) {
    throw new Error(`${path}, line ${number}: not JSON`, { cause });
  }
}
