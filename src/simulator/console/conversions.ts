import { ScriptFailure } from './errors.ts';
import { parseDuration, parseNumber } from './literals.ts';
import { Duration, ItemId, nothing, RosArray, type Value } from './value.ts';

/** Arrays nested deeper than this are refused, so that converting one cannot exhaust the stack. */
const MAX_DEPTH = 100;

/** Longest `:delay`: what a timer of the simulator can wait for. */
const MAX_DELAY_MS = 2 ** 31 - 1;

/** Longest text in UTF-16 units that a script may build. The device has limits too; theirs are unknown (U21). */
const MAX_TEXT = 4 * 1024 * 1024;

/** What `:typeof` says. The device tells `nil` from `nothing`; here both are `nothing`. */
export function typeName(value: Value): string {
  switch (typeof value) {
    case 'bigint':
      return 'num';
    case 'boolean':
      return 'bool';
    case 'string':
      return 'str';
    case 'symbol':
      return 'nothing';
    default:
      return value instanceof ItemId ? 'id' : value instanceof Duration ? 'time' : 'array';
  }
}

/** The text of a value, as `:tostr`, `:put` and `.` give it. Arrays come out joined by `;`, with nothing escaped. */
export function toText(value: Value, depth = 0): string {
  if (typeof value === 'string') {
    return value;
  }
  if (typeof value === 'symbol') {
    return '';
  }
  if (value instanceof ItemId) {
    return value.text;
  }
  if (value instanceof Duration) {
    return formatDuration(value);
  }
  if (value instanceof RosArray) {
    guardDepth(depth);
    const texts = entries(value).map(
      ([key, element]) => (typeof key === 'string' ? `${key}=` : '') + toText(element, depth + 1),
    );
    return joinTexts(texts, ';');
  }
  return String(value);
}

export function guardDepth(depth: number): void {
  if (depth > MAX_DEPTH) {
    throw new ScriptFailure('action failed (6)');
  }
}

/** Keys and elements in the order of `:foreach`: unkeyed under their index, then keyed ones sorted by key. */
export function entries(array: RosArray): [bigint | string, Value][] {
  const listed = array.list.map((value, index): [bigint, Value] => [BigInt(index), value]);
  const keyed = [...array.keyed].sort(([left], [right]) => Buffer.compare(Buffer.from(left), Buffer.from(right)));
  return [...listed, ...keyed];
}

/** `1w2d03:04:05`, `2w00:00:00`, `00:00:00.100` (docs/routeros.md, 9.1). */
export function formatDuration({ ms }: Duration): string {
  const pad = (count: number, width = 2) => String(count).padStart(width, '0');
  const seconds = Math.floor(ms / 1000);
  const weeks = Math.floor(seconds / 604_800);
  const days = Math.floor(seconds / 86_400) % 7;
  const clock = [Math.floor(seconds / 3600) % 24, Math.floor(seconds / 60) % 60, seconds % 60].map((n) => pad(n));
  const fraction = ms % 1000 === 0 ? '' : `.${pad(ms % 1000, 3)}`;
  return `${weeks > 0 ? `${weeks}w` : ''}${days > 0 ? `${days}d` : ''}${clock.join(':')}${fraction}`;
}

/** `:tonum`: digits become a num, everything else nothing. */
export function toNumber(value: Value): Value {
  if (typeof value === 'bigint') {
    return value;
  }
  return typeof value === 'string' ? (parseNumber(value) ?? nothing) : nothing;
}

/** `:totime`: a text that reads as a time becomes one, everything else nothing; a number's unit is not known. */
export function toTime(value: Value): Value {
  if (value instanceof Duration) {
    return value;
  }
  return typeof value === 'string' ? (parseDuration(value) ?? nothing) : nothing;
}

/** `:toarray`: text is split at commas, an array stays, anything else becomes its only element. */
export function toArray(value: Value): RosArray {
  if (value instanceof RosArray) {
    return value;
  }
  if (typeof value === 'string') {
    return new RosArray(value === '' ? [] : value.split(','));
  }
  return new RosArray(value === nothing ? [] : [value]);
}

/** `:len`: bytes of a text (not characters), elements of an array, 0 for nothing. */
export function lengthOf(value: Value): bigint {
  return BigInt(value instanceof RosArray ? value.length : Buffer.byteLength(toText(value)));
}

/** A time in milliseconds as `:delay` takes it: a time, or whole seconds. */
export function toMilliseconds(value: Value): number {
  const duration = typeof value === 'string' ? parseDuration(value) : value;
  const seconds = toNumber(value);
  const ms = duration instanceof Duration ? duration.ms : typeof seconds === 'bigint' ? Number(seconds) * 1000 : -1;
  if (ms >= 0 && ms <= MAX_DELAY_MS) {
    return ms;
  }
  throw new ScriptFailure('invalid value for argument delay-time');
}

/** Joins texts within the limit of what a script may build: arrays inside arrays can double at every level. */
export function joinTexts(texts: readonly string[], separator = ''): string {
  if (texts.reduce((sum, text) => sum + text.length, 0) > MAX_TEXT) {
    throw new ScriptFailure('action failed (6)');
  }
  return texts.join(separator);
}
