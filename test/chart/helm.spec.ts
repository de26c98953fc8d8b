import assert from 'node:assert/strict';
import { once } from 'node:events';
import { globSync, readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { type TestContext, test } from 'node:test';
import { parse } from 'yaml';
import { GOLDEN, golden, renderings } from '../../scripts/chart/files.ts';
import { installHelm, lint, render, run } from '../../scripts/chart/helm.ts';
import { hasProgram } from '../support/capability.ts';
import { renderedText, SETS } from './manifests.ts';

/** Everything that needs Helm or Go is in this one file, so that they are built once. */
const BUILDING = { timeout: 1_200_000 };
const ROOT = join(import.meta.dirname, '../..');
const MINIMUM = ['--values', join(GOLDEN, 'minimum.values.yaml')];

async function withHelm(t: TestContext, work: (helm: string) => Promise<void>): Promise<void> {
  if (hasProgram(t, 'go', ['version'])) await work(await installHelm());
}

test('the plain manifests and the golden renderings are what the chart gives', BUILDING, (t) =>
  withHelm(t, async (helm) => {
    for (const { path, content } of await renderings(helm)) {
      const name = relative(ROOT, path);
      assert.ok(readFileSync(path, 'utf8') === content, `${name} is not current: run node scripts/chart.ts`);
    }
    for (const set of SETS) {
      assert.ok(renderedText(set) === (await golden(helm, set)), `${set} is not current: run node scripts/chart.ts`);
    }
  }),
);

test('helm lint --strict finds nothing', BUILDING, (t) =>
  withHelm(t, async (helm) => {
    for (const set of SETS) {
      const { code, output, complaints } = await lint(helm, join(GOLDEN, `${set}.values.yaml`));
      assert.equal(code, 0, `${set}: ${output}${complaints}`);
    }
  }),
);

test('what cannot work is refused before anything is installed, with what to do', BUILDING, (t) =>
  withHelm(t, async (helm) => {
    const twoBackends = ['--values', join(GOLDEN, 'two-backends.values.yaml')];
    const nodeGroups = ['--values', join(GOLDEN, 'node-groups.values.yaml')];
    const refusals: readonly (readonly [RegExp, ...string[]])[] = [
      [/clusterId is required: .*kubectl get namespace kube-system/, '--set', 'clusterId='],
      [/config\.backends is required: at least one RDS/, '--set', 'clusterId=c'],
      [/\/clusterId': '<uid>' does not match/, ...MINIMUM, '--set', 'clusterId=<uid>'],
      [/\/ssh\/host': 'rds1:22' does not match/, ...MINIMUM, '--set', 'config.backends[0].ssh.host=rds1:22'],
      [/\/nvme\/address': '-x' does not match/, ...MINIMUM, '--set', 'config.backends[0].nvme.address=-x'],
      [/\/reserve': '10GB' does not match/, ...MINIMUM, '--set', 'config.backends[0].reserve=10GB'],
      [/config\.backends: rds1 is there twice/, ...twoBackends, '--set', 'config.backends[1].name=rds1'],
      [
        /config\.backends: 0c5a1b52-5a59-4f0b-8a3c-0f6f2f9f1d11 is there twice; a pool belongs to one backend/,
        ...twoBackends,
        '--set',
        'config.backends[1].pools[0].uuid=0c5a1b52-5a59-4f0b-8a3c-0f6f2f9f1d11',
      ],
      [
        /storageClasses: rose-pool1 must name its backend.*rds1, rds2/,
        ...twoBackends,
        '--set',
        'storageClasses[0].backend=',
      ],
      [
        /storageClasses: b names the backend rds9, which is none of rds1/,
        ...MINIMUM,
        '--set',
        'storageClasses[0].name=b,storageClasses[0].backend=rds9',
      ],
      [
        /storageClasses: rose-fast must name its pool, since rds2 has several: fast, large/,
        ...twoBackends,
        '--set',
        'storageClasses[1].pool=',
      ],
      [
        /storageClasses: d names the pool tank, and rds1 has pool1/,
        ...MINIMUM,
        '--set',
        'storageClasses[0].name=d,storageClasses[0].pool=tank',
      ],
      [/additional properties 'replicaCount' not allowed/, ...MINIMUM, '--set', 'replicaCount=2'],
      [/additional properties 'privateKey' not allowed/, ...MINIMUM, '--set', 'config.backends[0].ssh.privateKey=x'],
      [/controller\/replicas.*maximum/, ...MINIMUM, '--set', 'controller.replicas=3'],
      [/metrics\.rules needs metrics\.enabled/, ...MINIMUM, '--set', 'metrics.rules.enabled=true'],
      [/additional properties 'metrics' not allowed/, ...MINIMUM, '--set', 'config.metrics.port=9809'],
      [
        /config\.backends: rds1 is on the network rack9, and no node reaches it/,
        ...MINIMUM,
        '--set',
        'config.backends[0].network=rack9',
      ],
      [/networks.*does not match pattern/, ...MINIMUM, '--set', 'node.networks={Rack}'],
      [/node\.groups: two are called "rack2"/, ...nodeGroups, '--set', 'node.groups[2].name=rack2'],
      [
        /node\.groups: a node may be in both "" and "both"; give their nodeSelectors one label with different values/,
        ...nodeGroups,
        '--set-string',
        'node.groups[2].nodeSelector.example\\.net/rack=1',
      ],
      [/kubeletPath.*does not match pattern/, ...MINIMUM, '--set', 'node.kubeletPath=var/lib'],
      [/additional properties 'extraArg' not allowed/, ...MINIMUM, '--set', 'sidecars.attacher.extraArg={--v=5}'],
      [/additional properties 'automount' not allowed/, ...MINIMUM, '--set', 'node.serviceAccount.automount=true'],
      [/additional properties 'topologySpreadConstraints'/, ...MINIMUM, '--set', 'node.topologySpreadConstraints={}'],
      [/extraEnv.*missing property 'name'/s, ...MINIMUM, '--set', 'controller.extraEnv[0].value=x'],
      [
        /controller\.serviceAccount: name must say which one there is, since create is false/,
        ...MINIMUM,
        '--set',
        'controller.serviceAccount.create=false',
      ],
      [
        /node\.serviceAccount: it must be another one than that of the controller/,
        ...MINIMUM,
        '--set',
        'controller.serviceAccount.name=one,node.serviceAccount.name=one',
      ],
      [
        /console\.serviceAccount: it must be another one than that of the controller/,
        ...MINIMUM,
        '--set',
        'console.enabled=true,console.serviceAccount.name=rose-csi-controller',
      ],
      [
        /console\.accounts: there is no backend rds9, only rds1/,
        ...MINIMUM,
        '--set',
        'console.accounts[0].backend=rds9,console.accounts[0].user=u,console.accounts[0].secretName=s',
      ],
      [/basePath.*does not match pattern/, ...MINIMUM, '--set', 'console.basePath=rose'],
      ...['commonLabels', 'controller.podLabels', 'node.podLabels', 'console.podLabels'].map(
        (value): [RegExp, ...string[]] => [
          new RegExp(`${value.replace('.', '\\.')}: app\\.kubernetes\\.io/component is the chart's own`),
          ...MINIMUM,
          '--set',
          `${value}.app\\.kubernetes\\.io/component=x`,
        ],
      ),
    ];
    for (const [message, ...flags] of refusals) {
      await assert.rejects(render(helm, ...flags), (error: Error) => {
        assert.match(error.message, message);
        return true;
      });
    }
  }),
);

test('with the values of an older chart what it had not known was left out silently', BUILDING, (t) =>
  withHelm(t, async (helm) => {
    const missing = [
      'networkPolicy.enabled',
      'networkPolicy.dnsPorts',
      'storageClasses',
      'node.tolerations',
      'node.hostTools',
      'driverName',
      'console',
      'sidecars.workers',
      'storageCapacity.enabled',
      'images.resizer.tag',
    ];
    for (const path of missing) {
      const property = new RegExp(`missing property '${path.split('.').at(-1)}'`);
      await assert.rejects(render(helm, ...MINIMUM, '--set', `${path}=null`), { message: property }, path);
    }
    const own = ['controller.resources.limits', 'node.nodeSelector', 'metrics.enabled', 'global.imageRegistry'];
    for (const path of own) await render(helm, ...MINIMUM, '--set', `${path}=null`);
  }),
);

test('an upgrade that took the volumes of a running installation from their driver was accepted', BUILDING, (t) =>
  withHelm(t, async (helm) => {
    const [clusterId, driver] = ['2f1c0b1e-7d5e-4f0c-9f39-6f6a1f0c9a11', 'rds.rose-csi.io'];
    const backends = [{ name: 'rds1' }, { name: 'unused' }];
    const volume = (csi: object, affinity?: object) => ({
      metadata: { name: 'v' },
      spec: { csi, ...(affinity && { nodeAffinity: affinity }) },
    });
    const matchExpressions = [{ key: 'rds.rose-csi.io/network-default', operator: 'In', values: ['true'] }];
    const nodeAffinity = { required: { nodeSelectorTerms: [{ matchExpressions }] } };
    const cluster = await startCluster(t, {
      '/api/v1/namespaces/rose-csi/configmaps/rose-csi-controller': {
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: { name: 'rose-csi-controller' },
        data: { 'controller.yaml': JSON.stringify({ clusterId, driverName: driver, backends }) },
      },
      '/api/v1/persistentvolumes': {
        apiVersion: 'v1',
        kind: 'PersistentVolumeList',
        metadata: {},
        items: [
          volume({ driver, volumeHandle: 'rds1:pvc-1' }, nodeAffinity),
          volume({ driver: 'other', volumeHandle: 'unused:pvc-2' }),
          { metadata: { name: 'local' }, spec: { local: { path: '/' } } },
        ],
      },
    });
    const upgrade = (...changes: readonly string[]) =>
      render(helm, ...MINIMUM, ...cluster, '--set', ['driverName=rds.rose-csi.io', ...changes].join());
    const wrong: readonly (readonly [RegExp, string])[] = [
      [/clusterId is 2f1c0b1e-\S+ in the cluster and must never change.*config\.adoptedClusterIds/, 'clusterId=c2'],
      [/driverName is rds\.rose-csi\.io in the cluster and must never change/, 'driverName=rds.example.org'],
      [
        /config\.backends: rds1 is in the cluster .* PersistentVolumes name it \(1, such as rds1:pvc-1\)/,
        'config.backends[0].name=store1',
      ],
      [
        /no node reaches the network default any more, and PersistentVolumes are on it \(such as v\)/,
        'config.backends[0].network=rack1,node.networks={rack1}',
      ],
    ];
    for (const [message, change] of wrong) await assert.rejects(upgrade(change), { message });
    await upgrade();
    await upgrade('config.backends[0].network=rack1', 'node.networks={default,rack1}');
    await upgrade('clusterId=c2', `config.adoptedClusterIds={${clusterId}}`);
  }),
);

/** An API server that has these objects, by their paths. @returns the flags that have Helm look there, as `helm upgrade` does */
async function startCluster(t: TestContext, objects: Readonly<Record<string, object>>): Promise<string[]> {
  const kinds = [
    ['configmaps', 'ConfigMap', true],
    ['namespaces', 'Namespace', false],
    ['persistentvolumes', 'PersistentVolume', false],
  ] as const;
  const resources = kinds.map(([name, kind, namespaced]) => ({ name, kind, namespaced, singularName: '', verbs: [] }));
  const answers: Readonly<Record<string, object>> = {
    '/api/v1': { kind: 'APIResourceList', apiVersion: 'v1', groupVersion: 'v1', resources },
    ...objects,
  };
  const server = createServer((request, response) => {
    const answer = answers[(request.url ?? '').replace(/\?.*/, '')];
    const failure = { kind: 'Status', apiVersion: 'v1', status: 'Failure', reason: 'NotFound', code: 404 };
    response.writeHead(answer === undefined ? 404 : 200, { 'content-type': 'application/json' });
    response.end(JSON.stringify(answer ?? failure));
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  t.after(() => server.close());
  const address = server.address();
  assert.ok(typeof address === 'object' && address !== null);
  const directory = await mkdtemp(join(tmpdir(), 'rose-csi-cluster-'));
  t.after(() => rm(directory, { recursive: true }));
  const file = join(directory, 'kubeconfig');
  const one = [{ name: 'c', cluster: { server: `http://127.0.0.1:${address.port}` }, context: { cluster: 'c' } }];
  await writeFile(file, JSON.stringify({ 'current-context': 'c', clusters: one, contexts: one }));
  return ['--kubeconfig', file, '--dry-run=server'];
}

test('the helm commands of the documentation that need no cluster work', BUILDING, (t) =>
  withHelm(t, async (helm) => {
    const page = readFileSync(join(ROOT, 'docs/install.md'), 'utf8');
    const values = /```yaml\n(# my-values\.yaml\n.*?)```/s.exec(page)?.[1] ?? assert.fail('no my-values.yaml');
    const readme = readFileSync(join(ROOT, 'README.md'), 'utf8');
    assert.deepEqual(
      parse(/```yaml\n(clusterId: .*?)```/s.exec(readme)?.[1] ?? ''),
      parse(values),
      'the values of README.md are those of docs/install.md, which are rendered below',
    );
    const directory = await mkdtemp(join(tmpdir(), 'rose-csi-install-'));
    t.after(() => rm(directory, { recursive: true }));
    const file = join(directory, 'my-values.yaml');
    await writeFile(file, values);
    const commands = [...page.matchAll(/^helm (template .*)$/gm)].map((match) => match[1] ?? '');
    assert.ok(commands.length > 0);
    for (const command of commands) {
      const words = command.split(' ').map((word) => (word === 'my-values.yaml' ? file : word));
      const { code, output, complaints } = await run(helm, [...words, '--kube-version', '1.34.0']);
      assert.equal(code, 0, complaints);
      assert.match(output, /kind: DaemonSet/);
    }
  }),
);

test(
  'what a chart above this one says to all of them in global is taken, more than this chart knows too',
  BUILDING,
  (t) =>
    withHelm(t, async (helm) => {
      const global = [
        '--set',
        'global.imageRegistry=localhost/mirror,global.storageClass=fast,images.node.repository=own/node',
      ];
      const text = await render(helm, ...MINIMUM, ...global);
      const images = [...text.matchAll(/^ +image: (\S+)$/gm)].map((match) => match[1] ?? '');
      assert.ok(images.includes('localhost/mirror/own/node:0.1.0'), 'a repository without a registry is a path');
      for (const image of images) assert.match(image, /^localhost\/mirror\/(sig-storage|rose-csi|own)\//);
    }),
);

test("Kubernetes' own types accept every manifest and example, field by field", BUILDING, async (t) => {
  if (!hasProgram(t, 'go', ['version'])) return;
  const decoder = join(ROOT, 'node_modules/.cache/strict-decode');
  const built = await run('nice', ['go', 'build', '-o', decoder, '.'], {
    cwd: join(import.meta.dirname, 'strict-decode'),
  });
  assert.equal(built.code, 0, built.complaints);
  const examples = globSync('deploy/examples/*.yaml', { cwd: ROOT });
  assert.ok(examples.length >= 9);
  const files = ['deploy/rose-csi.yaml', ...examples].map((file) => [file, readFileSync(join(ROOT, file), 'utf8')]);
  for (const [name, text = ''] of [...SETS.map((set) => [set, renderedText(set)]), ...files]) {
    const { code, output } = await run(decoder, [], { input: own(text) });
    assert.equal(code, 0, `${name}: ${output}`);
  }
});

/** The documents of a YAML stream without those of kinds that other projects define. */
function own(stream: string): string {
  const documents = stream.split(/^---$/m);
  return documents
    .filter((document) => !/^apiVersion: (velero\.io|snapscheduler\.backube)\//m.test(document))
    .join('---');
}
