import assert from 'node:assert/strict';
import { test } from 'node:test';
import { stripVTControlCharacters } from 'node:util';
import { answer } from './answer.ts';
import { answerTo, clusterStateOf, onRds, RDS1 } from './case.fixture.ts';
import { type DeviceView, there } from './cluster-state.ts';
import { type BackendReader, gather } from './gather.ts';
import {
  ago,
  attachment,
  claim,
  DRIVER,
  event,
  healthy,
  NOW,
  PV,
  pendingContent,
  pendingSnapshot,
  pod,
  unbound,
} from './objects.fixture.ts';
import { parseSubject } from './subject.ts';
import { printAnswer } from './text.ts';

test('the pods of a claim are those that name it, an ephemeral volume included, and no others', async () => {
  const objects = healthy()
    .put(
      'pods',
      pod('other', 'node-a', { spec: { volumes: [{ name: 'data', persistentVolumeClaim: { claimName: 'x' } }] } }),
    )
    .put('pods', pod('elsewhere', 'node-a', { metadata: { namespace: 'shop' } }))
    .put('pods', pod('without', 'node-a', { spec: { volumes: undefined } }));
  const { pods } = await clusterStateOf({ objects });
  assert.deepEqual(
    there(pods)?.map(({ metadata }) => metadata.name),
    ['db-0'],
  );
  const ephemeral = healthy()
    .put('persistentvolumeclaims', claim({ metadata: { name: 'db-0-scratch' } }))
    .put('pods', pod('db-0', 'node-a', { spec: { volumes: [{ name: 'scratch', ephemeral: {} }] } }));
  const cluster = await clusterStateOf({ objects: ephemeral, subject: 'db-0-scratch' });
  assert.deepEqual(
    there(cluster.pods)?.map(({ metadata }) => metadata.name),
    ['db-0'],
  );
});

test('Events are listed newest first, by whichever of their times they have', async () => {
  const objects = unbound()
    .put(
      'events',
      event('PersistentVolumeClaim', 'data', 'ProvisioningFailed', 'the old words', { lastTimestamp: ago(900) }),
    )
    .put('events', {
      ...event('PersistentVolumeClaim', 'data', 'ProvisioningFailed', 'the new words', { lastTimestamp: null }),
      metadata: { name: 'newer', namespace: 'apps' },
      eventTime: ago(950),
      series: { lastObservedTime: ago(20) },
    });
  const { findings } = await answerTo({ objects });
  assert.equal(findings[0]?.said, 'the new words');
});

test('a volume whose claim was recreated under its name is walked without that claim', async () => {
  const objects = healthy().put('persistentvolumeclaims', claim({ metadata: { uid: 'claim-2' } }));
  const cluster = await clusterStateOf({ objects, subject: `pv/${PV}` });
  assert.equal(cluster.claim, undefined);
  assert.equal(there(cluster.volume)?.metadata.name, PV);
});

test('colours are for terminals, and change nothing but colours', async () => {
  const told = await answerTo({ objects: unbound() });
  const plain = printAnswer(told, { width: 100, colour: false });
  const coloured = printAnswer(told, { width: 100, colour: true });
  assert.notEqual(coloured, plain);
  assert.equal(stripVTControlCharacters(coloured), plain);
});

test('a node that is attached while the RDS is being asked is not taken for one that was forgotten', async () => {
  const objects = healthy().remove('volumeattachments', 'csi-node-a');
  const view: DeviceView = { backends: ['rds1'], device: onRds({ nodes: ['node-a'] }), status: RDS1 };
  let asked = 0;
  const volume = async () => {
    asked += 1;
    objects.put('volumeattachments', attachment('node-a'));
    return view;
  };
  const backends: BackendReader = { backends: ['rds1'], volume, snapshot: volume, forNew: volume };
  const subject = parseSubject('data', 'apps');
  const { result } = answer(await gather(objects.reader(), { subject, driver: DRIVER, now: NOW, backends: backends }));
  assert.deepEqual([result, asked], ['fine', 2]);
});

test('a snapshot that is not taken yet shows the nodes of its volume by their names', async () => {
  const objects = healthy().put('volumesnapshots', pendingSnapshot()).put('volumesnapshotcontents', pendingContent());
  let known: readonly string[] = [];
  const view: DeviceView = { backends: ['rds1'], device: onRds(), status: RDS1 };
  const volume = async (_handle: string, names: readonly string[]) => {
    known = names;
    return view;
  };
  const backends: BackendReader = { backends: ['rds1'], volume, snapshot: async () => view, forNew: async () => view };
  await gather(objects.reader(), { subject: parseSubject('vs/monday', 'apps'), driver: DRIVER, now: NOW, backends });
  assert.deepEqual(known, ['node-a', 'node-b']);
});

test('a node that was deleted while it has the volume is known by its attachment', async () => {
  const objects = healthy().remove('nodes', 'node-a');
  const view: DeviceView = { backends: ['rds1'], device: onRds({ nodes: ['node-a'] }), status: RDS1 };
  let known: readonly string[] = [];
  const volume = async (_handle: string, names: readonly string[]) => {
    known = names;
    return view;
  };
  const backends: BackendReader = { backends: ['rds1'], volume, snapshot: async () => view, forNew: async () => view };
  const subject = parseSubject('data', 'apps');
  const { findings } = answer(await gather(objects.reader(), { subject, driver: DRIVER, now: NOW, backends }));
  assert.ok(known.includes('node-a'), known.join());
  assert.equal(findings[0]?.rule, 'node-gone');
});
