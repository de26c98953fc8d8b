import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parse } from 'yaml';
import * as z from 'zod';
import { objectName } from '../../src/app/controller/background-tasks.ts';
import { parseConfig } from '../../src/config/load.ts';
import {
  containerOf,
  controllerFile,
  type KubeObject,
  ofKind,
  type PodSpec,
  pod,
  rendering,
  SETS,
} from './manifests.ts';
import { lines, NODE_RIGHTS, needed, ORPHANS } from './rights.ts';

const role = z.strictObject({
  apiVersion: z.literal('rbac.authorization.k8s.io/v1'),
  kind: z.enum(['ClusterRole', 'Role']),
  metadata: z.looseObject({ name: z.string(), namespace: z.string().optional() }),
  rules: z.array(
    z.strictObject({
      apiGroups: z.array(z.string()),
      resources: z.array(z.string()),
      resourceNames: z.tuple([z.string()]).optional(),
      verbs: z.array(z.string()),
    }),
  ),
});

const binding = z.looseObject({
  kind: z.string(),
  metadata: z.looseObject({ name: z.string(), namespace: z.string().optional() }),
  roleRef: z.looseObject({ kind: z.string(), name: z.string() }),
  subjects: z.array(z.looseObject({ kind: z.string(), name: z.string(), namespace: z.string() })),
});

/** What roles grant, in the words of {@link needed}. */
function granted(roles: readonly KubeObject[]): string[] {
  return roles.flatMap((object) => {
    const { kind, rules } = role.parse(object);
    const scope = kind === 'Role' ? 'namespace' : 'cluster';
    return rules.flatMap(({ apiGroups, resources, resourceNames = [], verbs }) => {
      const names = resourceNames.map((name) => ({ name: name.replace(/^.*-orphans$/, ORPHANS) }));
      return apiGroups.flatMap((group) =>
        resources.flatMap((resource) => lines({ scope, group, resource, verbs, ...names[0] })),
      );
    });
  });
}

/** The roles that the service account of a pod is bound to. */
function grantsOf(objects: readonly KubeObject[], { serviceAccountName }: PodSpec): KubeObject[] {
  return [...ofKind(objects, 'ClusterRoleBinding'), ...ofKind(objects, 'RoleBinding')].flatMap((object) => {
    const { kind, metadata, roleRef, subjects } = binding.parse(object);
    const [subject, ...more] = subjects;
    assert.deepEqual([subject?.kind, subject?.namespace, more], ['ServiceAccount', 'rose-csi', []]);
    assert.equal(`${roleRef.kind}Binding`, kind, 'rights of the cluster for the cluster, those of a namespace for it');
    if (subject?.name !== serviceAccountName) return [];
    const isMeant = ({ metadata: of }: KubeObject) => of.name === roleRef.name && of.namespace === metadata.namespace;
    return ofKind(objects, roleRef.kind).filter(isMeant);
  });
}

function configuration(objects: readonly KubeObject[]) {
  return parseConfig(parse(controllerFile(objects)), 'the ConfigMap');
}

for (const set of SETS) {
  const objects = rendering(set);
  const controller = pod(objects, 'Deployment');

  test(`${set}: the controller may do exactly what its sidecars and the driver need`, () => {
    const provisioner = containerOf(controller, 'csi-provisioner');
    const circumstances = {
      snapshotter: controller.containers.some(({ name }) => name === 'csi-snapshotter'),
      storageCapacity: provisioner.args.includes('--enable-capacity'),
      orphans: configuration(objects).orphans.enabled,
      events: configuration(objects).events.enabled,
    };
    const lawful = [...new Set(granted(grantsOf(objects, controller)))];
    assert.deepEqual(lawful.toSorted(), [...needed(circumstances)].sort());
    assert.ok(!lawful.some((right) => right.includes('secrets') || right.includes('*')));
  });

  test(`${set}: the orphan report may change its own two objects, where it keeps them`, () => {
    const { driverName, orphans } = configuration(objects);
    const roles = ofKind(objects, 'Role').filter(({ metadata }) => metadata.name.endsWith('-orphans'));
    const found = roles.map((object) => {
      const { metadata, rules } = role.parse(object);
      return [metadata.namespace, [...new Set(rules.flatMap(({ resourceNames = [] }) => resourceNames))]];
    });
    const place = orphans.namespace ?? 'rose-csi';
    assert.deepEqual(found, orphans.enabled ? [[place, [objectName(driverName)]]] : []);
  });

  const node = pod(objects, 'DaemonSet');

  test(`${set}: the node plugin may write Events about Nodes, if at all, and nothing else`, () => {
    const { enabled } = configuration(objects).events;
    assert.deepEqual(granted(grantsOf(objects, node)), enabled ? NODE_RIGHTS.flatMap(lines) : []);
    const places = grantsOf(objects, node).map(({ kind, metadata }) => [kind, metadata.namespace]);
    assert.deepEqual(places, enabled ? [['Role', 'default']] : []);
    assert.equal(
      node.volumes.some(({ name }) => name === 'token'),
      enabled,
    );
  });

  test(`${set}: each right is granted to one part, and no pod has a token that it does not ask for`, () => {
    const used = [controller.serviceAccountName, node.serviceAccountName];
    assert.equal(new Set(used).size, 2);
    const accounts = ofKind(objects, 'ServiceAccount').map(({ metadata }) => metadata.name);
    // The set "least" names accounts that the chart does not make.
    assert.deepEqual(accounts.toSorted(), set === 'least' ? [] : used.toSorted());
    const roles = [...ofKind(objects, 'ClusterRole'), ...ofKind(objects, 'Role')];
    const bound = [...grantsOf(objects, controller), ...grantsOf(objects, node)];
    assert.deepEqual(new Set(bound), new Set(roles));
    assert.equal(bound.length, roles.length);
    for (const spec of [node, pod(objects, 'Pod')]) assert.equal(spec.automountServiceAccountToken, false);
    const account = ofKind(objects, 'ServiceAccount').find(({ metadata }) => metadata.name === node.serviceAccountName);
    if (account) assert.equal(account['automountServiceAccountToken'], false);
  });
}
