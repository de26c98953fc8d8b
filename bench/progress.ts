/** Tells on standard error what is being done: one line that changes on a terminal, a line for each piece of work else. */
export class Progress {
  #what = '';

  show(what: string, done: number, of: number): void {
    if (process.stderr.isTTY) {
      process.stderr.write(`\r\u001B[K${what}: ${Math.max(0, done)} of ${of}`);
    } else if (what !== this.#what) {
      process.stderr.write(`${what}\n`);
    }
    this.#what = what;
  }

  /** Clears the line. */
  end(): void {
    if (process.stderr.isTTY) process.stderr.write('\r\u001B[K');
    this.#what = '';
  }
}
