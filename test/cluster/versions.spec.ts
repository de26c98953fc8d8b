import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { moduleText } from './kubernetes-module.ts';
import { PROGRAMS } from './programs.ts';
import { imageOf, KUBERNETES } from './versions.ts';

/** The newest that the module proxy has, where it has not the one of the image. */
const NEWEST_ON_PROXY: Readonly<Record<string, string>> = { resizer: 'v2.2.0' };

function moduleFile(name: string): string {
  return readFileSync(join(import.meta.dirname, 'go', name, 'go.mod'), 'utf8');
}

for (const key of ['provisioner', 'attacher', 'resizer', 'snapshotter']) {
  test(`the ${key} of the test is that of the chart, as far as the module proxy has it`, () => {
    const text = moduleFile(key === 'attacher' ? 'attacher' : 'sidecars');
    const required = new RegExp(`github\\.com/kubernetes-csi/external-${key}/v\\d+ (v\\S+)$`, 'm').exec(text)?.[1];
    const pinned = imageOf(key).split(':')[1] ?? '';
    assert.equal(required, NEWEST_ON_PROXY[key] ?? pinned);
    const minor = (version = '') => version.split('.').slice(0, 2);
    assert.deepEqual(minor(required), minor(pinned), 'another patch will do, another minor version will not');
  });
}

test('every program has its module', () => {
  for (const { name, module } of PROGRAMS) assert.match(moduleFile(module), /^module rose-csi\/test\/cluster\//, name);
});

test('the module of the pinned Kubernetes has one version throughout', () => {
  const text = moduleFile('kubernetes');
  assert.ok(text.includes(`\nrequire k8s.io/kubernetes v${KUBERNETES}\n`), text);
  const parts = [...text.matchAll(/^\t(k8s\.io\/\S+) => k8s\.io\/\S+ (v\S+)$/gm)];
  assert.ok(parts.length > 25, `${parts.length} parts`);
  for (const [, name, version] of parts) assert.equal(version, KUBERNETES.replace(/^1\./, 'v0.'), name);
});

test('the module of another Kubernetes replaces each of its parts by the version that goes with it', () => {
  const upstream =
    'module k8s.io/kubernetes\n\ngo 1.24.0\n\nreplace (\n\tk8s.io/b => ./staging/src/k8s.io/b\n\tk8s.io/a => ./staging/src/k8s.io/a\n)\n';
  const text = moduleText('1.33.6', upstream);
  assert.match(text, /^go 1\.24\.0$/m);
  assert.match(text, /^require k8s\.io\/kubernetes v1\.33\.6$/m);
  assert.match(text, /\tk8s\.io\/a => k8s\.io\/a v0\.33\.6\n\tk8s\.io\/b => k8s\.io\/b v0\.33\.6\n/);
  assert.throws(() => moduleText('1.33.6', 'module k8s.io/kubernetes\n'), /of another form/);
});
