import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { KubernetesApi, persistentVolume, snapshotContent, type Trouble } from '../../test/support/kubernetes-api.ts';
import { inClusterAccess } from './access.ts';
import { KubernetesClient } from './client.ts';
import { kubeconfigAccess } from './kubeconfig.ts';

const never = new AbortController().signal;

async function start(t: TestContext, requestMs = 10_000) {
  const api = await KubernetesApi.start(t);
  return { api, client: new KubernetesClient(api.access, { namespace: 'rose-csi', requestMs }) };
}

async function directory(t: TestContext): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'rose-csi-kubernetes-'));
  t.after(() => rm(path, { recursive: true, force: true }));
  return path;
}

const isError = (status: number | undefined, message: RegExp) => (error: unknown) => {
  assert.ok(error instanceof Error && error.name === 'KubernetesError', String(error));
  assert.equal((error as { status?: number }).status, status);
  assert.match(error.message, message);
  return true;
};

test('lists tell what is used of each object, whatever driver it is of', async (t) => {
  const { api, client } = await start(t);
  api.put('persistentvolumes', persistentVolume('rds1:pvc-1'));
  api.put('persistentvolumes', persistentVolume('x', 'other'));
  api.put('persistentvolumes', { metadata: { name: 'nfs' }, spec: { nfs: {} } });
  api.put(
    'volumesnapshotcontents',
    snapshotContent('a', { snapshotHandle: 'rds1:snap-1', volumeHandle: 'rds1:pvc-1' }),
  );
  api.put('volumesnapshotcontents', snapshotContent('b', { volumeHandle: 'rds1:pvc-2' }));
  api.put('volumeattachments', {
    metadata: { name: 'csi-1' },
    spec: { attacher: 'x', nodeName: 'n', source: { persistentVolumeName: 'pvc-1' } },
  });
  const { items: volumes } = await client.persistentVolumes(never);
  assert.deepEqual(
    volumes.map(({ metadata, spec }) => [metadata.name, spec.csi?.volumeHandle, spec.claimRef?.name]),
    [
      ['pvc-1', 'rds1:pvc-1', 'data'],
      ['x', 'x', 'data'],
      ['nfs', undefined, undefined],
    ],
  );
  const contents = await client.snapshotContents(never);
  assert.deepEqual(
    contents?.items.map(({ spec, status }) => [status?.snapshotHandle, spec.source.volumeHandle]),
    [
      ['rds1:snap-1', 'rds1:pvc-1'],
      [undefined, 'rds1:pvc-2'],
    ],
  );
  const { items: attachments } = await client.volumeAttachments(never);
  assert.deepEqual(
    attachments.map(({ metadata, spec }) => [metadata.name, spec.source.persistentVolumeName]),
    [['csi-1', 'pvc-1']],
  );
});

test('all pages of a list are read, and an empty list is one', async (t) => {
  const { api, client } = await start(t);
  api.pageSize = 3;
  for (let number = 0; number < 10; number += 1) api.put('persistentvolumes', persistentVolume(`rds1:pvc-${number}`));
  const { items } = await client.persistentVolumes(never);
  assert.equal(new Set(items.map(({ metadata: { name } }) => name)).size, 10);
  assert.equal(api.requests.length, 4);
  assert.deepEqual((await client.volumeAttachments(never)).items, []);
});

const troubles: readonly [Trouble, number | undefined, RegExp][] = [
  [403, 403, /listing PersistentVolumes: HTTP status 403: trouble was asked for/],
  [410, 410, /410/],
  [500, 500, /500/],
  [302, 302, /302/],
  ['cut', undefined, /listing PersistentVolumes: aborted/],
  ['garbage', undefined, /the answer is not JSON/],
];

for (const [trouble, status, message] of troubles) {
  test(`a list that ends in ${trouble}, also on its second page, is an error and never a short list`, async (t) => {
    const { api, client } = await start(t);
    api.pageSize = 1;
    for (const number of [1, 2]) api.put('persistentvolumes', persistentVolume(`rds1:pvc-${number}`));
    api.trouble = () => trouble;
    await assert.rejects(client.persistentVolumes(never), isError(status, message));
    api.trouble = ({ query }) => (query.has('continue') ? trouble : undefined);
    await assert.rejects(client.persistentVolumes(never), isError(status, message));
  });
}

test('a list whose second page is of another moment is an error', async (t) => {
  const { api, client } = await start(t);
  api.pageSize = 1;
  for (const number of [1, 2]) api.put('persistentvolumes', persistentVolume(`rds1:pvc-${number}`));
  api.remember();
  api.put('persistentvolumes', persistentVolume('rds1:pvc-3'));
  api.trouble = ({ query }) => (query.has('continue') ? 'stale' : undefined);
  await assert.rejects(client.persistentVolumes(never), isError(undefined, /its pages are of different moments/));
});

