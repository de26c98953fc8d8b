import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { KubernetesApi } from '../../test/support/kubernetes-api.ts';
import { FAILURES } from '../failures/catalogue.ts';
import { EVENTS } from '../failures/events.ts';
import { messageOf } from '../failures/message.ts';
import { KubernetesClient } from './client.ts';
import type { ObjectReference } from './cluster.ts';

const never = new AbortController().signal;
const CLAIM: ObjectReference = {
  apiVersion: 'v1',
  kind: 'PersistentVolumeClaim',
  namespace: 'shop',
  name: 'data',
  uid: 'uid-1',
};
const NODE: ObjectReference = { apiVersion: 'v1', kind: 'Node', name: 'node-1', uid: 'node-1' };

async function start(t: TestContext) {
  const api = await KubernetesApi.start(t);
  return { api, client: new KubernetesClient(api.access, { namespace: 'rose-csi' }) };
}

test('an Event refers to its object, in the namespace of it, and ends with what to do', async (t) => {
  const { api, client } = await start(t);
  await client.event(CLAIM, { reason: 'PoolNearlyFull', message: 'no room' }, never);
  const [event] = api.events();
  assert.deepEqual(event?.involvedObject, CLAIM);
  assert.deepEqual(event.metadata['namespace'], 'shop');
  assert.equal(event.message, `no room. ${EVENTS.PoolNearlyFull.advice}`);
  assert.deepEqual([event.type, event.reason, event.count], ['Warning', 'PoolNearlyFull', 1]);
  assert.equal(event['firstTimestamp'], event['lastTimestamp']);
});

test('an Event of an object without a namespace is in the namespace default, as the API server wants it', async (t) => {
  const { api, client } = await start(t);
  await client.event(NODE, { reason: 'FormatRefused', message: 'x' }, never);
  assert.deepEqual(api.events()[0]?.involvedObject, NODE);
  assert.equal(api.events()[0]?.metadata.namespace, 'default');
});

test('the same, reported again by another process, is counted in the Event that is there', async (t) => {
  const { api, client } = await start(t);
  const other = new KubernetesClient(api.access, { namespace: 'elsewhere' });
  await client.event(CLAIM, { reason: 'PoolFull', message: 'first' }, never);
  await other.event(CLAIM, { reason: 'PoolFull', message: 'second' }, never);
  await other.event(CLAIM, { reason: 'PoolFull', message: 'third' }, never);
  const [event, ...more] = api.events();
  assert.deepEqual(more, []);
  assert.equal(event?.count, 3);
  assert.equal(event.message, 'third');
  assert.ok(!api.requests.some(({ method }) => method === 'GET'), 'the right to read Events is not needed');
});

test('another reason, object, uid or subject makes another Event', async (t) => {
  const { api, client } = await start(t);
  const pool = { reason: 'PoolFull', message: 'x' } as const;
  await client.event(CLAIM, pool, never);
  await client.event(CLAIM, { ...pool, reason: 'PoolMissing' }, never);
  await client.event({ ...CLAIM, name: 'other' }, pool, never);
  await client.event({ ...CLAIM, uid: 'uid-2' }, pool, never);
  await client.event({ ...CLAIM, namespace: 'home' }, pool, never);
  await client.event(CLAIM, { ...pool, subject: 'a' }, never);
  await client.event(CLAIM, { ...pool, subject: 'b' }, never);
  assert.equal(api.events().length, 7);
});

test('names and messages are never longer than the API server allows, and what to do is never cut', async (t) => {
  const { api, client } = await start(t);
  const longest = { ...CLAIM, name: `a${'-'.repeat(251)}a` };
  const { advice } = EVENTS.PoolNearlyFull;
  await client.event(longest, { reason: 'PoolNearlyFull', message: `${'ü'.repeat(1000)}\ud800` }, never);
  await client.event(longest, { reason: 'PoolFull', message: messageOf('RC-SPACE', 'ü'.repeat(1000), '') }, never);
  for (const end of [`. ${advice}`, messageOf('RC-SPACE', '', '').slice(FAILURES['RC-SPACE'].what.length)]) {
    const message = api.events().find((event) => event.message.endsWith(`…${end}`))?.message ?? '';
    const bytes = Buffer.byteLength(message);
    assert.ok(bytes <= 1024 && bytes > 1020, `${bytes}`);
    assert.match(message, /^ü+…\. /);
  }
});

test('an Event that ends between the two steps, or is not allowed, is an error', async (t) => {
  const { api, client } = await start(t);
  const note = { reason: 'PoolFull', message: 'x' } as const;
  api.trouble = ({ method }) => (method === 'POST' ? 409 : undefined);
  await assert.rejects(client.event(CLAIM, note, never), /writing an Event PoolFull: HTTP status 404/);
  api.trouble = () => 403;
  await assert.rejects(client.event(CLAIM, note, never), /HTTP status 403/);
});
