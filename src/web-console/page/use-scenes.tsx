import { useEffect, useState } from 'preact/hooks';
import type { Scene } from '../scene.ts';
import { pollScenes } from './poll.ts';
import { type Trends, withReading } from './trend.ts';

/** What the page knows. */
export interface Known {
  /** Undefined until the first reading has come. */
  readonly scene: Scene | undefined;
  /** When the latest reading ended, in milliseconds since the epoch. */
  readonly readAt: number;
  readonly trends: Trends;
  /** Why the console cannot be asked, and since when; undefined while it can. */
  readonly lost: { readonly because: string; readonly since: number } | undefined;
}

/** What the console reads, kept up to date while the page can be seen. */
export function useScenes(): Known {
  const [known, setKnown] = useState<Known>({ scene: undefined, readAt: 0, trends: new Map(), lost: undefined });
  useEffect(() => {
    let asking = new AbortController();
    const ask = (): void => {
      asking = new AbortController();
      void pollScenes(
        {
          scene: (scene, readAt) =>
            setKnown(({ trends }) => ({ scene, readAt, trends: withReading(trends, scene, readAt), lost: undefined })),
          same: (readAt) => setKnown((before) => ({ ...before, readAt, lost: undefined })),
          lost: (because) =>
            setKnown((before) => ({ ...before, lost: { because, since: before.lost?.since ?? Date.now() } })),
        },
        asking.signal,
      );
    };
    // A page that no one sees looks at nothing.
    const turn = (): void => {
      asking.abort();
      if (document.visibilityState === 'visible') ask();
    };
    turn();
    document.addEventListener('visibilitychange', turn);
    return () => {
      asking.abort();
      document.removeEventListener('visibilitychange', turn);
    };
  }, []);
  return known;
}

/** The time of now, in milliseconds since the epoch, every so many ms again. */
export function useNow(everyMs: number): number {
  const [now, setNow] = useState(Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), everyMs);
    return () => clearInterval(timer);
  }, [everyMs]);
  return now;
}
