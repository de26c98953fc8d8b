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
      assert.ok(['hostPath', 'emptyDir'].includes(kinds.join()), `${volume.name}: ${kinds}`);
    }
    for (const container of [...node.initContainers, ...node.containers]) {
      assert.equal(namesSecret(environment(container)), false, container.name);
      assert.ok(!container.args.some((arg) => arg.includes('ssh')), container.name);
    }
  });

  test(`${set}: the keys are in one volume, mounted whole, read-only, and only where the driver is`, () => {
    const holders = controller.volumes.filter(namesSecret).map(({ name }) => name);
    assert.deepEqual(holders, ['ssh']);
    const mounts = controller.containers.flatMap((container) =>
      container.volumeMounts.filter(({ name }) => name === 'ssh').map((mount) => ({ in: container.name, ...mount })),
    );
    // A subPath would be a copy from the start of the container: a changed Secret would never arrive.
    assert.deepEqual(mounts, [{ in: 'rose-csi', name: 'ssh', mountPath: '/etc/rose-csi/ssh', readOnly: true }]);
    for (const container of controller.containers) assert.equal(namesSecret(environment(container)), false);
  });

  test(`${set}: a key is readable for the controller's group and for nobody else`, () => {
    const ssh = JSON.stringify(controller.volumes.find(({ name }) => name === 'ssh'));
    assert.match(ssh, /"defaultMode":288\b/, '0440');
    assert.equal(controller.securityContext['fsGroup'], 65532);
    assert.equal(containerOf(controller, 'rose-csi').securityContext.runAsUser, undefined, 'the user of the pod');
  });
}
