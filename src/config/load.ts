import { readFile } from 'node:fs/promises';
import { parse } from 'yaml';
import * as z from 'zod';
import { unknownKeys } from '../schema/unknown-keys.ts';
import { type Config, configSchema } from './schema.ts';

/** What flags and environment may override; undefined leaves the file's value. */
export interface Overrides {
  readonly clusterId?: string | undefined;
  readonly driverName?: string | undefined;
  readonly logLevel?: string | undefined;
}

/** The configuration cannot be used; the message lists every problem, one a line. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

/**
 * Reads a YAML or JSON file (YAML includes JSON), applies what flags and environment override, and checks everything
 * against one schema. The result is frozen.
 *
 * @throws ConfigError with all problems at once.
 */
export async function loadConfig(file: string, overrides: Overrides = {}): Promise<Config> {
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    throw new ConfigError(`${file} cannot be read: ${messageOf(error)}`, { cause: error });
  });
  return parseConfig(parseText(file, text), file, overrides);
}

/** As {@link loadConfig}, for a document that is parsed already; `origin` names it in messages. */
export function parseConfig(document: unknown, origin: string, overrides: Overrides = {}): Config {
  const given = Object.fromEntries(Object.entries(overrides).filter(([, value]) => value !== undefined));
  const isObject = typeof document === 'object' && document !== null && !Array.isArray(document);
  if (document === null) throw new ConfigError(`${origin} is empty`);
  const result = configSchema.safeParse(isObject ? { ...document, ...given } : document, { error: inPlainWords });
  if (!result.success) {
    const problems = result.error.issues.map((issue) => `  ${place(issue.path)}: ${issue.message}`);
    throw new ConfigError(`${origin} has ${problems.length} problem(s):\n${problems.join('\n')}`);
  }
  return deepFreeze(result.data);
}

type Issue = Parameters<z.core.$ZodErrorMap>[0];

/** What zod says of a problem, unless its own words would not tell a person what to do. */
function inPlainWords(issue: Issue): string | undefined {
  if (issue.code === 'invalid_type' && issue.input === undefined) return 'required';
  if (issue.code !== 'unrecognized_keys') return undefined;
  const known = issue.inst instanceof z.ZodObject ? Object.keys(issue.inst.shape) : [];
  if (!issue.keys.includes('config')) return unknownKeys(issue.keys, known);
  return "these look like the values of the chart: the controller's own file is what stands under `config` there, with clusterId and driverName (docs/configuration.md)";
}

function parseText(file: string, text: string): unknown {
  try {
    return parse(text);
  } catch (error) {
    throw new ConfigError(`${file} is neither YAML nor JSON: ${messageOf(error)}`, { cause: error });
  }
}

function place(path: readonly PropertyKey[]): string {
  return path.length === 0 ? 'the file' : path.map(String).join('.');
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null) {
    Object.values(value).forEach(deepFreeze);
    Object.freeze(value);
  }
  return value;
}
