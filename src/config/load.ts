import type * as z from 'zod';
import { issueWords } from '../schema/issue-words.ts';
import { readDocument } from './document.ts';
import { ConfigError, placeOf } from './problems.ts';
import { type Config, configSchema } from './schema.ts';
import { stringProblems } from './strings.ts';

export { ConfigError };

/** What flags and environment may override; undefined leaves the file's value. They are checked where they are read. */
export interface Overrides {
  readonly clusterId?: string | undefined;
  readonly driverName?: string | undefined;
  readonly logLevel?: string | undefined;
}

/**
 * Reads a YAML or JSON file (YAML includes JSON), applies what flags and environment override, and checks everything
 * against one schema. The result is frozen.
 *
 * @throws ConfigError with all problems at once.
 */
export async function loadConfig(file: string, overrides: Overrides = {}): Promise<Config> {
  return parseConfig(await readDocument(file), file, overrides);
}

/** As {@link loadConfig}, for a document that is parsed already; `origin` names it in messages. */
export function parseConfig(document: unknown, origin: string, overrides: Overrides = {}): Config {
  const given = Object.fromEntries(Object.entries(overrides).filter(([, value]) => value !== undefined));
  const isObject = typeof document === 'object' && document !== null && !Array.isArray(document);
  if (document === null) throw new ConfigError(`${origin} is empty`);
  const whole = isObject ? { ...document, ...given } : document;
  const result = configSchema.safeParse(whole, { error: inPlainWords });
  const texts = stringProblems(whole);
  // Of a text that is still to be replaced, nothing else needs to be said.
  const places = new Set(texts.map(({ path }) => placeOf(path)));
  const issues = (result.error?.issues ?? []).filter(({ path }) => !places.has(placeOf(path)));
  const problems = [...issues, ...texts].map(({ path, message }) => `${placeOf(path, whole)}: ${message}`);
  if (!result.success || problems.length > 0) throw ConfigError.of(origin, problems);
  return deepFreeze(result.data);
}

type Issue = Parameters<z.core.$ZodErrorMap>[0];

function inPlainWords(issue: Issue): string | undefined {
  if (issue.code === 'unrecognized_keys' && issue.keys.includes('config')) {
    return "these look like the values of the chart: the controller's own file is what stands under `config` there, with clusterId and driverName (docs/configuration.md)";
  }
  return issueWords(issue);
}

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null) {
    Object.values(value).forEach(deepFreeze);
    Object.freeze(value);
  }
  return value;
}
