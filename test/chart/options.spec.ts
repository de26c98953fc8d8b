/** What administrators expect to be able to say of any chart, and where it arrives. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parse } from 'yaml';
import * as z from 'zod';
import { GOLDEN } from '../../scripts/chart/files.ts';
import { CHART } from '../../scripts/chart/helm.ts';
import type { JsonSchema } from '../../scripts/chart/json-schema.ts';
import { valuesSchema } from '../../scripts/chart/values-schema.ts';
import {
  type Container,
  consoleIn,
  containerOf,
  type KubeObject,
  only,
  type PodSpec,
  pod,
  rendering,
} from './manifests.ts';

type Values = Readonly<Record<string, unknown>>;
const values = z.record(z.string(), z.unknown());
const read = (file: string): Values => values.parse(parse(readFileSync(file, 'utf8')));
const at = (from: Values, key: string): Values => values.parse(from[key]);

const given = read(join(GOLDEN, 'everything.values.yaml'));
const defaults = read(join(CHART, 'values.yaml'));
const objects = rendering('everything');
const WORKLOADS = [
  { kind: 'Deployment', component: 'controller', strategy: 'strategy' },
  { kind: 'DaemonSet', component: 'node', strategy: 'updateStrategy' },
] as const;
const SIDECARS = {
  'csi-provisioner': 'provisioner',
  'csi-attacher': 'attacher',
  'csi-resizer': 'resizer',
  'csi-snapshotter': 'snapshotter',
  'node-driver-registrar': 'registrar',
  livenessprobe: 'livenessprobe',
} as const;

const labelled = z.looseObject({ metadata: z.looseObject({ labels: z.record(z.string(), z.string()) }) });
const workload = z.looseObject({ spec: z.looseObject({ template: labelled }) });
const annotated = z.looseObject({ metadata: z.looseObject({ annotations: values.optional() }) });

/** Every container that the chart starts, with the pod that it is in. */
function containers(all: readonly KubeObject[]): readonly Container[] {
  const pods: PodSpec[] = [pod(all, 'Deployment'), pod(all, 'DaemonSet'), pod(all, 'Pod')];
  return pods.flatMap((spec) => [...spec.initContainers, ...spec.containers]);
}

/** `a.b` of every value that the schema knows, but for those within lists. */
function known({ properties }: JsonSchema, path = ''): readonly string[] {
  if (properties === undefined) return [path];
  return Object.entries(properties).flatMap(([key, inner]) => known(inner, path === '' ? key : `${path}.${key}`));
}

function isSaid(path: string): boolean {
  let part: unknown = given;
  for (const key of path.split('.')) part = values.safeParse(part).data?.[key];
  return part !== undefined;
}

test('the set "everything" says something of every value, but for those that exclude others', () => {
  const missing = known(valuesSchema()).filter((path) => !isSaid(path));
  const excluded = ['node.groups', 'node.simulatorSocket'];
  // Of an image there is a tag or a digest.
  assert.deepEqual(
    missing.filter((path) => !path.startsWith('images.')),
    excluded,
  );
});

