/** What the pages show as YAML is what the driver, the chart and Kubernetes take. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parse, parseAllDocuments } from 'yaml';
import * as z from 'zod';
import { parseConfig } from '../../src/config/load.ts';
import { snapshotParameters, volumeParameters } from '../../src/csi/parameters.ts';
import { blocks, ROOT } from './pages.ts';

interface Shown {
  readonly page: string;
  readonly value: Readonly<Record<string, unknown>>;
}

const shown: Shown[] = blocks('yaml').flatMap(({ page, text }) =>
  parseAllDocuments(text).map((document) => {
    assert.deepEqual(document.errors, [], `${page}:\n${text}`);
    return { page, value: z.record(z.string(), z.unknown()).parse(document.toJS()) };
  }),
);
const objects = shown.filter(({ value }) => 'kind' in value);
const controllerFiles = shown.filter(({ value }) => 'backends' in value);
const chartValues = shown.filter((one) => !objects.includes(one) && !controllerFiles.includes(one));

const parameters = z.record(z.string(), z.string()).default({});
const object = z.looseObject({
  apiVersion: z.string().regex(/^([a-z0-9.]+\/)?v\d+((alpha|beta)\d+)?$/),
  kind: z.string(),
  metadata: z.looseObject({ name: z.string() }),
  parameters,
});
const values = z.looseObject({
  clusterId: z.string().optional(),
  config: z.looseObject({ backends: z.array(z.looseObject({ ssh: z.looseObject({}) })).optional() }).optional(),
  storageClasses: z.array(z.looseObject({ backend: z.string().optional(), pool: z.string().optional() })).default([]),
});

test('there are pages with objects, with a configuration and with values of the chart', () => {
  assert.ok(objects.length >= 4, `${objects.length} objects`);
  assert.ok(controllerFiles.length >= 1, `${controllerFiles.length} configurations`);
  assert.ok(chartValues.length >= 5, `${chartValues.length} sets of values`);
});

test('the driver takes every configuration that is shown', () => {
  for (const { page, value } of controllerFiles) parseConfig(value, page);
});

test('objects of Kubernetes are whole, and classes have no parameter that the driver refuses', () => {
  for (const { page, value } of objects) {
    const { kind, parameters: given } = object.parse(value, { error: () => `${page}: not an object of Kubernetes` });
    if (kind === 'StorageClass') volumeParameters(given);
    if (kind === 'VolumeSnapshotClass') snapshotParameters(given);
  }
});

test('the chart knows every value that is shown', () => {
  const text = readFileSync(join(ROOT, 'charts/rose-csi/values.schema.json'), 'utf8');
  const schema = z.fromJSONSchema(JSON.parse(text) as Parameters<typeof z.fromJSONSchema>[0]);
  const defaults: unknown = parse(readFileSync(join(ROOT, 'charts/rose-csi/values.yaml'), 'utf8'));
  for (const { page, value } of chartValues) {
    const { success, error } = schema.safeParse(merged(defaults, value));
    assert.ok(success, `${page}: ${error?.message}`);
  }
  assert.equal(schema.safeParse(merged(defaults, {})).success, true);
  assert.equal(schema.safeParse(merged(defaults, { nonsense: 1 })).success, false);
});

/** Values over the defaults of the chart, as Helm has them checked. */
function merged(defaults: unknown, given: unknown): unknown {
  if (!isMap(defaults) || !isMap(given)) return given;
  const inner = Object.entries(given).map(([key, value]) => [key, merged(defaults[key], value)]);
  return { ...defaults, ...Object.fromEntries(inner) };
}

function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

test('backends, pools and classes in values of the chart are such as the driver takes, and agree', () => {
  let count = 0;
  for (const { page, value } of chartValues) {
    const { clusterId, config, storageClasses } = values.parse(value);
    if (config?.backends === undefined) continue;
    count += 1;
    // The chart mounts the Secret and says where.
    const backends = config.backends.map(({ ssh: { secretName, ...ssh }, ...rest }) => {
      assert.equal(typeof secretName, 'string', page);
      return { ...rest, ssh: { ...ssh, privateKeyFile: '/key', hostKeysFile: '/hostkeys' } };
    });
    const parsed = parseConfig({ ...config, clusterId, backends }, page);
    for (const { backend, pool } of storageClasses) {
      const rds = parsed.backends.find(({ name }) => name === (backend ?? parsed.backends[0]?.name));
      assert.ok(rds && (backend !== undefined || parsed.backends.length === 1), page);
      assert.ok(pool ? rds.pools.some(({ label }) => label === pool) : rds.pools.length === 1, page);
    }
  }
  assert.ok(count >= 4, `${count} sets of values with backends`);
});
