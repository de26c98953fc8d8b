/** What no text of the configuration may have in it, wherever it stands. */
import { UNSEEN } from '../schema/unseen.ts';

export interface StringProblem {
  readonly path: readonly (string | number)[];
  readonly message: string;
}

/** What shells, Kubernetes, Helm and users put in the place of a value. */
const PLACEHOLDER = /\$\{[^}]*\}|\$\([A-Za-z_]\w*\)|\{\{.*?\}\}|^<[^<>]*>$|^\$[A-Za-z_]\w*$/s;

/**
 * Texts that are still to be replaced, or have characters in them that cannot be seen. Keys of hosts may have several lines;
 * ids of clusters have a check of their own (cluster-id.ts).
 */
export function stringProblems(value: unknown, path: readonly (string | number)[] = []): StringProblem[] {
  if (typeof value === 'string') {
    const message = problemOf(value, path);
    return message === undefined ? [] : [{ path, message }];
  }
  if (Array.isArray(value)) return value.flatMap((item, at) => stringProblems(item, [...path, at]));
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value)
    .filter(([key]) => path.length > 0 || !/^(?:clusterId|adoptedClusterIds)$/.test(key))
    .flatMap(([key, inner]) => stringProblems(inner, [...path, key]));
}

function problemOf(text: string, path: readonly (string | number)[]): string | undefined {
  const [placeholder] = PLACEHOLDER.exec(text) ?? [];
  if (placeholder !== undefined) return `${placeholder} is still to be replaced: nothing is substituted in this file`;
  const [unseen] = UNSEEN.exec(path.includes('hostKeys') ? text.replaceAll(/[\n\r\t]/g, '') : text) ?? [];
  if (unseen === undefined) return undefined;
  const name = `U+${(unseen.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`;
  return unseen === '\n' ? 'it has a line break in it' : `it has an invisible character in it (${name})`;
}
