import assert from 'node:assert/strict';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { test } from 'node:test';
import { parse } from 'yaml';
import * as z from 'zod';
import manifest from '../../package.json' with { type: 'json' };
import { chartFiles } from '../../scripts/chart/files.ts';
import { SNAPSHOTTER_VERSION } from '../../src/failures/events.ts';
import { pod, rendering } from './manifests.ts';

const ROOT = join(import.meta.dirname, '../..');
const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');
const values = z
  .looseObject({
    images: z.record(z.string(), z.strictObject({ repository: z.string(), tag: z.string(), digest: z.string() })),
  })
  .parse(parse(read('charts/rose-csi/values.yaml')));
const chart = z.looseObject({
  home: z.url(),
  sources: z.array(z.url()),
  icon: z.url(),
  maintainers: z.array(z.strictObject({ name: z.string(), url: z.url() })),
});

test('the schema and the README of the chart are made from the values and the configuration', () => {
  for (const { path, content } of chartFiles()) {
    const name = relative(ROOT, path);
    assert.ok(readFileSync(path, 'utf8') === content, `${name} is not current: run node scripts/chart.ts`);
  }
});

test('the chart, its application and the package have one version', () => {
  const { version, appVersion } = parse(read('charts/rose-csi/Chart.yaml')) as Record<string, string>;
  assert.deepEqual([version, appVersion], [manifest.version, manifest.version]);
});

test('the changelog has a section for the version, with what is not proven of it', () => {
  const sections = read('CHANGELOG.md').split(/^## /m);
  const own = sections.find((section) => section.startsWith(`[${manifest.version}] - `));
  assert.match(own ?? '', /^### Not proven$/m);
});

test('every page of the repository that the chart names is there', () => {
  const text = read('charts/rose-csi/Chart.yaml');
  const paths = [...text.matchAll(/\/rose-csi\/rose-csi\/(?:blob\/)?main\/(\S+)/g)].map(([, path = '']) => path);
  assert.ok(paths.length >= 4);
  for (const path of paths) assert.ok(existsSync(join(ROOT, path)), path);
  const { home, sources, icon, maintainers } = chart.parse(parse(text));
  assert.deepEqual(sources, [home]);
  assert.ok(icon.endsWith('.svg') && maintainers.length > 0);
  // Who owns the repository owns the images: the release workflow pushes where it runs.
  const { repository = '' } = values.images['controller'] ?? {};
  assert.equal(new URL(home).pathname.split('/')[1], repository.split('/')[1]);
});

test('every image of the pods is named in values.yaml, and none of the sidecars twice', () => {
  const objects = rendering('minimum');
  const used = (['Deployment', 'DaemonSet'] as const)
    .map((kind) => pod(objects, kind))
    .flatMap(({ initContainers, containers }) => [...initContainers, ...containers].map(({ image }) => image));
  const listed = Object.values(values.images).map(({ repository, tag }) => `${repository}:${tag || manifest.version}`);
  assert.deepEqual(new Set(used), new Set(listed));
});

test('versions of sidecars stand in values.yaml and what is made from it, and nowhere else', () => {
  const pages = ['README.md', 'SECURITY.md', ...globSync('{docs,deploy/examples}/**/*.{md,yaml}', { cwd: ROOT })];
  for (const { repository, tag } of Object.values(values.images).filter((image) => image.tag !== '')) {
    const name = repository.split('/').at(-1);
    for (const page of pages) {
      assert.ok(!read(page).includes(`${name}:${tag}`), `${page} repeats the version of ${name}`);
    }
  }
});

test('the snapshot kinds, the controller for them and what tests hold them against are of the version of the chart', () => {
  const version = values.images['snapshotter']?.tag;
  for (const page of ['docs/install.md', 'README.md']) {
    const refs = [...read(page).matchAll(/external-snapshotter\/\S*\?ref=([^']+)/g)].map((match) => match[1]);
    assert.deepEqual(refs, [version, version], page);
  }
  assert.equal(SNAPSHOTTER_VERSION, version, 'what the Event about them advises');
  const [, client] = /external-snapshotter\/client\/v8 (\S+)/.exec(read('test/chart/strict-decode/go.mod')) ?? [];
  assert.equal(client, version, 'the types that objects are decoded into');
});

test('the values that differ between clusters have to be given', () => {
  const { clusterId, config } = parse(read('charts/rose-csi/values.yaml')) as Record<string, unknown>;
  assert.equal(clusterId, '');
  assert.deepEqual(config, { logLevel: 'info', backends: [] });
});
