import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  attachment,
  claim,
  event,
  healthy,
  pendingSnapshot,
  pod,
  rpcError,
  unbound,
  volume,
} from '../../src/why/objects.fixture.ts';
import { startCommandFixture, why } from './command-fixture.ts';

interface Document {
  readonly subject: { readonly kind: string; readonly name: string; readonly namespace?: string };
  readonly result: string;
  readonly backendAsked: boolean;
  readonly chain: readonly {
    readonly link: string;
    readonly what: string;
    readonly how: string;
    readonly state: string;
  }[];
  readonly findings: readonly {
    readonly rule: string;
    readonly link: string;
    readonly command?: string;
    readonly message?: string;
  }[];
  readonly notSeen: readonly string[];
}

test('what is whole is status 0, and the namespace of the context is the default', async (t) => {
  const { run } = await startCommandFixture(t, healthy());
  const [short, long] = await Promise.all([run('data'), run('volumesnapshot/monday', '-n', 'apps')]);
  assert.deepEqual([short.code, long.code], [0, 0], short.stderr + long.stderr);
  assert.match(short.stdout, /^✓ PersistentVolumeClaim apps\/data: Bound, 10Gi\n/);
  assert.match(short.stdout, /- the RDS was not asked: --config/);
  assert.match(short.stdout, /\nNothing is stuck: every link of this claim is as it should be\.\n$/);
  assert.match(long.stdout, /^✓ VolumeSnapshot apps\/monday: ready to use, 10Gi\n/);
});

test('what is stuck is status 1, with the verdict and one command', async (t) => {
  const words = rpcError('RC-SPACE');
  const { run } = await startCommandFixture(
    t,
    unbound().put('events', event('PersistentVolumeClaim', 'data', 'ProvisioningFailed', words)),
  );
  const [text, json] = await Promise.all([run('pvc/data'), run('data', '--json')]);
  assert.equal(text.code, 1, text.stderr);
  assert.match(text.stdout, /^✗ PersistentVolumeClaim apps\/data: Pending, 10Gi\n/);
  assert.match(text.stdout, /\nSTUCK: The volume cannot be made\.\n\nWhy: The pool has too little free space\./);
  assert.match(text.stdout, /\n {2}rose-csi snapshots ls --config rose-csi\.yaml\n/);
  assert.equal(json.code, 1);
  const document = JSON.parse(json.stdout) as Document;
  assert.deepEqual(document.subject, { kind: 'claim', name: 'data', namespace: 'apps' });
  assert.deepEqual([document.result, document.backendAsked, document.notSeen], ['stuck', false, []]);
  assert.deepEqual(document.chain[0], {
    link: 'claim',
    what: 'PersistentVolumeClaim apps/data',
    how: 'Pending, 10Gi',
    state: 'stuck',
  });
  assert.equal(document.findings[0]?.rule, 'provisioning-failed');
  assert.equal(document.findings[0]?.message, words);
});

test('a right that is lacking is named, and keeps the answer from being whole', async (t) => {
  const { api, run } = await startCommandFixture(t, healthy());
  api.trouble = (plural) => (plural === 'volumeattachments' || plural === 'nodes' ? 403 : undefined);
  const { code, words } = await run('data');
  assert.equal(code, 2);
  assert.match(
    words,
    /\? cannot look at VolumeAttachments: needs the right to list volumeattachments\.storage\.k8s\.io/,
  );
  assert.match(words, /\? cannot look at Nodes: needs the right to list nodes/);
  assert.match(words, /\? VolumeAttachments: could not be looked at/);
  assert.match(words, /Nothing was seen to be stuck, and not everything could be looked at/);
});

test('with a right lacking, what is seen to be stuck is reported all the same', async (t) => {
  const { api, run } = await startCommandFixture(t, unbound({ spec: { storageClassName: 'fast' } }));
  api.trouble = (plural) => (plural === 'pods' || plural === 'events' ? 403 : undefined);
  const { code, stdout } = await run('data');
  assert.equal(code, 1);
  assert.match(stdout, /STUCK: There is no StorageClass fast\./);
  assert.match(stdout, /there may be more to it/);
});

