import type { JsonSchema } from './json-schema.ts';

interface Line {
  readonly key: string;
  readonly fallback: string;
  readonly meaning: string;
}

/**
 * The table of the chart's README: each value with its default and its meaning. Lists of objects have a line for the list
 * and one for each key in it, whose defaults are the schema's.
 *
 * @throws Error when the schema has no meaning for a value, or the defaults have a value that is not in the schema.
 */
export function valuesTable(schema: JsonSchema, defaults: unknown): string {
  const lines = properties(schema, '', defaults).map(
    ({ key, fallback, meaning }) => `| \`${key}\` | ${fallback} | ${meaning.replaceAll('|', '\\|')} |`,
  );
  return ['| value | default | meaning |', '|---|---|---|', ...lines].join('\n');
}

function properties(schema: JsonSchema, path: string, defaults: unknown): Line[] {
  const known = schema.properties ?? {};
  const given = isObject(defaults) ? defaults : {};
  const strange = Object.keys(given).filter((key) => !Object.hasOwn(known, key));
  if (strange.length > 0) throw new Error(`values.yaml has what the schema does not: ${strange.join(', ')}`);
  return Object.entries(known).flatMap(([key, inner]) =>
    value(inner, path === '' ? key : `${path}.${key}`, given[key]),
  );
}

function value(schema: JsonSchema, path: string, fallback: unknown): Line[] {
  if (schema.properties) return properties(schema, path, fallback);
  const { description: meaning } = schema;
  if (!meaning) throw new Error(`${path} has no meaning in docs/configuration.md or scripts/chart/chart-values.ts`);
  const line = { key: path, fallback: shown(fallback ?? schema.default), meaning };
  return schema.items?.properties ? [line, ...properties(schema.items, `${path}[]`, undefined)] : [line];
}

function shown(fallback: unknown): string {
  return fallback === undefined ? '' : `\`${JSON.stringify(fallback)}\``;
}

function isObject(candidate: unknown): candidate is Readonly<Record<string, unknown>> {
  return typeof candidate === 'object' && candidate !== null && !Array.isArray(candidate);
}
