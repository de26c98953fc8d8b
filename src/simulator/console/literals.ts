import { Duration, ItemId, type Value } from './value.ts';

/** The largest `num`: a signed 64-bit integer. */
export const maxNumber = 2n ** 63n - 1n;
export const minNumber = -(2n ** 63n);

const truthWords: ReadonlyMap<string, boolean> = new Map([
  ['true', true],
  ['yes', true],
  ['false', false],
  ['no', false],
]);

const unitMs: Readonly<Record<string, number>> = { w: 604_800_000, d: 86_400_000, h: 3_600_000, m: 60_000, s: 1000 };

/** The bool that a word stands for (`yes`, `no`, `true`, `false`). */
export function parseBool(word: string): boolean | undefined {
  return truthWords.get(word);
}

/** A decimal or `0x` number within 64 bits. */
export function parseNumber(word: string): bigint | undefined {
  if (!/^(-?[0-9]{1,20}|0x[0-9A-Fa-f]{1,16})$/.test(word)) {
    return undefined;
  }
  const number = BigInt(word);
  return number >= minNumber && number <= maxNumber ? number : undefined;
}

/** An item id such as `*2B`, hex digits in upper case. */
export function parseId(word: string): ItemId | undefined {
  return /^\*[0-9A-F]{1,16}$/.test(word) ? new ItemId(word) : undefined;
}

/** A time such as `100ms`, `1d2h`, `00:00:01` or `1d00:00:05`. */
export function parseDuration(word: string): Duration | undefined {
  const units = /^(?:(\d{1,6})w)?(?:(\d{1,6})d)?(?:(\d{1,6})h)?(?:(\d{1,6})m)?(?:(\d{1,6})s)?(?:(\d{1,6})ms)?$/.exec(
    word,
  );
  if (units && word !== '') {
    const [, weeks, days, hours, minutes, seconds, milliseconds] = units.map((digits) => Number(digits ?? 0));
    return new Duration(total({ w: weeks, d: days, h: hours, m: minutes, s: seconds }) + (milliseconds ?? 0));
  }
  const clock = /^(?:(\d{1,6})d)?(\d{2}):([0-5]\d):([0-5]\d)$/.exec(word);
  if (clock) {
    const [, days, hours, minutes, seconds] = clock.map((digits) => Number(digits ?? 0));
    return new Duration(total({ d: days, h: hours, m: minutes, s: seconds }));
  }
  return undefined;
}

function total(parts: Readonly<Record<string, number | undefined>>): number {
  return Object.entries(parts).reduce((sum, [unit, count]) => sum + (count ?? 0) * (unitMs[unit] ?? 0), 0);
}

/** What an unquoted word means where a value of any type may stand, or nothing if it is only text. */
export function parseLiteral(word: string): Value | undefined {
  return parseBool(word) ?? parseNumber(word) ?? parseId(word) ?? parseDuration(word);
}
