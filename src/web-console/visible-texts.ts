import { visible } from '../cli/printable.ts';

/**
 * A value of JSON with all of its texts made safe to look at: what cannot be seen, and would reorder what stands beside it or
 * hide in it, is shown as JSON escapes it.
 */
export function visibleTexts<T>(value: T): T {
  if (typeof value === 'string') return visible(value) as T;
  if (Array.isArray(value)) return value.map(visibleTexts) as T;
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, visibleTexts(inner)])) as T;
}
