import assert from 'node:assert/strict';
import { test } from 'node:test';
import { controllerCommand } from '../../src/app/controller/command.ts';
import { nodeCommand } from '../../src/app/node/command.ts';
import { type Container, containerOf, type PodSpec, pod, rendering, SETS } from './manifests.ts';

const SIDECARS = ['csi-provisioner', 'csi-attacher', 'csi-resizer', 'csi-snapshotter'];

/** Flags with their values; undefined for one without. */
function flags({ args }: Container): ReadonlyMap<string, string | undefined> {
  return new Map(
    args
      .filter((arg) => arg.startsWith('--'))
      .map((arg): [string, string | undefined] => {
        const [flag = '', ...rest] = arg.split('=');
        return [flag, rest.length > 0 ? rest.join('=') : undefined];
      }),
  );
}

function sidecars({ containers }: PodSpec): readonly Container[] {
  return containers.filter(({ name }) => SIDECARS.includes(name));
}

for (const set of SETS) {
  const controller = pod(rendering(set), 'Deployment');

  test(`${set}: each sidecar elects a leader and waits long enough for commands over SSH`, () => {
    for (const sidecar of sidecars(controller)) {
      const given = flags(sidecar);
      assert.ok(given.has('--leader-election'), sidecar.name);
      assert.equal(given.get('--leader-election-namespace'), 'rose-csi');
      const [, count = '', unit] = /^(\d+)([sm])$/.exec(given.get('--timeout') ?? '') ?? [];
      // The driver itself gives a command 20 s; a sidecar that waits less would give up on commands that succeed.
      assert.ok(Number(count) * (unit === 'm' ? 60 : 1) >= 60, sidecar.name);
      assert.ok(!given.has('--feature-gates'), 'no gate is needed, and group snapshots must stay off');
      assert.ok(!given.has('--node-deployment'));
    }
  });

  test(`${set}: a volume of an Immediate class would have been asked for on the networks of a random node`, () => {
    const given = flags(containerOf(controller, 'csi-provisioner'));
    assert.equal(given.get('--immediate-topology'), 'false');
    assert.ok(!given.has('--strict-topology'), 'the networks of the chosen node are asked for either way');
  });

  test(`${set}: the API client of a sidecar held its workers back`, () => {
    for (const sidecar of sidecars(controller)) {
      const given = flags(sidecar);
      const workers = Number(given.get('--worker-threads') ?? given.get('--workers'));
      assert.ok(workers >= 1, sidecar.name);
      assert.equal(given.get('--kube-api-qps'), `${workers * 5}`, sidecar.name);
      assert.equal(given.get('--kube-api-burst'), `${workers * 10}`, sidecar.name);
    }
  });

  test(`${set}: objects on the RDS bear the uuids of those in Kubernetes, and their makers are known`, () => {
    const provisioner = flags(containerOf(controller, 'csi-provisioner'));
    assert.equal(provisioner.get('--volume-name-prefix'), 'pvc');
    assert.ok(!provisioner.has('--volume-name-uuid-length'));
    assert.ok(provisioner.has('--extra-create-metadata'));
    const snapshotter = controller.containers.find(({ name }) => name === 'csi-snapshotter');
    if (snapshotter) {
      assert.equal(flags(snapshotter).get('--snapshot-name-prefix'), 'snap');
      assert.ok(!flags(snapshotter).has('--snapshot-name-uuid-length'));
      assert.ok(flags(snapshotter).has('--extra-create-metadata'));
    }
  });

  test(`${set}: capacity objects have an owner, so that they go with the chart`, () => {
    const provisioner = containerOf(controller, 'csi-provisioner');
    const given = flags(provisioner);
    if (!given.has('--enable-capacity')) return;
    assert.equal(given.get('--capacity-ownerref-level'), '2');
    assert.deepEqual(provisioner.env, [
      { name: 'NAMESPACE', valueFrom: { fieldRef: { fieldPath: 'metadata.namespace' } } },
      { name: 'POD_NAME', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
    ]);
  });

  for (const { kind, role, command } of [
    { kind: 'Deployment', role: 'controller', command: controllerCommand() },
    { kind: 'DaemonSet', role: 'node', command: nodeCommand() },
  ] as const) {
    test(`${set}: the ${role} knows every flag that it is given`, () => {
      const known = command.options.map(({ long }) => long ?? '');
      const driver = containerOf(pod(rendering(set), kind), 'rose-csi');
      assert.equal(driver.args[0], role);
      for (const flag of flags(driver).keys()) assert.ok(known.includes(flag), flag);
      for (const { mandatory, long } of command.options) {
        assert.ok(!mandatory || flags(driver).has(long ?? ''), `${long} is missing`);
      }
    });
  }
}

test('the node plugin is told who it is and where, and nothing about the backends', () => {
  const plain = containerOf(pod(rendering('minimum'), 'DaemonSet'), 'rose-csi');
  assert.deepEqual(plain.args, [
    'node',
    '--endpoint=unix:///csi/csi.sock',
    '--node-name=$(NODE_NAME)',
    '--cluster-id=2f1c0b1e-7d5e-4f0c-9f39-6f6a1f0c9a11',
    '--driver-name=rds.rose-csi.io',
    '--host-tools=direct',
    '--networks=default',
    '--state-dir=/csi/state',
    '--unstage-patience=600',
    '--log-level=info',
  ]);
  assert.deepEqual(plain.env, [{ name: 'NODE_NAME', valueFrom: { fieldRef: { fieldPath: 'spec.nodeName' } } }]);
  const other = pod(rendering('everything'), 'DaemonSet');
  assert.equal(flags(containerOf(other, 'rose-csi')).get('--host-tools'), 'chroot=/host');
  assert.equal(flags(containerOf(other, 'rose-csi')).get('--max-volumes'), '64');
  assert.equal(flags(containerOf(other, 'rose-csi')).get('--trim-interval'), '168');
  const entering = pod(rendering('microk8s'), 'DaemonSet');
  assert.equal(flags(containerOf(entering, 'rose-csi')).get('--host-tools'), 'nsenter');
  assert.equal(entering.hostPID, true, 'nsenter looks for the host by process 1');
});

test('volumes are loop devices of a simulated RDS only where its socket is named', () => {
  for (const set of SETS.filter((one) => one !== 'simulated')) {
    const driver = containerOf(pod(rendering(set), 'DaemonSet'), 'rose-csi');
    assert.ok(!flags(driver).has('--attach') && !flags(driver).has('--simulator-api'), set);
  }
  const node = pod(rendering('simulated'), 'DaemonSet');
  const driver = containerOf(node, 'rose-csi');
  assert.equal(flags(driver).get('--attach'), 'loop');
  assert.equal(flags(driver).get('--simulator-api'), '/simulator/api.sock');
  assert.ok(driver.volumeMounts.some(({ name, mountPath }) => name === 'simulator' && mountPath === '/simulator'));
  const volume = node.volumes.find(({ name }) => name === 'simulator');
  assert.deepEqual(volume?.['hostPath'], { path: '/run/rose-csi-simulator', type: 'Directory' });
});

test('the set "least" has neither capacity nor snapshots, all others have both', () => {
  for (const set of SETS) {
    const controller = pod(rendering(set), 'Deployment');
    const expected = set !== 'least';
    assert.equal(flags(containerOf(controller, 'csi-provisioner')).has('--enable-capacity'), expected);
    assert.equal(sidecars(controller).length, expected ? 4 : 3);
  }
});