test('objects that lack what is asked for are an error', async (t) => {
  const { api, client } = await start(t);
  api.put('persistentvolumes', { metadata: { name: 'a' }, spec: { csi: { driver: 'x' } } });
  await assert.rejects(client.persistentVolumes(never), isError(undefined, /volumeHandle/));
});

test('an API server that stalls is given up, and so is one that the caller no longer waits for', async (t) => {
  const { api, client } = await start(t, 50);
  api.trouble = () => 'stall';
  await assert.rejects(client.persistentVolumes(never), isError(undefined, /no answer within 50 ms/));
  const patient = new KubernetesClient(api.access, { namespace: 'rose-csi' });
  const caller = new AbortController();
  const answer = patient.persistentVolumes(caller.signal);
  caller.abort();
  await assert.rejects(answer, isError(undefined, /abort/i));
});

test('an API server that is not there is an error with its address', async (t) => {
  const { client } = await start(t);
  const closed = { server: 'http://127.0.0.1:1', namespace: 'x', credentials: async () => ({}) };
  const lost = new KubernetesClient(closed, { namespace: 'x' });
  await assert.rejects(lost.volumeAttachments(never), isError(undefined, /ECONNREFUSED 127\.0\.0\.1:1/));
  assert.deepEqual((await client.volumeAttachments(never)).items, []);
});

test('no definition of VolumeSnapshotContents is distinguished from no VolumeSnapshotContents', async (t) => {
  const { api, client } = await start(t);
  assert.deepEqual((await client.snapshotContents(never))?.items, []);
  api.trouble = ({ path }) => (path.endsWith('volumesnapshotcontents') ? 404 : undefined);
  assert.equal(await client.snapshotContents(never), undefined);
});

test('annotations are merged, and a content that is gone is a 404', async (t) => {
  const { api, client } = await start(t);
  const content = snapshotContent('a', { volumeHandle: 'rds1:pvc-1' });
  api.put('volumesnapshotcontents', { ...content, metadata: { name: 'a', annotations: { theirs: 'x' } } });
  await client.annotateContent('a', { ours: 'y' }, never);
  assert.deepEqual(api.all('volumesnapshotcontents')[0]?.metadata.annotations, { theirs: 'x', ours: 'y' });
  await assert.rejects(client.annotateContent('b/../a', { ours: 'z' }, never), isError(404, /b\/\.\.\/a/));
});

test('state is written over the one that was read, and over no other', async (t) => {
  const { client } = await start(t);
  const first = await client.readState('m', never);
  assert.deepEqual(first, { text: undefined, resourceVersion: undefined });
  await client.writeState('m', { ...first, text: 'one' }, never);
  await assert.rejects(client.writeState('m', { ...first, text: 'late' }, never), isError(409, /./));
  const second = await client.readState('m', never);
  await client.writeState('m', { ...second, text: 'two' }, never);
  await assert.rejects(client.writeState('m', { ...second, text: 'late' }, never), isError(409, /./));
  assert.equal((await client.readState('m', never)).text, 'two');
});

test('a kubeconfig leads to its server with its token; a missing file or context is named', async (t) => {
  const { api } = await start(t);
  const file = join(await directory(t), 'config');
  await writeFile(file, api.kubeconfig());
  const access = kubeconfigAccess(file);
  assert.equal(access.namespace, 'rose-csi');
  const client = new KubernetesClient(access, { namespace: 'rose-csi' });
  assert.deepEqual((await client.persistentVolumes(never)).items, []);
  assert.throws(() => kubeconfigAccess('/nonexistent'), isError(undefined, /no kubeconfig: ENOENT.*nonexistent/));
  assert.throws(() => kubeconfigAccess(file, 'elsewhere'), isError(undefined, /has no context elsewhere/));
});

test('in a pod the service account is used, its token read again at each request', async (t) => {
  const root = await directory(t);
  const env = { KUBERNETES_SERVICE_HOST: 'fd00::1', KUBERNETES_SERVICE_PORT: '443' };
  assert.equal(await inClusterAccess(env, root), undefined, 'no token');
  await writeFile(join(root, 'token'), 'one\n');
  await writeFile(join(root, 'ca.crt'), 'ca');
  assert.equal((await inClusterAccess(env, root))?.namespace, undefined);
  await writeFile(join(root, 'namespace'), 'storage');
  const access = await inClusterAccess(env, root);
  assert.equal(access?.server, 'https://[fd00::1]:443');
  assert.equal(access?.namespace, 'storage');
  assert.deepEqual((await access?.credentials())?.headers, { authorization: 'Bearer one' });
  await writeFile(join(root, 'token'), 'two');
  assert.deepEqual(await access?.credentials(), { ca: Buffer.from('ca'), headers: { authorization: 'Bearer two' } });
  assert.equal(await inClusterAccess({}, root), undefined, 'no cluster');
});
