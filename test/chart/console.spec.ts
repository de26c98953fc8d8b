/** The console in a cluster: a page that can only read, and that no one reaches who was not let in. */
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { parse } from 'yaml';
import * as z from 'zod';
import { loadConfig, parseConfig } from '../../src/config/load.ts';
import { program } from '../../src/program.ts';
import { Reading } from '../../src/web-console/command/reading.ts';
import type { Objects } from '../../src/why/cluster.fixture.ts';
import { healthy, unbound } from '../../src/why/objects.fixture.ts';
import { startStack } from '../support/stack.ts';
import { ReadOnlyApi } from '../why/api.ts';
import {
  consoleIn,
  containerOf,
  controllerFile,
  dataOf,
  type KubeObject,
  only,
  pod,
  rendering,
  SETS,
} from './manifests.ts';

const ON = ['console', 'everything'] as const;
const role = z.looseObject({
  rules: z.array(
    z.strictObject({ apiGroups: z.array(z.string()), resources: z.array(z.string()), verbs: z.array(z.string()) }),
  ),
});

/** What a role grants, such as `list nodes`. */
function granted(object: KubeObject): string[] {
  const { rules } = role.parse(object);
  return rules.flatMap(({ resources, verbs }) =>
    resources.flatMap((plural) => verbs.map((verb) => `${verb} ${plural}`)),
  );
}

test('it is off unless someone turns it on', () => {
  for (const set of SETS) assert.equal(consoleIn(set).length > 0, (ON as readonly string[]).includes(set), set);
});

for (const set of ON) {
  const objects = consoleIn(set);

  test(`${set}: it may get and list what it looks at, and no Secret, with an account of its own`, () => {
    const rights = granted(only(objects, 'ClusterRole'));
    for (const right of rights) assert.match(right, /^(get|list) (?!secrets)/);
    assert.deepEqual(
      objects.filter(({ kind }) => ['Role', 'RoleBinding'].includes(kind)),
      [],
    );
    const { serviceAccountName } = pod(objects, 'Deployment');
    const others = (['Deployment', 'DaemonSet'] as const).map((kind) => pod(rendering(set), kind).serviceAccountName);
    assert.ok(!others.includes(serviceAccountName));
    const binding = only(objects, 'ClusterRoleBinding');
    assert.deepEqual(binding['subjects'], [
      { kind: 'ServiceAccount', name: serviceAccountName, namespace: 'rose-csi' },
    ]);
    assert.equal(only(objects, 'ServiceAccount').metadata.name, serviceAccountName);
  });

  test(`${set}: its pod is no root, writes nothing, and answers probes without the RDS`, () => {
    const spec = pod(objects, 'Deployment');
    assert.deepEqual([spec.securityContext.runAsNonRoot, spec.hostNetwork], [true, undefined]);
    const [container, ...others] = spec.containers;
    assert.equal(others.length, 0);
    const { securityContext } = container ?? assert.fail('no container');
    assert.deepEqual(
      [securityContext.readOnlyRootFilesystem, securityContext.allowPrivilegeEscalation, securityContext.capabilities],
      [true, false, { drop: ['ALL'] }],
    );
    for (const probe of [container?.livenessProbe, container?.readinessProbe]) {
      assert.deepEqual(probe?.['httpGet'], { path: '/healthz', port: 'http' });
    }
  });

  test(`${set}: the Service is for the cluster, and the NetworkPolicy lets in who is named, and out to the backends`, () => {
    const service = z.looseObject({ spec: z.looseObject({ type: z.string() }) }).parse(only(objects, 'Service'));
    assert.equal(service.spec.type, 'ClusterIP');
    const policy = z
      .looseObject({ spec: z.looseObject({ ingress: z.array(z.unknown()), egress: z.array(z.unknown()) }) })
      .parse(only(objects, 'NetworkPolicy'));
    const from = [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'ingress' } } }];
    const ingress = set === 'console' ? [] : [{ ports: [{ port: 'http', protocol: 'TCP' }], from }];
    assert.deepEqual(policy.spec.ingress, ingress);
    assert.equal(policy.spec.egress.length, 3);
  });

  test(`${set}: it is started with flags that the command has`, () => {
    const [command, ...args] = containerOf(pod(objects, 'Deployment'), 'console').args;
    const known = program().commands.find((one) => one.name() === command);
    for (const arg of args)
      assert.ok(
        known?.options.some(({ long }) => long === arg.split('=')[0]),
        arg,
      );
  });
}

test('by default it has the configuration and the key of the controller, and no name but localhost', () => {
  const objects = consoleIn('console');
  const own = dataOf(only(objects, 'ConfigMap'), 'controller.yaml');
  assert.deepEqual(parse(own), parse(controllerFile(rendering('console'))));
  const spec = pod(objects, 'Deployment');
  assert.ok(!containerOf(spec, 'console').args.some((arg) => /host|base-path/.test(arg)));
  assert.match(JSON.stringify(spec.volumes), /"name":"rose-csi-rds1"/);
});

test('with an account of its own it has neither the user nor the key of the controller', () => {
  const objects = consoleIn('everything');
  const config = parseConfig(parse(dataOf(only(objects, 'ConfigMap'), 'controller.yaml')), 'the console');
  const controller = parseConfig(parse(controllerFile(rendering('everything'))), 'the controller');
  assert.deepEqual([config.backends[0]?.ssh.user, controller.backends[0]?.ssh.user], ['csi-console', 'csi']);
  assert.deepEqual(config.backends[0]?.pools, controller.backends[0]?.pools);
  const volumes = JSON.stringify(pod(objects, 'Deployment').volumes);
  assert.match(volumes, /"name":"rose-csi-console-rds1"/);
  assert.doesNotMatch(volumes, /"name":"rose-csi-rds1"/);
  const { args } = containerOf(pod(objects, 'Deployment'), 'console');
  assert.deepEqual(args.slice(-2), ['--allow-host=storage.example.net', '--base-path=/rose']);
});

test('what the console asks of an API server, seen on the wire, is what the chart grants: no less, and no more', async (t) => {
  const stack = await startStack(t);
  const seen = new Set<string>();
  const walk = async (objects: Objects, subjects: readonly string[]) => {
    const api = await ReadOnlyApi.start(t, objects);
    api.trouble = (plural, verb) => {
      seen.add(`${verb} ${plural}`);
      return undefined;
    };
    const kubeconfig = join(stack.directory, `kubeconfig-${seen.size}`);
    await writeFile(kubeconfig, api.kubeconfig());
    const config = await loadConfig(stack.configFile);
    const reading = new Reading({ config, flags: { config: stack.configFile, kubeconfig } });
    t.after(() => reading.close());
    const { cluster } = JSON.parse(new TextDecoder().decode(await reading.read()));
    assert.deepEqual(cluster, { is: 'asked', unseen: [] });
    for (const subject of subjects) await reading.why(subject, 'apps');
  };
  await walk(healthy(), ['pvc/data', 'vs/monday', 'pvc/absent', 'vs/absent']);
  const waiting = { volumeBindingMode: 'WaitForFirstConsumer' };
  const late = unbound();
  late.put('storageclasses', { metadata: { name: 'rds' }, provisioner: 'rds.rose-csi.io', ...waiting });
  await walk(late, ['pvc/data']);
  assert.deepEqual([...seen].toSorted(), granted(only(consoleIn('console'), 'ClusterRole')).toSorted());
});
