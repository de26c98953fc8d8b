/** What no text of the configuration may have in it, wherever it stands. */

export interface StringProblem {
  readonly path: readonly (string | number)[];
  readonly message: string;
}

/** What shells, Kubernetes, Helm and users put in the place of a value. */
const PLACEHOLDER = /\$\{[^}]*\}|\$\([A-Za-z_]\w*\)|\{\{.*?\}\}|^<[^<>]*>$|^\$[A-Za-z_]\w*$/s;
const UNSEEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u;
const UNSEEN_BUT_LINES = /(?![\n\r\t])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u;

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
  const [unseen] = (path.includes('hostKeys') ? UNSEEN_BUT_LINES : UNSEEN).exec(text) ?? [];
  if (unseen === undefined) return undefined;
  const name = `U+${(unseen.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`;
  return unseen === '\n' ? 'a break of the line is in it' : `a character that cannot be seen is in it (${name})`;
}