test('without the right to read the claim, it says which right that is', async (t) => {
  const { api, run } = await startCommandFixture(t, healthy());
  api.trouble = (plural) => (plural === 'persistentvolumeclaims' ? 403 : undefined);
  const { code, words } = await run('data');
  assert.equal(code, 2);
  assert.match(words, /needs the right to get persistentvolumeclaims /);
});

const TROUBLES = [
  [500, /HTTP status 500: trouble was asked for/],
  ['stall', /no answer within 500 ms/],
  ['cut', /aborted|hang up/],
  ['garbage', /the answer is not JSON/],
] as const;

for (const [trouble, words] of TROUBLES) {
  test(`an API server in trouble (${trouble}) is status 2, in time`, async (t) => {
    const { api, run } = await startCommandFixture(t, healthy());
    api.trouble = () => trouble;
    const { code, stdout, stderr } = await run('data', '--request-timeout', '0.5');
    assert.equal(code, 2);
    assert.equal(stdout, '');
    assert.match(stderr, /^rose-csi why: Kubernetes cannot be asked: reading PersistentVolumeClaim data: /);
    assert.match(stderr, words);
  });
}

test('an API server that has trouble with one kind only tells which', async (t) => {
  const { api, run } = await startCommandFixture(t, healthy());
  api.trouble = (plural) => (plural === 'pods' ? 'stall' : undefined);
  const { code, words } = await run('data', '--request-timeout', '0.5');
  assert.equal(code, 2);
  assert.match(words, /cannot look at the pods that use the claim: listing Pods: no answer within 500 ms/);
});

test('a cluster without snapshots, and one without the snapshot', async (t) => {
  const objects = healthy();
  const { run } = await startCommandFixture(t, objects);
  assert.match((await run('vs/nothing')).stdout, /There is no VolumeSnapshot nothing in namespace apps/);
  for (const plural of ['volumesnapshots', 'volumesnapshotcontents', 'volumesnapshotclasses'])
    objects.unknown.add(plural);
  const { code, stdout } = await run('vs/monday');
  assert.equal(code, 1);
  assert.match(stdout, /snapshot CRDs are not installed/);
});

test('several things at once: the cause is the verdict, the rest stands below', async (t) => {
  const objects = healthy()
    .put('persistentvolumeclaims', claim({ metadata: { deletionTimestamp: new Date().toISOString() } }))
    .put('nodes', { metadata: { name: 'node-a' } })
    .put('volumesnapshots', pendingSnapshot());
  const { run } = await startCommandFixture(t, objects);
  const { code, stdout } = await run('data');
  assert.equal(code, 1);
  assert.match(stdout, /STUCK: The claim is being deleted, and goes when nothing uses it: db-0/);
  assert.match(stdout, /\nAlso:\n✗ The volume is attached to node-a, which is not ready\./);
});

test('objects with nothing but their names are read', async (t) => {
  const objects = healthy()
    .put('persistentvolumeclaims', { metadata: { name: 'data', namespace: 'apps' }, spec: {} })
    .put('pods', { metadata: { name: 'bare', namespace: 'apps' }, spec: {} })
    .put('events', { metadata: { name: 'x', namespace: 'apps' }, involvedObject: {} })
    .put('persistentvolumes', volume({ spec: { accessModes: null } }))
    .put('volumeattachments', attachment('node-a', { status: { attachError: null } }))
    .put('pods', pod('db-1', 'node-a', { status: { conditions: null } }));
  const { run } = await startCommandFixture(t, objects);
  const { code, stderr } = await run('data');
  assert.deepEqual([code, stderr], [1, '']);
});

test('a mistake in the flags is status 2', async () => {
  const mistakes: readonly (readonly [readonly string[], RegExp])[] = [
    [[], /missing required argument/],
    [['deployment/x'], /"deployment" is not known here: use pvc\/NAME, pv\/NAME or vs\/NAME/],
    [['pvc/'], /"" is not the name of an object/],
    [['data', '--request-timeout', '0'], /a number of seconds/],
    [['data', '--config', '/nonexistent'], /\/nonexistent cannot be read/],
    [['data'], /there is no kubeconfig/],
    [['data', '--kubeconfig', '/nonexistent'], /no kubeconfig/],
  ];
  for (const [args, words] of mistakes) {
    const { code, stdout, stderr } = await why(...args);
    assert.deepEqual([code, stdout], [2, ''], args.join(' '));
    assert.match(stderr, words);
  }
});
