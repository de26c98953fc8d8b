import { visible } from '../cli/printable.ts';

/**
 * A value of JSON with all of its texts made safe to look at: what cannot be seen, and would reorder what stands beside it or
 * hide in it, is shown as JSON escapes it. What has nothing of that kind is the same value, and no copy: a scene is large.
 */
export function visibleTexts<T>(value: T): T {
  if (typeof value === 'string') return visible(value) as T;
  if (Array.isArray(value)) return changed(value as unknown[], (list) => [...list]) as T;
  if (typeof value !== 'object' || value === null) return value;
  return changed(value as Record<string, unknown>, (object) => ({ ...object })) as T;
}

/** An object or array with visible parts: itself when all of them are so already. */
function changed<T extends object>(whole: T, copyOf: (whole: T) => T): T {
  let made: T | undefined;
  for (const key of Object.keys(whole) as (keyof T)[]) {
    const shown = visibleTexts(whole[key]);
    if (shown === whole[key]) continue;
    made ??= copyOf(whole);
    made[key] = shown;
  }
  return made ?? whole;
}
