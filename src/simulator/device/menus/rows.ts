import type { Row } from '../../console/menu.ts';
import type { Value } from '../../console/value.ts';

/** Makes a row; what is undefined is unset and left out, as in `print as-value` (docs/routeros.md, 2). */
export function makeRow(id: string, props: Readonly<Record<string, Value | undefined>>): Row {
  const set = new Map<string, Value>();
  for (const [name, value] of Object.entries(props)) if (value !== undefined) set.set(name, value);
  return { id, props: set };
}
