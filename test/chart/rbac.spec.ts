import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parse } from 'yaml';
import * as z from 'zod';
import { parseConfig } from '../../src/config/load.ts';
import { containerOf, controllerFile, type KubeObject, ofKind, only, pod, rendering, SETS } from './manifests.ts';
import { lines, needed } from './rights.ts';

const role = z.strictObject({
  apiVersion: z.literal('rbac.authorization.k8s.io/v1'),
  kind: z.enum(['ClusterRole', 'Role']),
  metadata: z.looseObject({ name: z.string() }),
  rules: z.array(
    z.strictObject({
      apiGroups: z.array(z.string()),
      resources: z.array(z.string()),
      verbs: z.array(z.string()),
    }),
  ),
});

const binding = z.looseObject({
  roleRef: z.looseObject({ kind: z.string(), name: z.string() }),
  subjects: z.array(z.looseObject({ kind: z.string(), name: z.string() })),
});

/** What the roles grant, in the words of {@link needed}. */
function granted(objects: readonly KubeObject[]): string[] {
  return [...ofKind(objects, 'ClusterRole'), ...ofKind(objects, 'Role')].flatMap((object) => {
    const { kind, rules } = role.parse(object);
    const scope = kind === 'Role' ? 'namespace' : 'cluster';
    return rules.flatMap(({ apiGroups, resources, verbs }) =>
      apiGroups.flatMap((group) => resources.flatMap((resource) => lines({ scope, group, resource, verbs }))),
    );
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
    };
    const lawful = granted(objects);
    assert.deepEqual(lawful.toSorted(), [...needed(circumstances)].sort());
    assert.ok(!lawful.some((right) => right.includes('secrets') || right.includes('*')));
  });

  test(`${set}: the rights are the controller's alone, and the nodes have no token`, () => {
    const bindings = [only(objects, 'ClusterRoleBinding'), only(objects, 'RoleBinding')].map((it) => binding.parse(it));
    assert.deepEqual(
      bindings.map(({ roleRef }) => `${roleRef.kind} ${roleRef.name}`),
      [`ClusterRole ${only(objects, 'ClusterRole').metadata.name}`, `Role ${only(objects, 'Role').metadata.name}`],
    );
    const subjects = bindings.flatMap((it) => it.subjects.map(({ kind, name }) => `${kind} ${name}`));
    assert.deepEqual(new Set(subjects), new Set([`ServiceAccount ${controller.serviceAccountName}`]));
    const node = pod(objects, 'DaemonSet');
    assert.notEqual(node.serviceAccountName, controller.serviceAccountName);
    assert.equal(node.automountServiceAccountToken, false);
    const accounts = ofKind(objects, 'ServiceAccount');
    const nodeAccount = accounts.find(({ metadata }) => metadata.name === node.serviceAccountName);
    assert.equal(nodeAccount?.['automountServiceAccountToken'], false);
  });
}
