import type { Scene } from '../scene.ts';

/** What was used of a pool at a time. */
export interface Point {
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** Bytes. */
  readonly used: number;
}

/** What was used of each pool since the page was opened, by `<backend>/<pool>`. */
export type Trends = ReadonlyMap<string, readonly Point[]>;

/** Points of a pool at most: an hour of readings, after which every second one is left out. */
const MOST = 240;

/** The trends with what a reading found. */
export function withReading(trends: Trends, { backends }: Scene, at: number): Trends {
  const next = new Map(trends);
  for (const { name, answers, pools } of backends) {
    if (!answers) continue;
    for (const { label, size, free } of pools) {
      const key = `${name}/${label}`;
      const points = [...(next.get(key) ?? []), { at, used: size - free }];
      next.set(key, points.length > MOST ? points.filter((_, index) => index % 2 === 0) : points);
    }
  }
  return next;
}

/** The points of a polyline in an area of `width` by `height`: time to the right, more to the top. */
export function linePoints(points: readonly Point[], width: number, height: number): string {
  const [first, last] = [points[0]?.at ?? 0, points.at(-1)?.at ?? 0];
  const used = points.map((point) => point.used);
  const [least, most] = [Math.min(...used), Math.max(...used)];
  return points
    .map(({ at, used: value }) => {
      const x = last === first ? width : ((at - first) / (last - first)) * width;
      const y = most === least ? height / 2 : height - ((value - least) / (most - least)) * height;
      return `${x.toFixed(1)},${y.toFixed(1)}`;
    })
    .join(' ');
}
