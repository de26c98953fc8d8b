import type { ServerChannel } from 'ssh2';
import type { OutputFilter } from '../output/output-filter.ts';

/**
 * The output side of a channel with a command in it. What is written after the channel or its connection died is dropped.
 */
export class ExecChannel {
  readonly #channel: ServerChannel;
  readonly #filters: readonly OutputFilter[];
  #isOpen = true;

  constructor(channel: ServerChannel, filters: readonly OutputFilter[]) {
    this.#channel = channel;
    this.#filters = filters;
    channel.on('error', () => undefined);
    channel.once('close', () => {
      this.#isOpen = false;
    });
    // Input is not read by any command; it must flow for the end of it to be seen.
    channel.resume();
  }

  /** Sends what comes before the output, no faster than the client reads it. */
  async begin(): Promise<void> {
    for (const [index, filter] of this.#filters.entries()) {
      for (const first of filter.before?.() ?? []) {
        if (!this.#send(this.#pass(first, index + 1))) await this.#drained();
      }
    }
  }

  write(text: string): void {
    this.#send(this.#pass(Buffer.from(text), 0));
  }

  /** Sends what comes after the output and closes the channel; without a status when that is undefined. */
  end(status: number | undefined): void {
    for (const [index, filter] of this.#filters.entries()) {
      const last = filter.after?.();
      if (last !== undefined) this.#send(this.#pass(last, index + 1));
    }
    if (!this.#isWritable) return;
    if (status !== undefined) this.#channel.exit(status);
    this.#channel.end();
  }

  /** What becomes of output on its way through the filters from this one on. */
  #pass(output: Buffer, from: number): Buffer {
    return this.#filters.slice(from).reduce((passed, filter) => filter.pass(passed), output);
  }

  /** Returns false when the client should be given time to read. */
  #send(output: Buffer): boolean {
    return output.length === 0 || !this.#isWritable || this.#channel.write(output);
  }

  get #isWritable(): boolean {
    return this.#isOpen && this.#channel.writable;
  }

  #drained(): Promise<void> {
    if (!this.#isOpen) return Promise.resolve();
    return new Promise((resolve) => {
      const done = () => {
        this.#channel.off('drain', done);
        this.#channel.off('close', done);
        resolve();
      };
      this.#channel.on('drain', done);
      this.#channel.on('close', done);
    });
  }
}
