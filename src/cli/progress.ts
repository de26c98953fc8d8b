import { oneLine } from './printable.ts';

/** One line about what is being done now, for a user who waits. */
export interface Progress {
  show(text: string): void;
  /** Takes the line away, before anything else is printed. */
  clear(): void;
}

const CLEAR_LINE = '\r\x1b[K';

/** Shown on a terminal only: a log or a pipe has no use for it. */
export function progressOn(stream: NodeJS.WriteStream = process.stderr): Progress {
  if (stream.isTTY !== true) return { show: () => undefined, clear: () => undefined };
  return {
    show: (text) =>
      void stream.write(`${CLEAR_LINE}${oneLine(text).slice(0, Math.max(1, (stream.columns ?? 80) - 1))}`),
    clear: () => void stream.write(CLEAR_LINE),
  };
}

/** Shows a line while some work goes on. */
export async function showing<T>(text: string, work: () => Promise<T>): Promise<T> {
  const progress = progressOn();
  progress.show(text);
  try {
    return await work();
  } finally {
    progress.clear();
  }
}