for (const { kind, component, strategy } of WORKLOADS) {
  const own = at(given, component);
  const spec = pod(objects, kind);
  const driver = containerOf(spec, 'rose-csi');
  const outer = only(objects, kind)['spec'] as Values;

  test(`${component}: what is said of its pods is in its pods`, () => {
    for (const key of ['hostAliases', 'dnsConfig', 'terminationGracePeriodSeconds', 'affinity', 'tolerations']) {
      assert.deepEqual(spec[key], own[key], key);
    }
    assert.deepEqual(spec['topologySpreadConstraints'], own['topologySpreadConstraints']);
    assert.deepEqual(
      [outer['revisionHistoryLimit'], outer[strategy]],
      [own['revisionHistoryLimit'], own['updateStrategy']],
    );
  });

  test(`${component}: what the driver's container gets more of comes behind its own`, () => {
    for (const [key, list] of [
      ['extraEnv', driver.env],
      ['extraVolumeMounts', driver.volumeMounts],
      ['extraVolumes', spec.volumes],
    ] as const) {
      const more = z.array(z.unknown()).parse(own[key]);
      assert.ok(more.length > 0 && list.length > more.length, key);
      assert.deepEqual(list.slice(-more.length), more, key);
    }
  });

  test(`${component}: its ServiceAccount has the name and the annotations that are given`, () => {
    const { name, annotations } = at(own, 'serviceAccount');
    assert.equal(spec.serviceAccountName, name);
    const account = objects.find((one) => one.kind === 'ServiceAccount' && one.metadata.name === name);
    assert.deepEqual(annotated.parse(account).metadata.annotations, annotations);
    assert.equal(pod(rendering('minimum'), kind).serviceAccountName, `rose-csi-${component}`);
  });

  test(`${component}: an existing ServiceAccount is used and not made`, () => {
    const least = rendering('least');
    assert.deepEqual(
      least.filter((one) => one.kind === 'ServiceAccount'),
      [],
    );
    const expected = at(at(read(join(GOLDEN, 'least.values.yaml')), component), 'serviceAccount');
    assert.equal(pod(least, kind).serviceAccountName, expected['name']);
  });

  test(`${component}: sidecars get their arguments behind the chart's own, and their resources`, () => {
    for (const container of spec.containers.filter(({ name }) => name !== 'rose-csi')) {
      const key = z.enum(SIDECARS).parse(SIDECARS[container.name as keyof typeof SIDECARS]);
      const { extraArgs, resources } = at(at(given, 'sidecars'), key);
      assert.deepEqual(container.args.slice(-1), extraArgs, container.name);
      assert.deepEqual(container['resources'], resources, container.name);
    }
    for (const container of pod(rendering('minimum'), kind).containers.filter(({ name }) => name !== 'rose-csi')) {
      assert.deepEqual(container['resources'], at(defaults, 'sidecars')['resources'], container.name);
    }
  });
}

test('a registry for all takes the place of those of the images, and nothing else of them', () => {
  const everywhere = containers(objects).map(({ image }) => image);
  assert.ok(everywhere.length >= 10);
  for (const image of everywhere) assert.match(image, /^mirror\.example\.net:5000\/pulled\/[a-z-]+:\S+$/);
  assert.ok(
    everywhere.some((image) => /:0\.1\.0@sha256:[0-9a-f]{64}$/.test(image)),
    'a digest stays',
  );
  const plain = containers(rendering('minimum')).map(({ image }) => image);
  assert.ok(plain.some((image) => image.startsWith('registry.k8s.io/sig-storage/')));
});

test('every pod has the pull secrets of all charts and of this one, each once', () => {
  for (const spec of [pod(objects, 'Deployment'), pod(objects, 'DaemonSet'), pod(objects, 'Pod')]) {
    assert.deepEqual(spec['imagePullSecrets'], [{ name: 'mirror' }, { name: 'registry' }, { name: 'second' }]);
  }
});

test('every object and every pod has the common labels, unless it says something else itself', () => {
  const common = z.record(z.string(), z.string()).parse(given['commonLabels']);
  const own: Readonly<Record<string, object>> = {
    StorageClass: { tier: 'one' },
    VolumeSnapshotClass: { tier: 'one' },
    Pod: { team: 'storage' },
  };
  for (const object of [...objects, ...consoleIn('everything')]) {
    const { labels } = labelled.parse(object).metadata;
    const expected = { ...common, ...own[object.kind] };
    assert.deepEqual({ ...labels, ...expected }, labels, `${object.kind} ${object.metadata.name}`);
  }
  for (const { kind } of WORKLOADS) {
    const { labels } = workload.parse(only(objects, kind)).spec.template.metadata;
    assert.deepEqual({ ...labels, ...common, team: 'storage', stage: 'first' }, labels, kind);
  }
});
