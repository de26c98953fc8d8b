/** A time such as `12h`, `30d` or `8w`. */
export const DURATION = /^([1-9][0-9]{0,4})(h|d|w)$/;

export const DURATION_RULE = '"forever", or a whole number of hours, days or weeks, such as 12h, 30d or 8w';

const HOURS = { h: 1, d: 24, w: 168 } as const;

/** @returns milliseconds; undefined for what {@link DURATION} does not match */
export function parseDuration(text: string): number | undefined {
  const [, count, unit] = DURATION.exec(text) ?? [];
  if (count === undefined || unit === undefined) return undefined;
  return Number(count) * HOURS[unit as keyof typeof HOURS] * 3_600_000;
}
