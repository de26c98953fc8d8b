import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parse } from 'yaml';
import * as z from 'zod';
import { parseConfig } from '../../src/config/load.ts';
import { controllerFile, type KubeObject, ofKind, rendering, SETS } from './manifests.ts';

const labels = z.record(z.string(), z.string());
const daemonSet = z.looseObject({
  metadata: z.looseObject({ name: z.string() }),
  spec: z.looseObject({
    selector: z.looseObject({ matchLabels: labels }),
    template: z.looseObject({
      metadata: z.looseObject({ labels }),
      spec: z.looseObject({
        nodeSelector: labels,
        hostNetwork: z.literal(true),
        containers: z.array(
          z.looseObject({
            name: z.string(),
            args: z.array(z.string()),
            ports: z.array(z.looseObject({ containerPort: z.number() })).default([]),
          }),
        ),
      }),
    }),
  }),
});

/** Where the nodes of each group are, and which networks they reach. */
function groupsOf(objects: readonly KubeObject[]) {
  return ofKind(objects, 'DaemonSet').map((object) => {
    const { metadata, spec } = daemonSet.parse(object);
    const { nodeSelector, containers } = spec.template.spec;
    const flags = containers.flatMap(({ args }) => args.filter((arg) => arg.startsWith('--networks=')));
    return { name: metadata.name, nodeSelector, networks: flags.join().replace('--networks=', '').split(',') };
  });
}

test('a DaemonSet for each group of nodes, of which one keeps the name that it had without groups', () => {
  const os = { 'kubernetes.io/os': 'linux' };
  assert.deepEqual(groupsOf(rendering('minimum')), [
    { name: 'rose-csi-node', nodeSelector: os, networks: ['default'] },
  ]);
  assert.deepEqual(groupsOf(rendering('node-groups')), [
    { name: 'rose-csi-node', nodeSelector: { ...os, 'example.net/rack': '1' }, networks: ['rack1'] },
    { name: 'rose-csi-node-rack2', nodeSelector: { ...os, 'example.net/rack': '2' }, networks: ['rack2'] },
    {
      name: 'rose-csi-node-both',
      nodeSelector: { ...os, 'example.net/rack': 'between' },
      networks: ['rack1', 'rack2'],
    },
  ]);
});

test('while one DaemonSet took the place of another, two registrars were on a node, and the one that ended took the driver from the kubelet', () => {
  for (const set of SETS) {
    for (const object of ofKind(rendering(set), 'DaemonSet')) {
      const { containers } = daemonSet.parse(object).spec.template.spec;
      const probed = containers.flatMap(({ args }) => args.filter((arg) => arg.startsWith('--http-endpoint=')));
      const ports = containers.flatMap((container) => container.ports.map(({ containerPort }) => containerPort));
      // In the network of the host the scheduler gives a port away once.
      assert.ok(ports.includes(Number(probed.join().split(':').at(-1))), `${set}: ${probed} is not among ${ports}`);
    }
  }
});

test('what selects the pods of the one DaemonSet may not change, and a named group has pods of its own', () => {
  const selectors = ofKind(rendering('node-groups'), 'DaemonSet').map((object) => {
    const { selector, template } = daemonSet.parse(object).spec;
    return [selector.matchLabels['rose-csi.io/node-group'], template.metadata.labels['rose-csi.io/node-group']];
  });
  assert.deepEqual(selectors, [
    [undefined, undefined],
    ['rack2', 'rack2'],
    ['both', 'both'],
  ]);
});

for (const set of SETS) {
  test(`${set}: some nodes reach each RDS, and none are in two groups`, () => {
    const groups = groupsOf(rendering(set));
    const config = parseConfig(parse(controllerFile(rendering(set))), set);
    const reached = groups.flatMap(({ networks }) => networks);
    for (const { name, network } of config.backends) assert.ok(reached.includes(network), name);
    for (const [index, { nodeSelector }] of groups.entries()) {
      for (const other of groups.slice(0, index)) {
        const apart = Object.entries(nodeSelector).some(([key, value]) => (other.nodeSelector[key] ?? value) !== value);
        assert.ok(apart, other.name);
      }
    }
  });
}
