import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { MiB, makeVolume, node, publish, refused, unpublish, volumeName } from '../support/calls.ts';
import { change, look } from '../support/console.ts';
import { filesystem, sharedBlock } from '../support/requests.ts';
import { type Stack, startStack } from '../support/stack.ts';

const COMMENT = ':put [/disk get ([/disk find where type=file]->0) comment]';
const EXPORT = ':put [/disk get ([/disk find where type=file]->0) nvme-tcp-export]';

/** The nodes that ControllerGetVolume and ListVolumes report, which must agree. */
async function nodesOf({ controller }: Stack, volumeId: string): Promise<readonly string[]> {
  const { status: got } = await controller.controllerGetVolume({ volumeId });
  const { entries } = await controller.listVolumes({});
  const listed = entries.find(({ volume }) => volume?.volumeId === volumeId);
  assert.deepEqual(listed?.status?.publishedNodeIds, got?.publishedNodeIds);
  return got?.publishedNodeIds ?? [];
}

test('publish and unpublish take one exec each and a second look, and turn the export on and off', async (t) => {
  const stack = await startStack(t);
  const { controller, api, simulator } = stack;
  const uuid = crypto.randomUUID();
  const volumeId = `rds1:pvc-${uuid}`;
  await controller.createVolume({
    name: `pvc-${uuid}`,
    capacityRange: { requiredBytes: MiB },
    volumeCapabilities: [filesystem],
  });
  assert.equal(await look(simulator, EXPORT), 'false');

  let execs = await api.execs();
  const { nqn = '', ...where } = await publish(controller, volumeId);
  assert.equal((await api.execs()) - execs, 2);
  assert.deepEqual(where, { address: '192.0.2.1', port: '4420', bytes: String(MiB) });
  assert.match(nqn, new RegExp(`^nqn\\.2026-11\\.io\\.rose-csi:pvc-${uuid}-[0-9a-f]{8}$`));
  assert.deepEqual(await api.read(nqn, { offset: 0, length: 1 }), Buffer.alloc(1));
  assert.deepEqual(await nodesOf(stack, volumeId), [node(1)]);
  assert.ok((await look(simulator, COMMENT)).length <= 200);

  execs = await api.execs();
  await unpublish(controller, volumeId);
  assert.equal((await api.execs()) - execs, 2);
  await assert.rejects(api.read(nqn, { offset: 0, length: 1 }), /403 .*not-exported/);
  assert.deepEqual(await nodesOf(stack, volumeId), []);
});

test('a node was sent to the port that is configured, and the volume was exported on the one from before', async (t) => {
  const stack = await startStack(t);
  const { backends } = JSON.parse(await readFile(stack.configFile, 'utf8'));
  const nvme = { ...backends[0].nvme, port: 4421 };
  const another = await stack.anotherController({ backends: [{ ...backends[0], nvme }] });
  const volumeId = await makeVolume(stack.controller, MiB, { volumeCapabilities: [sharedBlock] });
  const PORT = ':put [/disk get ([/disk find where type=file]->0) nvme-tcp-server-port]';
  await publish(stack.controller, volumeId, node(1), sharedBlock);
  for (const number of [1, 2]) {
    const { port } = await publish(another, volumeId, node(number), sharedBlock);
    assert.equal(port, '4420');
    assert.equal(await look(stack.simulator, PORT), port, 'an export that is on is not touched');
  }
  for (const number of [1, 2]) await unpublish(another, volumeId, node(number));
  assert.equal((await publish(another, volumeId, node(1), sharedBlock))['port'], '4421');
  assert.equal(await look(stack.simulator, PORT), '4421');
});

/** A record without the digits that change with every write. */
function withoutGeneration(comment: string): string {
  assert.match(comment, /^rose:2 [0-9a-f]{8} /);
  return comment.replace(/^rose:2 [0-9a-f]{8}/, '');
}

test('publish and unpublish may be repeated, also by a new process', async (t) => {
  const stack = await startStack(t);
  const volumeId = await makeVolume(stack.controller);
  const another = await stack.anotherController();
  const first = await publish(stack.controller, volumeId);
  const comment = await look(stack.simulator, COMMENT);
  assert.deepEqual(await publish(stack.controller, volumeId), first);
  assert.deepEqual(await publish(another, volumeId), first);
  const later = await look(stack.simulator, COMMENT);
  assert.equal(withoutGeneration(later), withoutGeneration(comment));
  assert.notEqual(later, comment, 'who has read the record before can change nothing any more');
  await unpublish(another, volumeId);
  await unpublish(stack.controller, volumeId);
  await unpublish(another, volumeId);
  assert.deepEqual(await nodesOf(stack, volumeId), []);
});

