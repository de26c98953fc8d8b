import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parse } from 'yaml';
import * as z from 'zod';
import { parseConfig } from '../../src/config/load.ts';
import { snapshotParameters, volumeParameters } from '../../src/csi/parameters.ts';
import { controllerFile, type KubeObject, ofKind, only, pod, rendering, SETS } from './manifests.ts';

const parameters = z.looseObject({ parameters: z.record(z.string(), z.string()).default({}) });
const projected = z.looseObject({
  projected: z.looseObject({
    sources: z.array(z.looseObject({ secret: z.looseObject({ items: z.array(z.looseObject({ path: z.string() })) }) })),
  }),
});

function configuration(objects: readonly KubeObject[]) {
  return parseConfig(parse(controllerFile(objects)), 'the ConfigMap');
}

for (const set of SETS) {
  const objects = rendering(set);
  const config = configuration(objects);

  test(`${set}: every file that the configuration names is mounted`, () => {
    const { sources } = projected.parse(
      pod(objects, 'Deployment').volumes.find(({ name }) => name === 'ssh'),
    ).projected;
    const mounted = sources.flatMap(({ secret }) => secret.items.map(({ path }) => `/etc/rose-csi/ssh/${path}`));
    const named = config.backends.flatMap(({ ssh }) => [ssh.privateKeyFile, ssh.hostKeysFile ?? []].flat());
    assert.deepEqual(mounted, named);
  });

  test(`${set}: driver, classes and CSIDriver bear one name, and node and controller one cluster id`, () => {
    assert.equal(only(objects, 'CSIDriver').metadata.name, config.driverName);
    const provisioners = ofKind(objects, 'StorageClass').map((it) => it['provisioner']);
    const drivers = ofKind(objects, 'VolumeSnapshotClass').map((it) => it['driver']);
    assert.deepEqual([...new Set([...provisioners, ...drivers, config.driverName])], [config.driverName]);
    const args = pod(objects, 'DaemonSet').containers.find(({ name }) => name === 'rose-csi')?.args ?? [];
    assert.ok(args.includes(`--cluster-id=${config.clusterId}`));
    assert.ok(args.includes(`--driver-name=${config.driverName}`));
  });

  test(`${set}: the driver accepts the parameters of every class, and has the pools that they name`, () => {
    for (const storageClass of ofKind(objects, 'StorageClass')) {
      const { backend, pool } = volumeParameters(parameters.parse(storageClass).parameters);
      const rds = config.backends.find(({ name }) => name === (backend ?? config.backends[0]?.name));
      assert.ok(rds && (backend || config.backends.length === 1), storageClass.metadata.name);
      assert.ok(pool ? rds.pools.some(({ label }) => label === pool) : rds.pools.length === 1);
    }
    for (const snapshotClass of ofKind(objects, 'VolumeSnapshotClass')) {
      snapshotParameters(parameters.parse(snapshotClass).parameters);
    }
  });
}

test('every setting of an RDS arrives in the configuration as it was written', () => {
  const values = z
    .looseObject({ config: z.looseObject({ backends: z.array(z.looseObject({ ssh: z.looseObject({}) })) }) })
    .parse(parse(readFileSync(join(import.meta.dirname, 'golden/everything.values.yaml'), 'utf8')));
  const { secretName, ...ssh } = values.config.backends[0]?.ssh ?? {};
  assert.equal(secretName, 'rose-csi-rds1');
  const privateKeyFile = '/etc/rose-csi/ssh/rds1/ssh-privatekey';
  const expected = { ...values.config.backends[0], ssh: { ...ssh, privateKeyFile } };
  const written: unknown = parse(controllerFile(rendering('everything')));
  const { clusterId, driverName } = values;
  // Both are another part's, too: test/chart/metrics.spec.ts, test/chart/rbac.spec.ts
  const shared = { metrics: { port: 19809 }, events: { enabled: false } };
  assert.deepEqual(written, { ...values.config, clusterId, driverName, ...shared, backends: [expected] });
});

test('the schema of the chart accepted what the driver then refused, or the other way round', () => {
  const schema: unknown = JSON.parse(
    readFileSync(join(import.meta.dirname, '../../charts/rose-csi/values.schema.json'), 'utf8'),
  );
  const document = parse(controllerFile(rendering('minimum'))) as {
    readonly backends: readonly { readonly ssh: object; readonly nvme: object }[];
  };
  const [rds] = document.backends;
  const backend = 'config.backends[].';
  const cases: readonly (readonly [path: string, texts: readonly string[], change: (text: string) => object])[] = [
    ['clusterId', ['prod', '2f1c0b1e-7d5e', '<uid>', '{{ id }}', 'a b', 'id\n'], (clusterId) => ({ clusterId })],
    [
      `${backend}ssh.host`,
      ['rds1.lan', '192.0.2.1', '2001:db8::1', '192.0.2.1:22', 'ssh://rds1', 'csi@rds1', '-x', '...', 'a b', ''],
      (host) => ({ backends: [{ ...rds, ssh: { ...rds?.ssh, host } }] }),
    ],
    [
      `${backend}nvme.address`,
      ['192.0.2.1', '2001:db8::1', '192.0.2.1:4420', '[2001:db8::1]', '-x', 'a_b', ' x', ''],
      (address) => ({ backends: [{ ...rds, nvme: { ...rds?.nvme, address } }] }),
    ],
    [
      `${backend}reserve`,
      ['10Gi', '10GiB', '10 GiB', '10G', '7k', '0', '4096', '10GB', '10K', '1.5Gi', '-1', ''],
      (reserve) => ({ backends: [{ ...rds, reserve }] }),
    ],
  ];
  for (const [path, texts, change] of cases) {
    const pattern = new RegExp(patternAt(schema, path));
    for (const text of texts) {
      const accepted = isAccepted({ ...document, ...change(text) });
      assert.equal(pattern.test(text), accepted, `${path}: ${JSON.stringify(text)}`);
    }
  }
});

function isAccepted(document: object): boolean {
  try {
    return parseConfig(document, 'the ConfigMap') !== undefined;
  } catch {
    return false;
  }
}

/** The pattern that the schema has for texts at `a.b[].c`. */
function patternAt(schema: unknown, path: string): string {
  const keys = path
    .split('.')
    .flatMap((key) => ['properties', ...(key.endsWith('[]') ? [key.slice(0, -2), 'items'] : [key])]);
  const found = keys.reduce<unknown>((inner, key) => (inner as Readonly<Record<string, unknown>>)[key], schema);
  const text = z.looseObject({ pattern: z.string() });
  const { anyOf } = z.looseObject({ anyOf: z.array(z.unknown()).default([]) }).parse(found);
  return (
    [found, ...anyOf].flatMap((one) => text.safeParse(one).data?.pattern ?? [])[0] ??
    assert.fail(`${path} has no pattern`)
  );
}

test('the example in the README of the chart is the set "minimum"', () => {
  const readme = readFileSync(join(import.meta.dirname, '../../charts/rose-csi/README.md'), 'utf8');
  const example: unknown = parse(/```yaml\n(.*?)```/s.exec(readme)?.[1] ?? '');
  const minimum: unknown = parse(readFileSync(join(import.meta.dirname, 'golden/minimum.values.yaml'), 'utf8'));
  assert.deepEqual(example, minimum);
});
