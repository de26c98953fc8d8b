/**
 * The value that the given part of all samples does not exceed, by nearest rank; every result is one of the samples.
 *
 * @param part between 0 and 1: 0.5 is the median.
 * @throws RangeError without samples.
 */
export function percentile(samples: readonly number[], part: number): number {
  const sorted = samples.toSorted((a, b) => a - b);
  const value = sorted[Math.max(0, Math.ceil(part * sorted.length) - 1)];
  if (value === undefined) throw new RangeError('a percentile of nothing');
  return value;
}

export function median(samples: readonly number[]): number {
  return percentile(samples, 0.5);
}

export function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

/** Two digits after the point: what is measured here is in milliseconds and not more precise than that. */
export function round(value: number): number {
  return Math.round(value * 100) / 100;
}

/** How long the work took, in milliseconds. */
export async function timed(work: () => Promise<unknown>): Promise<number> {
  const begin = performance.now();
  await work();
  return performance.now() - begin;
}

/** Runs work `count` times one after another and returns the milliseconds of each. */
export async function samples(count: number, work: (index: number) => Promise<unknown>): Promise<number[]> {
  const all: number[] = [];
  for (let index = 0; index < count; index += 1) all.push(await timed(() => work(index)));
  return all;
}