test('a second node is refused with the remedy, and the first keeps the volume', async (t) => {
  const stack = await startStack(t);
  // Its record on the RDS is for programs.
  const toNodeOne = new RegExp(
    `^\\S+: the volume is still published to the node ${node(1)}\\. (?!.*rose:2).*\\[RC-PUB\\]$`,
  );
  const volumeId = await makeVolume(stack.controller);
  await publish(stack.controller, volumeId, node(1));
  await refused(publish(stack.controller, volumeId, node(2)), 'FAILED_PRECONDITION', toNodeOne);
  await refused(publish(stack.controller, volumeId, node(2), sharedBlock), 'FAILED_PRECONDITION');
  assert.deepEqual(await nodesOf(stack, volumeId), [node(1)]);
  await unpublish(stack.controller, volumeId, node(1));
  await publish(stack.controller, volumeId, node(2));
  assert.deepEqual(await nodesOf(stack, volumeId), [node(2)]);
});

test('a node that was detached by force and lives on never reaches the volume again by what it knows', async (t) => {
  const stack = await startStack(t);
  const { controller, api } = stack;
  const volumeId = await makeVolume(controller);
  const known: string[] = [];
  for (const nodeId of [node(1), node(2), node(1)]) {
    const { nqn = '' } = await publish(controller, volumeId, nodeId);
    assert.ok(!known.includes(nqn), 'every publication has an NQN of its own');
    for (const earlier of known) await assert.rejects(api.namespace(earlier), /not exported/);
    await api.namespace(nqn);
    known.push(nqn);
    await unpublish(controller, volumeId, nodeId);
  }
});

test('an export that comes back after a restart of the RDS is the one that its node knows', async (t) => {
  const stack = await startStack(t);
  const volumeId = await makeVolume(stack.controller);
  const first = await publish(stack.controller, volumeId);
  await change(stack.simulator, '/disk set [find where type=file] nvme-tcp-export=no');
  assert.deepEqual(await publish(stack.controller, volumeId), first);
});

test('the same node in another mode is ALREADY_EXISTS', async (t) => {
  const stack = await startStack(t);
  const volumeId = await makeVolume(stack.controller);
  await publish(stack.controller, volumeId);
  const readonly = { volumeId, nodeId: node(1), volumeCapability: filesystem, readonly: true };
  await refused(stack.controller.controllerPublishVolume(readonly), 'ALREADY_EXISTS', /another mode.*\[RC-MODE\]$/);
  await refused(publish(stack.controller, volumeId, node(1), sharedBlock), 'ALREADY_EXISTS');
  assert.deepEqual(await nodesOf(stack, volumeId), [node(1)]);
});

test('two nodes share a raw block volume for a live migration, a third is refused', async (t) => {
  const stack = await startStack(t);
  const volumeId = await makeVolume(stack.controller);
  const first = await publish(stack.controller, volumeId, node(1), sharedBlock);
  assert.deepEqual(await publish(stack.controller, volumeId, node(2), sharedBlock), first, 'one device for both');
  await refused(publish(stack.controller, volumeId, node(3), sharedBlock), 'FAILED_PRECONDITION');
  await refused(publish(stack.controller, volumeId, node(3)), 'FAILED_PRECONDITION');
  assert.deepEqual((await nodesOf(stack, volumeId)).toSorted(), [node(1), node(2)]);
  assert.ok((await look(stack.simulator, COMMENT)).length <= 200);
  await unpublish(stack.controller, volumeId, node(1));
  assert.deepEqual(await nodesOf(stack, volumeId), [node(2)]);
  assert.equal(await look(stack.simulator, EXPORT), 'true');
  await publish(stack.controller, volumeId, node(3), sharedBlock);
  await unpublish(stack.controller, volumeId, '');
  assert.deepEqual(await nodesOf(stack, volumeId), []);
  assert.equal(await look(stack.simulator, EXPORT), 'false');
});

test('unpublish takes only its own node away; one without a node id takes all', async (t) => {
  const stack = await startStack(t);
  const volumeId = await makeVolume(stack.controller);
  await publish(stack.controller, volumeId, node(1));
  await unpublish(stack.controller, volumeId, node(2));
  await unpublish(stack.controller, volumeId, 'a-node-that-is-gone');
  assert.deepEqual(await nodesOf(stack, volumeId), [node(1)]);
  await unpublish(stack.controller, volumeId, '');
  assert.deepEqual(await nodesOf(stack, volumeId), []);
});

test('human-readable text in the comment survive a publication', async (t) => {
  const stack = await startStack(t);
  const parameters = {
    'csi.storage.k8s.io/pvc/name': 'c'.repeat(70),
    'csi.storage.k8s.io/pvc/namespace': 'team',
  };
  const volumeId = await makeVolume(stack.controller, MiB, { parameters });
  const fresh = await look(stack.simulator, COMMENT);
  await publish(stack.controller, volumeId);
  await unpublish(stack.controller, volumeId);
  assert.equal(withoutGeneration(await look(stack.simulator, COMMENT)), withoutGeneration(fresh));
  await change(stack.simulator, '/disk set [find where type=file] comment="changed by hand"');
  await publish(stack.controller, volumeId);
  assert.match(await look(stack.simulator, COMMENT), /^rose:2 .*changed by hand$/);
  assert.deepEqual(await nodesOf(stack, volumeId), [node(1)]);
});

