import { Duration, ItemId, type Value } from './value.ts';

/** The largest `num`: a signed 64-bit integer. */
export const MAX_NUMBER = 2n ** 63n - 1n;
export const MIN_NUMBER = -(2n ** 63n);

const truthWords: ReadonlyMap<string, boolean> = new Map([
  ['true', true],
  ['yes', true],
  ['false', false],
  ['no', false],
]);

const unitMs: Readonly<Record<string, number>> = {
  w: 604_800_000,
  d: 86_400_000,
  h: 3_600_000,
  m: 60_000,
  s: 1000,
  ms: 1,
};

/** The longest time that 64 bits of nanoseconds hold, in ms. */
const MAX_TIME_MS = Number(MAX_NUMBER / 1_000_000n);

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
  return number >= MIN_NUMBER && number <= MAX_NUMBER ? number : undefined;
}

/** An item id such as `*2B`, hex digits in upper case. */
export function parseId(word: string): ItemId | undefined {
  return /^\*[0-9A-F]{1,16}$/.test(word) ? new ItemId(word) : undefined;
}

const timeForms: readonly RegExp[] = [
  /^(?:(?<w>\d+)w)?(?:(?<d>\d+)d)?(?:(?<h>\d+)h)?(?:(?<m>\d+)m)?(?:(?<s>\d+)s)?(?:(?<ms>\d+)ms)?$/,
  /^(?:(?<w>\d+)w)?(?:(?<d>\d+)d)?(?<h>\d{2}):(?<m>[0-5]\d):(?<s>[0-5]\d)$/,
];

/**
 * A time such as `93784s`, `100ms`, `1d2h`, `00:00:01` or `1w2d03:04:05`. Forms that were not seen are none: a fraction
 * of a second, `10:00`, a number without a unit (docs/routeros.md, 9.1).
 */
export function parseDuration(word: string): Duration | undefined {
  const parts = word === '' ? undefined : timeForms.map((form) => form.exec(word)?.groups).find(Boolean);
  if (parts === undefined) return undefined;
  const ms = Object.entries(parts).reduce((sum, [unit, count = '0']) => sum + Number(count) * (unitMs[unit] ?? 0), 0);
  return ms <= MAX_TIME_MS ? new Duration(ms) : undefined;
}

/** What an unquoted word means where a value of any type may stand, or nothing if it is only text. */
export function parseLiteral(word: string): Value | undefined {
  return parseBool(word) ?? parseNumber(word) ?? parseId(word) ?? parseDuration(word);
}
