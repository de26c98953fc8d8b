import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as z from 'zod';
import { type Container, containerOf, type KubeObject, ofKind, only, pod, rendering, SETS } from './manifests.ts';

const podLabels = z.looseObject({ metadata: z.looseObject({ labels: z.record(z.string(), z.string()) }) });
const podTemplate = z.looseObject({ spec: z.looseObject({ template: podLabels }) });
const selector = z.strictObject({
  matchLabels: z.record(z.string(), z.string()),
  matchExpressions: z
    .array(z.strictObject({ key: z.string(), operator: z.literal('In'), values: z.array(z.string()) }))
    .default([]),
});
type Selector = z.infer<typeof selector>;
const selecting = z.looseObject({ spec: z.looseObject({ selector }) });
const policing = z.looseObject({ spec: z.looseObject({ podSelector: selector }) });

function assertLocked({ name, securityContext }: Container): void {
  assert.equal(securityContext.readOnlyRootFilesystem, true, name);
  assert.equal(securityContext.allowPrivilegeEscalation, false, name);
  assert.deepEqual(securityContext.capabilities, { drop: ['ALL'] }, name);
  assert.equal(securityContext.privileged, undefined, name);
}

for (const set of SETS) {
  const objects = rendering(set);
  const controller = pod(objects, 'Deployment');
  const node = pod(objects, 'DaemonSet');

  test(`${set}: nothing in the pods that have keys is root, writes to its image, or has a capability`, () => {
    for (const spec of [controller, pod(objects, 'Pod')]) {
      assert.equal(spec.securityContext.runAsNonRoot, true);
      assert.equal(spec.securityContext.runAsUser, 65532);
      assert.equal(spec.securityContext.seccompProfile.type, 'RuntimeDefault');
      assert.equal(spec.hostNetwork, undefined);
      assert.deepEqual(spec.initContainers, []);
      for (const container of spec.containers) {
        assertLocked(container);
        assert.equal(container.securityContext.runAsUser, undefined, container.name);
      }
      const hostPaths = spec.volumes.filter((volume) => 'hostPath' in volume);
      assert.deepEqual(hostPaths, []);
    }
  });

  test(`${set}: on the node the driver is privileged, and what loads its module; the sidecars are not`, () => {
    for (const { name, securityContext } of [containerOf(node, 'rose-csi'), ...node.initContainers]) {
      const { privileged, readOnlyRootFilesystem } = securityContext;
      assert.deepEqual([privileged, readOnlyRootFilesystem], [true, true], name);
    }
    for (const container of node.containers.filter(({ name }) => name !== 'rose-csi')) assertLocked(container);
    assert.deepEqual(
      node.initContainers.map(({ command }) => command),
      ['microk8s', 'simulated'].includes(set) ? [] : [['modprobe', 'nvme-tcp']],
    );
    assert.equal(node.hostNetwork, true);
  });

  test(`${set}: probes ask livenessprobe, which asks Probe; a slow start is not a failed one`, () => {
    for (const spec of [controller, node]) {
      const { startupProbe, livenessProbe } = containerOf(spec, 'rose-csi');
      assert.match(JSON.stringify(livenessProbe), /"path":"\/healthz"/);
      assert.match(JSON.stringify(startupProbe), /"periodSeconds":5,.*"failureThreshold":720/);
      assert.ok(containerOf(spec, 'livenessprobe').args.some((arg) => arg.startsWith('--http-endpoint=')));
    }
    const nodeProbe = containerOf(node, 'livenessprobe').args.find((arg) => arg.startsWith('--http-endpoint='));
    assert.match(nodeProbe ?? '', /=127\.0\.0\.1:\d+$/, 'the node is in the network of the host');
  });

  test(`${set}: with one replica the old pod ends before the new begins, with two one always stays`, () => {
    const { replicas, strategy } = only(objects, 'Deployment')['spec'] as { replicas: number; strategy: unknown };
    const budgets = ofKind(objects, 'PodDisruptionBudget');
    if (replicas === 1) {
      assert.deepEqual(strategy, { type: 'Recreate' });
      assert.deepEqual(budgets, []);
    } else {
      // The set "everything" has a strategy of its own (test/chart/options.spec.ts).
      const rollingUpdate =
        set === 'everything' ? { maxSurge: 1, maxUnavailable: 0 } : { maxSurge: 0, maxUnavailable: 1 };
      assert.deepEqual(strategy, { type: 'RollingUpdate', rollingUpdate });
      assert.equal(budgets.length, 1);
      assert.ok(controller['affinity'], 'on two nodes, if there are two');
    }
  });

  test(`${set}: every selector finds its pods`, () => {
    const labelsOf = (object: KubeObject) => podTemplate.parse(object).spec.template.metadata.labels;
    const isSelected = (from: Selector, labels: Readonly<Record<string, string>>) => {
      const ofOne = Object.entries(from.matchLabels).map(([key, value]) => labels[key] === value);
      const ofSeveral = from.matchExpressions.map(({ key, values }) => values.includes(labels[key] ?? ''));
      assert.ok(ofOne.length + ofSeveral.length >= 3);
      return [...ofOne, ...ofSeveral].every((fits) => fits);
    };
    const deployment = only(objects, 'Deployment');
    for (const object of [deployment, ...ofKind(objects, 'DaemonSet')]) {
      assert.ok(isSelected(selecting.parse(object).spec.selector, labelsOf(object)), object.kind);
    }
    for (const object of ofKind(objects, 'PodDisruptionBudget')) {
      assert.ok(isSelected(selecting.parse(object).spec.selector, labelsOf(deployment)));
    }
    // What has the keys reaches nothing but the backends: the controller, and the pod of `helm test`.
    const tested = podLabels.parse(only(objects, 'Pod')).metadata.labels;
    for (const object of ofKind(objects, 'NetworkPolicy')) {
      const { podSelector } = policing.parse(object).spec;
      const found = [labelsOf(deployment), tested, ...ofKind(objects, 'DaemonSet').map(labelsOf)];
      const [first, second, ...others] = found.map((labels) => isSelected(podSelector, labels));
      assert.deepEqual([first, second, others.includes(true)], [true, true, false]);
    }
  });
}

