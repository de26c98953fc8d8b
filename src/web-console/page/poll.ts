import type { Scene } from '../scene.ts';

/** Called as the readings come in. */
export interface PollListener {
  /** @param readAt when the reading ended, by the clock of here */
  scene(scene: Scene, readAt: number): void;
  /** The same was found again. */
  same(readAt: number): void;
  /** The console could not be asked. It is asked again. */
  lost(because: string): void;
}

/** From one attempt to the next when the console does not answer, in ms; it grows from the first to the last. */
const PAUSES_MS = [1_000, 2_000, 4_000, 8_000];

/**
 * Asks for one scene after another until the signal aborts. A request is held open until there is something new, and tells the
 * console that someone looks.
 */
export async function pollScenes(
  listener: PollListener,
  signal: AbortSignal,
  fetchScene: typeof fetch = fetch,
): Promise<void> {
  let [number, etag, failed] = ['0', '', 0];
  while (!signal.aborted) {
    try {
      const headers: HeadersInit = etag === '' ? {} : { 'If-None-Match': etag };
      const response = await fetchScene(`api/scene?after=${number}`, { headers, signal, cache: 'no-store' });
      failed = 0;
      if (response.status === 204) continue;
      const readAt = Date.now() - Number(response.headers.get('X-Read-Ago') ?? 0);
      if (response.status === 304) listener.same(readAt);
      else if (response.ok) listener.scene((await response.json()) as Scene, readAt);
      else throw new Error((await response.text()).trim());
      number = response.headers.get('X-Reading') ?? number;
      etag = response.headers.get('ETag') ?? etag;
    } catch (error) {
      if (signal.aborted) return;
      listener.lost(error instanceof Error ? error.message : String(error));
      const ms = PAUSES_MS[Math.min(failed, PAUSES_MS.length - 1)] ?? 0;
      failed += 1;
      await pause(ms, signal);
    }
  }
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, ms);
  signal.addEventListener('abort', () => resolve(), { once: true });
  await promise;
  clearTimeout(timer);
}
