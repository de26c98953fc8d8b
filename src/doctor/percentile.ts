/** The time, in tenths of a millisecond, that so many percent of the times are not above; the longest for 100. */
export function percentile(times: readonly number[], percent: number): number {
  const sorted = times.toSorted((a, b) => a - b);
  const at = Math.max(0, Math.ceil((sorted.length * percent) / 100) - 1);
  return Math.round((sorted[at] ?? 0) * 10) / 10;
}
