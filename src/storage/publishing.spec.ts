import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { type Answer, answeringRds, clock, refused } from '../rds/answers.fixture.ts';
import { backendOf, call } from './backend.fixture.ts';
import { Backends } from './backend.ts';
import { nodeIdOfHost, nqnOf, publicationNqn } from './ids.ts';
import { KeyedLock } from './keyed-lock.ts';
import { ControllerPublishing } from './publishing.ts';

const UUID = '3a0f6d1e-9c55-4f2b-8b7e-1d2c3b4a5f60';
const HOST = '1e6a2f4b-8c1d-4a6e-9f3b-5d7c9e1f2a3b';
const TOKEN = '0a0a0a0a';
const SLOT = 'pvc-3a0f6d1e9c554f2b8b7e1d2c3b4a';
const REQUEST = { volumeId: `rds1:pvc-${UUID}`, nodeId: nodeIdOfHost(HOST), mode: 'writer' } as const;

function publishing(t: TestContext, ...answers: readonly Answer[]) {
  const { rds, sent } = answeringRds(t, answers);
  return { node: new ControllerPublishing(new Backends([backendOf(rds)]), new KeyedLock(), clock), sent };
}

/** The disk item with the node on its record. */
function item(exported: boolean, comment = `rose:2 12345678 ${HOST}:w:${TOKEN} | a/b`) {
  const nqn = publicationNqn(nqnOf(UUID), TOKEN);
  return { slot: SLOT, size: '1048576', comment, 'nvme-tcp-export': exported, 'nvme-tcp-server-nqn': nqn };
}

test('a node gets the address only when the export is seen with the node on its record', async (t) => {
  const { node } = publishing(t, [item(false)], [item(true)]);
  const nqn = publicationNqn(nqnOf(UUID), TOKEN);
  assert.deepEqual(await node.publish(REQUEST, call), { address: '198.51.100.10', port: 4420, nqn, bytes: 1n << 20n });
  const unseen = publishing(t, [item(false)], [item(false)]);
  await assert.rejects(unseen.node.publish(REQUEST, call), { kind: 'busy', code: 'DRV-PENDING' });
});

test('a record that another process wrote is a race, and one that the RDS cut off is not', async (t) => {
  const other = publishing(t, refused('RC-RACE'), [item(false)]);
  await assert.rejects(other.node.publish(REQUEST, call), { code: 'RC-RACE' });
  const cut = publishing(t, refused('RC-RACE'), [item(false, `rose:2 12345678 ${HOST}:w:0a`)]);
  await assert.rejects(cut.node.publish(REQUEST, call), { code: 'RC-CUT' });
});

test('a volume or node that no one has is unpublished already; published it cannot be', async (t) => {
  const { node, sent } = publishing(t);
  await node.unpublish('x', REQUEST.nodeId, call);
  await node.unpublish(REQUEST.volumeId, 'x', call);
  await assert.rejects(node.publish({ ...REQUEST, nodeId: 'x' }, call), { kind: 'notFound', code: 'DRV-ABSENT' });
  assert.deepEqual(sent, []);
});

test('a node is off a volume only when a second look does not find it on the record', async (t) => {
  const gone = publishing(t, [item(false, '')], [item(false, '')]);
  await gone.node.unpublish(REQUEST.volumeId, REQUEST.nodeId, call);
  for (const nodeId of [REQUEST.nodeId, '']) {
    const back = publishing(t, [item(false, '')], [item(true)]);
    await assert.rejects(back.node.unpublish(REQUEST.volumeId, nodeId, call), { kind: 'busy', code: 'DRV-PENDING' });
  }
});

test('what is in the slot of a volume may be that of another one, which stays published', async (t) => {
  const neighbour = `${UUID.slice(0, -4)}ffff`;
  const { node } = publishing(t, refused('RC-OWNER', `/pool/pvc-${neighbour}-12345678-n/volume.img`));
  await node.unpublish(REQUEST.volumeId, REQUEST.nodeId, call);
  const own = publishing(t, refused('RC-OWNER', `/pool/pvc-${UUID}-12345678-n/volume.img`));
  await assert.rejects(own.node.unpublish(REQUEST.volumeId, REQUEST.nodeId, call), { code: 'RC-OWNER' });
});
