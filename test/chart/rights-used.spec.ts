/** What the driver asks of an API server, seen on the wire, is what the chart grants for it: no less, and no more. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nodeEvents } from '../../src/app/events/node-events.ts';
import { createLogger } from '../../src/observability/log.ts';
import { startFixture as startEvents } from '../events/fixture.ts';
import { GRACE_MS, startFixture as startOrphans } from '../orphans/fixture.ts';
import { MiB, makeSnapshot, makeVolume, outcome, publish } from '../support/calls.ts';
import { KubernetesApi, persistentVolume, type SeenRequest, snapshotContent } from '../support/kubernetes-api.ts';
import { until } from '../support/until.ts';
import { driverRights, lines, NODE_RIGHTS, ORPHANS } from './rights.ts';

/** `/api/v1/…` or `/apis/GROUP/VERSION/…`, a namespace if any, the resource and the name. */
const PATH = /^\/(?:api|apis\/(?<group>[^/]+))\/v1(?:\/namespaces\/[^/]+)?\/(?<resource>[a-z]+)(?:\/(?<name>[^/]+))?$/;
const VERBS: Readonly<Record<string, string>> = { POST: 'create', PUT: 'update', PATCH: 'patch' };
/** Granted by a Role. */
const NAMESPACED = new Set(['leases', 'configmaps']);

/** The rights that these requests need, each once. */
function rightsOf(requests: readonly SeenRequest[]): string[] {
  const rights = requests.flatMap(({ method, path }) => {
    const { group = '', resource = '', name } = PATH.exec(path)?.groups ?? {};
    // What kinds there are, everyone may ask.
    if (resource === '') return [];
    const verb = VERBS[method] ?? (name === undefined ? 'list' : 'get');
    const scope = NAMESPACED.has(resource) ? 'namespace' : 'cluster';
    const own = name?.endsWith('-orphans') ? { name: ORPHANS } : {};
    return lines({ scope, group, resource, verbs: [verb], ...own });
  });
  return [...new Set(rights)].sort();
}

test('the controller asks for what it is granted for annotations, orphans and Events, and for nothing else', async (t) => {
  const orphans = await startOrphans(t);
  const { controller } = orphans.stack;
  const volumeId = await makeVolume(controller, MiB);
  orphans.refer(volumeId, await makeSnapshot(controller, volumeId));
  await makeVolume(controller, MiB);
  for (const ms of [0, GRACE_MS + 1, 1]) assert.equal(await orphans.passAfter(ms), 'done');
  // As a controller that was started again tells it again.
  await until(async () => orphans.api.reasons().includes('OrphanFound'));

  const events = await startEvents(t);
  const { kubernetes } = events;
  kubernetes.put('volumesnapshotcontents', snapshotContent('snapcontent-1', { snapshotHandle: 'none' }));
  const source = await makeVolume(events.controller, MiB);
  assert.equal(await events.snapshot(crypto.randomUUID(), source), 'OK');
  const lost = `rds1:pvc-${crypto.randomUUID()}`;
  kubernetes.put('persistentvolumes', persistentVolume(lost));
  for (const door of [events.controller, await events.anotherController()]) {
    assert.equal(await outcome(publish(door, lost)), 'NOT_FOUND');
  }
  await until(async () => kubernetes.events()[0]?.count === 2);
  await until(async () =>
    kubernetes.requests.some(({ method, path }) => method === 'PATCH' && path.includes('content')),
  );

  const expected = [...new Set(driverRights().flatMap(lines))].sort();
  assert.deepEqual(rightsOf([...orphans.api.requests, ...kubernetes.requests]), expected);
});

test('the node asks for what it is granted, and for nothing else', async (t) => {
  const api = await KubernetesApi.start(t);
  for (const expected of [1, 2]) {
    const events = nodeEvents(api.access, 'node-1', createLogger('fatal'));
    events.unflushed('rds1:pvc-1');
    await until(async () => api.events()[0]?.count === expected);
    await events.stop();
  }
  const granted = NODE_RIGHTS.flatMap((right) => lines({ ...right, scope: 'cluster' }));
  assert.deepEqual(rightsOf(api.requests), granted.toSorted());
  assert.ok(api.requests.every(({ path }) => path.startsWith('/api/v1/namespaces/default/')));
});