test('what SELinux needs is there: its filesystem for mount, and the type of the driver for those who talk to it', () => {
  const objects = rendering('minimum');
  const spec = pod(objects, 'DaemonSet');
  const sys = spec.volumes.find(({ name }) => name === 'sys');
  assert.deepEqual(sys?.['hostPath'], { path: '/sys', type: 'Directory' });
  const mount = containerOf(spec, 'rose-csi').volumeMounts.find(({ name }) => name === 'sys');
  assert.deepEqual(mount, { name: 'sys', mountPath: '/sys' });
  for (const { name, securityContext } of spec.containers.filter((one) => one.name !== 'rose-csi')) {
    assert.deepEqual(securityContext['seLinuxOptions'], { type: 'spc_t' }, name);
  }
  for (const { securityContext } of pod(objects, 'Deployment').containers) {
    assert.equal(securityContext['seLinuxOptions'], undefined);
  }
});

test('the CSIDriver says what the driver does', () => {
  assert.deepEqual(only(rendering('minimum'), 'CSIDriver')['spec'], {
    attachRequired: true,
    podInfoOnMount: false,
    fsGroupPolicy: 'File',
    seLinuxMount: true,
    storageCapacity: true,
    volumeLifecycleModes: ['Persistent'],
  });
});

test('the socket, the registration and the mounts are all under the path of the kubelet', () => {
  for (const [set, path] of [
    ['minimum', '/var/lib/kubelet'],
    ['microk8s', '/var/snap/microk8s/common/var/lib/kubelet'],
    ['everything', '/var/lib/k0s/kubelet'],
  ] as const) {
    const objects = rendering(set);
    const node = pod(objects, 'DaemonSet');
    const hostPaths = new Map(
      node.volumes.map((volume) => [volume.name, (volume['hostPath'] as { path: string } | undefined)?.path]),
    );
    const plugin = `${path}/plugins/${only(objects, 'CSIDriver').metadata.name}`;
    assert.equal(hostPaths.get('socket'), plugin);
    assert.equal(hostPaths.get('registration'), `${path}/plugins_registry`);
    assert.equal(hostPaths.get('kubelet'), path);
    const mount = containerOf(node, 'rose-csi').volumeMounts.find(({ name }) => name === 'kubelet');
    assert.deepEqual(mount, { name: 'kubelet', mountPath: path, mountPropagation: 'Bidirectional' });
    assert.ok(
      containerOf(node, 'node-driver-registrar').args.includes(`--kubelet-registration-path=${plugin}/csi.sock`),
    );
  }
});