test('an export that was turned off by hand shows as not published, and publish turns it on again', async (t) => {
  const stack = await startStack(t);
  const volumeId = await makeVolume(stack.controller);
  await publish(stack.controller, volumeId);
  await change(stack.simulator, '/disk set [find where type=file] nvme-tcp-export=no');
  assert.deepEqual(await nodesOf(stack, volumeId), []);
  await publish(stack.controller, volumeId);
  assert.deepEqual(await nodesOf(stack, volumeId), [node(1)]);
});

test('an NQN that was changed by hand is reported with the remedy, and never handed out', async (t) => {
  const stack = await startStack(t);
  const volumeId = await makeVolume(stack.controller);
  const before = await publish(stack.controller, volumeId);
  await change(stack.simulator, '/disk set [find where type=file] nvme-tcp-server-nqn=nqn.2026-11.example:mine');
  await refused(publish(stack.controller, volumeId), 'FAILED_PRECONDITION', /example:mine.*nvme-tcp-export=no/);
  await change(stack.simulator, '/disk set [find where type=file] nvme-tcp-export=no');
  assert.deepEqual(await publish(stack.controller, volumeId), before);
});

test('an export without a recorded node is never handed out: someone else may use it', async (t) => {
  const stack = await startStack(t);
  const volumeId = await makeVolume(stack.controller);
  await change(stack.simulator, '/disk set [find where type=file] nvme-tcp-export=yes');
  await refused(publish(stack.controller, volumeId), 'FAILED_PRECONDITION', /nvme-tcp-export=no/);
  await refused(stack.controller.deleteVolume({ volumeId }), 'FAILED_PRECONDITION', /nvme-tcp-export=no/);
});

test('words in front of a record let the end of a publication to another node take the export from its node', async (t) => {
  const stack = await startStack(t);
  const { controller, simulator } = stack;
  const volumeId = await makeVolume(controller);
  const { nqn = '' } = await publish(controller, volumeId, node(1));
  for (const words of ['mine: ', 'x'.repeat(120)]) {
    await change(
      simulator,
      `:local d [/disk find where type=file]; /disk set $d comment=("${words}".[/disk get ($d->0) comment])`,
    );
    await refused(unpublish(controller, volumeId, node(2)), 'FAILED_PRECONDITION', /nvme-tcp-export=no/);
    await refused(publish(controller, volumeId, node(1)), 'FAILED_PRECONDITION', /nvme-tcp-export=no/);
    assert.ok(await stack.api.read(nqn, { offset: 0, length: 1 }), 'its node still reaches it');
  }
  await change(simulator, '/disk set [find where type=file] nvme-tcp-export=no');
  await unpublish(controller, volumeId, node(1));
  await publish(controller, volumeId, node(2));
  assert.deepEqual(await nodesOf(stack, volumeId), [node(2)]);
  assert.ok((await look(simulator, COMMENT)).length <= 200);
});

test('the allow-list is set to the node when the configuration asks for it, and emptied afterwards', async (t) => {
  const stack = await startStack(t, { backend: { nvme: { address: '192.0.2.1', allowHostName: true } } });
  const volumeId = await makeVolume(stack.controller);
  const allowed = ':put [/disk get ([/disk find where type=file]->0) nvme-tcp-server-allow-host-name]';
  await publish(stack.controller, volumeId, node(1), sharedBlock);
  assert.equal(await look(stack.simulator, allowed), node(1));
  await refused(publish(stack.controller, volumeId, node(2), sharedBlock), 'FAILED_PRECONDITION');
  await unpublish(stack.controller, volumeId);
  assert.equal(await look(stack.simulator, allowed), '');
});

test('a missing volume or a malformed node is NOT_FOUND, missing fields are invalid, unpublish of nothing is fine', async (t) => {
  const { controller } = await startStack(t);
  const volumeId = await makeVolume(controller);
  const gone = `rds1:${volumeName()}`;
  await refused(publish(controller, gone), 'NOT_FOUND', /\[RC-NOVOL\]$/);
  await refused(publish(controller, 'no handle'), 'NOT_FOUND');
  for (const bad of ['worker-1', 'nqn.2014-08.org.nvmexpress:uuid:XYZ', `${node(1)} `, node(1).toUpperCase()]) {
    await refused(publish(controller, volumeId, bad), 'NOT_FOUND', /node/);
  }
  await refused(publish(controller, volumeId, ''), 'INVALID_ARGUMENT', /node_id/);
  await refused(controller.controllerPublishVolume({ volumeId, nodeId: node(1) }), 'INVALID_ARGUMENT');
  await refused(controller.controllerUnpublishVolume({ volumeId: '', nodeId: node(1) }), 'INVALID_ARGUMENT');
  await unpublish(controller, gone);
  await unpublish(controller, 'no handle');
});

test('a device that cuts comments off was another controller that had been faster', async (t) => {
  const stack = await startStack(t);
  const volumeId = await makeVolume(stack.controller);
  stack.simulator.quirks.set(['comment-cut-at-64']);
  await refused(
    publish(stack.controller, volumeId),
    'UNAVAILABLE',
    /the RDS truncates comments.*doctor --write.*\[RC-CUT\]$/,
  );
  stack.simulator.quirks.set([]);
  await publish(stack.controller, volumeId);
});
