import { type JsonRow, type RouterOsConsole, RouterOsError, type Script } from '../routeros/index.ts';

/** What became of something that was tried: the rows it printed, or the words in which the device refused. */
export type Outcome =
  | { readonly ok: true; readonly rows: readonly JsonRow[] }
  | { readonly ok: false; readonly words: string; readonly parsed: boolean };

/**
 * Runs a script that the device may refuse.
 *
 * @throws RouterOsError when the answer was lost or nothing was sent: that is no refusal.
 */
export async function tried(console: RouterOsConsole, script: Script, timeoutMs?: number): Promise<Outcome> {
  try {
    return { ok: true, rows: await console.run(script, timeoutMs) };
  } catch (error) {
    if (error instanceof RouterOsError && (error.kind === 'failed' || error.kind === 'rejected')) {
      return { ok: false, words: error.detail, parsed: error.kind === 'failed' };
    }
    throw error;
  }
}

/** The one row that a script printed; empty when there was none. */
export async function row(console: RouterOsConsole, script: Script): Promise<JsonRow> {
  return (await console.run(script))[0] ?? {};
}

/** Looks again and again, with a pause of 100 ms, until something is there; undefined when `patienceMs` is over. */
export async function awaited<T>(
  patienceMs: number,
  look: () => Promise<T | undefined>,
): Promise<{ readonly value: T; readonly ms: number } | undefined> {
  const begin = performance.now();
  for (;;) {
    const value = await look();
    const ms = performance.now() - begin;
    if (value !== undefined) return { value, ms };
    if (ms > patienceMs) return undefined;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
