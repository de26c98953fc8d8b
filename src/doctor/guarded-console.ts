import { type RouterOsConsole, RouterOsError } from '../routeros/index.ts';

/** Attempts to reach the RDS again, with a pause that doubles from the first, in milliseconds. */
const ATTEMPTS = 6;
const FIRST_PAUSE_MS = 100;

/**
 * A console for tests: nothing more is sent once `signal` aborts, and what was sent is waited for, as a script that was
 * left alone might yet make something. A script that could not be sent is sent again, since an RDS may need a moment to
 * let in a connection after one was lost; a line that is sent as it is goes out once.
 *
 * @throws the reason of `signal` from both ways of sending.
 */
export function guarded(console: RouterOsConsole, signal: AbortSignal): RouterOsConsole {
  return {
    async send(script, timeoutMs) {
      signal.throwIfAborted();
      return console.send(script, timeoutMs);
    },
    async run(script, timeoutMs) {
      for (let attempt = 1; ; attempt += 1) {
        signal.throwIfAborted();
        try {
          return await console.run(script, timeoutMs);
        } catch (error) {
          const sent = !(error instanceof RouterOsError) || error.kind !== 'unreachable';
          if (sent || attempt === ATTEMPTS) throw error;
        }
        await new Promise((resolve) => setTimeout(resolve, FIRST_PAUSE_MS * 2 ** (attempt - 1)));
      }
    },
    close: () => console.close(),
  };
}
