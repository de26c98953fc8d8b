/** How the problems of a configuration are reported. */

/** The configuration cannot be used; the message lists every problem, one a line. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';

  /**
   * @param origin the file, or whatever it came from
   * @param problems each with its place before it
   */
  static of(origin: string, problems: readonly string[]): ConfigError {
    const count = `${problems.length} ${problems.length === 1 ? 'problem' : 'problems'}`;
    return new ConfigError(`${origin} has ${count}:\n${problems.map((problem) => `  ${problem}`).join('\n')}`);
  }
}

/** Where something stands in a document: entries of lists by the name or label that they have, else by their number. */
export function placeOf(path: readonly PropertyKey[], document?: unknown): string {
  let text = '';
  let at: unknown = document;
  for (const key of path) {
    const inner: unknown = typeof at === 'object' && at !== null ? Reflect.get(at, key) : undefined;
    if (typeof key === 'number') text += `[${nameOf(inner, at) ?? key}]`;
    else text += text === '' ? String(key) : `.${String(key)}`;
    at = inner;
  }
  return text === '' ? 'the file' : text;
}

/** What an entry is called, where no other of the list is called the same. */
function nameOf(entry: unknown, list: unknown): string | undefined {
  const name = ownName(entry);
  const others: readonly unknown[] = Array.isArray(list) ? list : [];
  return others.filter((other) => ownName(other) === name).length === 1 ? name : undefined;
}

function ownName(entry: unknown): string | undefined {
  if (typeof entry !== 'object' || entry === null) return undefined;
  const [, name] = Object.entries(entry).find(([key]) => key === 'name' || key === 'label') ?? [];
  return typeof name === 'string' && /^[\w.-]{1,63}$/.test(name) ? name : undefined;
}
