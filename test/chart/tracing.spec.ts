import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as z from 'zod';
import { tracingSettings } from '../../src/observability/tracing-settings.ts';
import { containerOf, type KubeObject, only, pod, rendering, SETS } from './manifests.ts';

const rule = z.looseObject({
  ports: z.array(z.looseObject({ port: z.number() })),
  to: z.array(z.looseObject({ ipBlock: z.looseObject({ cidr: z.string() }) })).optional(),
});
const policy = z.looseObject({ spec: z.looseObject({ egress: z.array(rule) }) });

/** Variables of the driver's container, those from the pod itself filled in. */
function variables(objects: readonly KubeObject[], kind: 'Deployment' | 'DaemonSet'): Record<string, string> {
  const { env } = containerOf(pod(objects, kind), 'rose-csi');
  const known: Record<string, string> = {};
  for (const { name, value, valueFrom } of env) {
    assert.ok(!(name in known), `${name} is there twice`);
    const text = valueFrom === undefined ? String(value) : ({ HOST_IP: '192.0.2.7' }[name] ?? `the-${name}`);
    known[name] = text.replaceAll(/\$\((\w+)\)/g, (_, inner: string) => known[inner] ?? assert.fail(inner));
  }
  return known;
}

for (const [set, controller, node, sampler] of [
  [
    'everything',
    'https://traces.example.net/otlp/v1/traces',
    'http://192.0.2.7:4318/v1/traces',
    { name: 'parentbased_traceidratio', ratio: 0.1 },
  ],
  [
    'two-backends',
    'http://203.0.113.7:4318/v1/traces',
    'http://203.0.113.7:4318/v1/traces',
    { name: 'parentbased_always_on', ratio: 1 },
  ],
] as const) {
  test(`${set}: the driver reads from its variables what the values say of tracing`, () => {
    for (const [kind, url] of [
      ['Deployment', controller],
      ['DaemonSet', node],
    ] as const) {
      const env = variables(rendering(set), kind);
      assert.deepEqual(tracingSettings(env), { settings: { url, sampler }, complaints: [] });
      const attributes = env['OTEL_RESOURCE_ATTRIBUTES']?.split(',').map((pair) => pair.split('='));
      assert.deepEqual(attributes, [
        ['k8s.namespace.name', 'rose-csi'],
        ['k8s.pod.name', 'the-POD_NAME'],
        ['k8s.node.name', 'the-POD_NODE_NAME'],
      ]);
    }
  });

  test(`${set}: the controller is let out to the collector`, () => {
    const { port, protocol, hostname } = new URL(controller);
    const wanted = Number(port || { 'http:': 80, 'https:': 443 }[protocol]);
    const { egress } = policy.parse(only(rendering(set), 'NetworkPolicy')).spec;
    const cidr = /^[\d.]+$/.test(hostname) ? `${hostname}/32` : undefined;
    const open = egress.filter(
      ({ ports, to }) => ports.length === 1 && ports[0]?.port === wanted && to?.[0]?.ipBlock.cidr === cidr,
    );
    assert.equal(open.length, 1);
  });
}

test('without an endpoint nothing of OpenTelemetry is in the pods', () => {
  const without = SETS.filter((set) => set !== 'everything' && set !== 'two-backends');
  assert.ok(without.includes('minimum'));
  for (const set of without) {
    for (const kind of ['Deployment', 'DaemonSet'] as const) {
      const names = Object.keys(variables(rendering(set), kind));
      assert.deepEqual(
        names.filter((name) => name.startsWith('OTEL_')),
        [],
      );
    }
  }
});
