import assert from 'node:assert/strict';
import { test } from 'node:test';
import { stripVTControlCharacters } from 'node:util';
import { answer } from './answer.ts';
import { answerTo, BOX, onBox, sceneOf } from './case.fixture.ts';
import { type Boxes, gather } from './gather.ts';
import { ago, attachment, claim, DRIVER, event, healthy, NOW, PV, pod, unbound } from './objects.fixture.ts';
import { type DeviceView, there } from './scene.ts';
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
  const { pods } = await sceneOf({ objects });
  assert.deepEqual(
    there(pods)?.map(({ metadata }) => metadata.name),
    ['db-0'],
  );
  const ephemeral = healthy()
    .put('persistentvolumeclaims', claim({ metadata: { name: 'db-0-scratch' } }))
    .put('pods', pod('db-0', 'node-a', { spec: { volumes: [{ name: 'scratch', ephemeral: {} }] } }));
  const scene = await sceneOf({ objects: ephemeral, subject: 'db-0-scratch' });
  assert.deepEqual(
    there(scene.pods)?.map(({ metadata }) => metadata.name),
    ['db-0'],
  );
});

test('Events are told newest first, by whichever of their times they have', async () => {
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

test('a volume whose claim was made anew under its name is walked without that claim', async () => {
  const objects = healthy().put('persistentvolumeclaims', claim({ metadata: { uid: 'claim-2' } }));
  const scene = await sceneOf({ objects, subject: `pv/${PV}` });
  assert.equal(scene.claim, undefined);
  assert.equal(there(scene.volume)?.metadata.name, PV);
});

test('colours are for terminals, and change nothing but colours', async () => {
  const told = await answerTo({ objects: unbound() });
  const plain = printAnswer(told, { width: 100, colour: false });
  const coloured = printAnswer(told, { width: 100, colour: true });
  assert.notEqual(coloured, plain);
  assert.equal(stripVTControlCharacters(coloured), plain);
});

test('a node that is attached while the box is being asked is not taken for one that was forgotten', async () => {
  const objects = healthy().remove('volumeattachments', 'csi-node-a');
  const view: DeviceView = { backends: ['rds1'], device: onBox({ nodes: ['node-a'] }), box: BOX };
  let asked = 0;
  const volume = async () => {
    asked += 1;
    objects.put('volumeattachments', attachment('node-a'));
    return view;
  };
  const boxes: Boxes = { backends: ['rds1'], volume, snapshot: volume, forNew: volume };
  const subject = parseSubject('data', 'apps');
  const { result } = answer(await gather(objects.reader(), { subject, driver: DRIVER, now: NOW, boxes }));
  assert.deepEqual([result, asked], ['fine', 2]);
});
