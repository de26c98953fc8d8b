import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Container, containerOf, pod, rendering, SETS } from './manifests.ts';

/** Whether a Secret is named anywhere in a part of an object, under whatever key. */
function namesSecret(part: unknown): boolean {
  return /secret/i.test(JSON.stringify(part));
}

function environment({ env, envFrom }: Container): unknown {
  return [env, envFrom];
}

for (const set of SETS) {
  const objects = rendering(set);
  const node = pod(objects, 'DaemonSet');
  const controller = pod(objects, 'Deployment');

  test(`${set}: no volume and no environment of the node pod holds a key`, () => {
    for (const volume of node.volumes) {
      const kinds = Object.keys(volume).filter((key) => key !== 'name');
      const usual = volume.name === 'token' ? ['projected'] : ['hostPath', 'emptyDir'];
      assert.ok(usual.includes(kinds.join()), `${volume.name}: ${kinds}`);
      assert.ok(!namesSecret(volume), volume.name);
    }
    for (const container of [...node.initContainers, ...node.containers]) {
      assert.equal(namesSecret(environment(container)), false, container.name);
      assert.ok(!container.args.some((arg) => arg.includes('ssh')), container.name);
    }
  });

  test(`${set}: the token of the node pod is for Events, short-lived, and in the driver's container alone`, () => {
    const holders = [...node.initContainers, ...node.containers].filter(({ volumeMounts }) =>
      volumeMounts.some(({ name }) => name === 'token'),
    );
    const token = node.volumes.find(({ name }) => name === 'token');
    assert.equal(holders.map(({ name }) => name).join(), token === undefined ? '' : 'rose-csi');
    if (token === undefined) return;
    const items = [{ key: 'ca.crt', path: 'ca.crt' }];
    assert.deepEqual(token['projected'], {
      defaultMode: 0o400,
      sources: [
        { serviceAccountToken: { expirationSeconds: 3607, path: 'token' } },
        { configMap: { name: 'kube-root-ca.crt', items } },
      ],
    });
    const mount = containerOf(node, 'rose-csi').volumeMounts.find(({ name }) => name === 'token');
    const mountPath = '/var/run/secrets/kubernetes.io/serviceaccount';
    assert.deepEqual(mount, { name: 'token', mountPath, readOnly: true });
  });

  for (const [spec, container] of [
    [controller, 'rose-csi'],
    [pod(objects, 'Pod'), 'doctor'],
  ] as const) {
    test(`${set}: the keys are in one volume, mounted whole, read-only, and only into ${container}`, () => {
      const holders = spec.volumes.filter(namesSecret).map(({ name }) => name);
      assert.deepEqual(holders, ['ssh']);
      const mounts = spec.containers.flatMap(({ name: within, volumeMounts }) =>
        volumeMounts.filter(({ name }) => name === 'ssh').map((mount) => ({ in: within, ...mount })),
      );
      // A subPath would be a copy from the start of the container: a changed Secret would never arrive.
      assert.deepEqual(mounts, [{ in: container, name: 'ssh', mountPath: '/etc/rose-csi/ssh', readOnly: true }]);
      for (const one of spec.containers) assert.equal(namesSecret(environment(one)), false);
    });
  }

  test(`${set}: a key is readable for the controller's group and for no one else`, () => {
    const ssh = JSON.stringify(controller.volumes.find(({ name }) => name === 'ssh'));
    assert.match(ssh, /"defaultMode":288\b/, '0440');
    assert.equal(controller.securityContext['fsGroup'], 65532);
    assert.equal(containerOf(controller, 'rose-csi').securityContext.runAsUser, undefined, 'the user of the pod');
  });
}
