import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { type MetricDefinition, metricList } from '../../src/observability/metric-list.ts';

const page = readFileSync(join(import.meta.dirname, '../../docs/metrics.md'), 'utf8');
const definitions: readonly MetricDefinition[] = Object.values(metricList);

test('docs/metrics.md reports exactly the metrics that there are, each with its type and its labels', () => {
  const rows = [...page.matchAll(/^\| `([a-z_]+)` \| (counter|gauge|histogram) \|([^|]*)\| (.+) \|$/gm)];
  const documented = rows.map(([, name, type, labels = '']) => [
    name,
    type,
    [...labels.matchAll(/`([a-z]+)`/g)].map((match) => match[1]),
  ]);
  assert.deepEqual(
    documented,
    definitions.map(({ name, type, labels }) => [name, type, labels]),
  );
});

test('docs/metrics.md names no metric in passing that there is not', () => {
  const names = new Set(definitions.map(({ name }) => name));
  for (const [name] of page.matchAll(/\brose_csi_[a-z_]+/g)) assert.ok(names.has(name), name);
});
