import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import * as z from 'zod';
import { CLUSTER_ID_CHARACTER } from '../../src/config/cluster-id.ts';
import { configSchema } from '../../src/config/schema.ts';
import { chartValues, globalValues } from './chart-values.ts';
import { CHART } from './helm.ts';
import { array, type JsonSchema, object, string } from './json-schema.ts';

const CONFIGURATION = join(import.meta.dirname, '../../docs/configuration.md');

/** Values that two parts of the chart need, so they stand beside `config` and not in it. */
const SHARED = ['clusterId', 'driverName', 'events', 'metrics'] as const;

/**
 * The schema of the chart's values. Its part for the controller's configuration is the driver's own schema, with the
 * meanings from docs/configuration.md, so that neither can say something else.
 */
export function valuesSchema(): JsonSchema {
  const { properties: all = {} } = configurationSchema();
  const config = Object.fromEntries(Object.entries(all).filter(([key]) => !SHARED.some((shared) => shared === key)));
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'Values of the chart rose-csi',
    ...withRequired(
      object({
        // Empty until someone sets it, which a template asks for in better words.
        clusterId: { ...string(described(all, 'clusterId')), maxLength: 128, pattern: `^${CLUSTER_ID_CHARACTER}*$` },
        driverName: pick(all, 'driverName'),
        config: {
          ...object(withSecrets(config)),
          description:
            "The rest of the controller's configuration file, but for the files of keys, which come from Secrets.",
        },
        ...chartValues,
        global: globalValues,
      }),
      parse(readFileSync(join(CHART, 'values.yaml'), 'utf8')),
    ),
  };
}

/**
 * Requires what values.yaml gives a value that matters. It is always there, but where `--reuse-values` puts the values of an older
 * chart in the place of these: templates would take what is missing for off, and leave out a NetworkPolicy or tolerations silently.
 */
function withRequired(schema: JsonSchema, values: unknown): JsonSchema {
  const { properties } = schema;
  if (properties === undefined || typeof values !== 'object' || values === null) return schema;
  const given = new Map(Object.entries(values));
  const required = Object.keys(properties).filter((key) => matters(given.get(key), properties[key]));
  const inner = Object.entries(properties).map(([key, one]) => [key, withRequired(one, given.get(key))]);
  return { ...schema, properties: Object.fromEntries(inner), ...(required.length > 0 && { required }) };
}

/** Whether something else is meant by a value than by none. What is Kubernetes' own may be taken out, such as a limit. */
function matters(value: unknown, schema: JsonSchema | undefined): boolean {
  if (Array.isArray(value)) return value.length > 0;
  return typeof value === 'object' ? schema?.properties !== undefined : Boolean(value);
}

/** The driver's schema, each key with its meaning. */
function configurationSchema(): JsonSchema {
  const options = { io: 'input', unrepresentable: 'any', target: 'draft-7' } as const;
  const schema = z.toJSONSchema(configSchema, options) as JsonSchema;
  return describe(schema, '', meanings());
}

/** The meaning of each key, from the table in docs/configuration.md, as plain text. */
function meanings(): ReadonlyMap<string, string> {
  const rows = readFileSync(CONFIGURATION, 'utf8').matchAll(/^\| `([^`]+)` \| [^|]* \| (.*) \|$/gm);
  return new Map([...rows].map(([, key = '', meaning = '']) => [key, plain(meaning)]));
}

function plain(markdown: string): string {
  return markdown.replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1').trim();
}

function describe(schema: JsonSchema, path: string, texts: ReadonlyMap<string, string>): JsonSchema {
  const { properties, items, ...rest } = schema;
  const text = texts.get(path);
  return {
    ...rest,
    ...(text ? { description: text } : {}),
    ...(items ? { items: describe(items, `${path}[]`, texts) } : {}),
    ...(properties
      ? {
          properties: Object.fromEntries(
            Object.entries(properties).map(([key, inner]) => [
              key,
              describe(inner, path === '' ? key : `${path}.${key}`, texts),
            ]),
          ),
        }
      : {}),
  };
}

/** In the chart the files of an RDS come from a Secret, so they are not values. */
function withSecrets(config: Readonly<Record<string, JsonSchema>>): Record<string, JsonSchema> {
  const backends = pick(config, 'backends');
  const rds = backends.items ?? {};
  const { privateKeyFile: _key, hostKeysFile: _hostKeys, ...ssh } = pick(rds.properties ?? {}, 'ssh').properties ?? {};
  const secretName = string(
    'Existing Secret in the namespace of the release, with the private key under `ssh-privatekey` and, unless ' +
      '`hostKeys` has them, the pinned host keys under `ssh-hostkeys`. Only the controller sees it, `helm test`, and a console without an ' +
      'account of its own; a changed Secret ' +
      'needs no restart.',
  );
  const sshSchema = { ...object({ ...ssh, secretName }), required: ['host', 'user', 'secretName'] };
  const items = { ...rds, properties: { ...rds.properties, ssh: sshSchema } };
  const { minItems: _minItems, ...list } = backends;
  return { ...config, backends: { ...list, ...array(items, backends.description ?? '') } };
}

function pick(properties: Readonly<Record<string, JsonSchema>>, key: string): JsonSchema {
  const schema = properties[key];
  if (schema === undefined) throw new Error(`the configuration has no ${key}`);
  return schema;
}

function described(properties: Readonly<Record<string, JsonSchema>>, key: string): string {
  return pick(properties, key).description ?? '';
}
