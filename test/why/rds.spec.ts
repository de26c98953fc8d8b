import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { type TestContext, test } from 'node:test';
import { nodeIdOf } from '../../src/storage/ids.ts';
import {
  attachment,
  CREATING,
  content,
  event,
  healthy,
  PV,
  pod,
  storageClass,
  unbound,
  volume,
} from '../../src/why/objects.fixture.ts';
import { MiB, makeSnapshot, makeVolume, outcome, publish, volumeName } from '../support/calls.ts';
import { change, inventory, look } from '../support/console.ts';
import { filesystem, volumeRequest } from '../support/requests.ts';
import { CLUSTER_ID, type Stack, startStack } from '../support/stack.ts';
import { startCommandFixture } from './command-fixture.ts';

const node = (name: string) => nodeIdOf(CLUSTER_ID, name);

/** An RDS with one volume, and a cluster in which it is bound, attached and used on node-a. */
async function startFixture(t: TestContext) {
  const stack = await startStack(t);
  const id = await makeVolume(stack.controller, 4n * MiB);
  const objects = healthy().put(
    'persistentvolumes',
    volume({ spec: { capacity: { storage: '4Mi' }, csi: { driver: 'rds.rose-csi.io', volumeHandle: id } } }),
  );
  const { run } = await startCommandFixture(t, objects);
  return { stack, id, objects, why: (...args: string[]) => run(...args, '--config', stack.configFile) };
}

test('a volume as it should be: the RDS reports the node by its name, and nothing is changed on it', async (t) => {
  const { stack, id, why } = await startFixture(t);
  await publish(stack.controller, id, node('node-a'));
  const before = [await inventory(stack.simulator), await look(stack.simulator, '/disk/print detail')];
  const { code, stdout, words, stderr } = await why('data');
  assert.equal(code, 0, stdout + stderr);
  assert.match(words, new RegExp(`✓ RDS, ${id}: 4 MiB, pool pool, exported, published to node-a `));
  assert.doesNotMatch(stdout, /the RDS was not asked/);
  assert.deepEqual([await inventory(stack.simulator), await look(stack.simulator, '/disk/print detail')], before);
});

test('a volume that the RDS has published to a node that was deleted from Kubernetes', async (t) => {
  const { stack, id, objects, why } = await startFixture(t);
  await publish(stack.controller, id, node('node-z'));
  const error = await stack.controller
    .controllerPublishVolume({ volumeId: id, nodeId: node('node-a'), volumeCapability: filesystem })
    .then(
      () => assert.fail('published to two nodes'),
      (refusal: { details?: string }) => refusal.details ?? '',
    );
  objects
    .put(
      'volumeattachments',
      attachment('node-a', {
        status: { attached: false, attachError: { message: `rpc error: code = FailedPrecondition desc = ${error}` } },
      }),
    )
    .put('pods', pod('db-0', 'node-a', { status: CREATING }));
  const { code, stdout, words } = await why('data');
  assert.equal(code, 1);
  assert.match(words, new RegExp(`STUCK: The RDS has the volume published to ${node('node-z')},`));
  await change(stack.simulator, commandIn(stdout));
  await publish(stack.controller, id, node('node-a'));
});

/** The command for the RDS in what was printed. */
function commandIn(stdout: string): string {
  return /^ {2}(\/disk set .*)$/m.exec(stdout)?.[1] ?? assert.fail(stdout);
}

test('the command that was printed took the volume from the node that had got it meanwhile', async (t) => {
  const { stack, id, objects, why } = await startFixture(t);
  await publish(stack.controller, id, node('node-z'));
  objects.put('volumeattachments', attachment('node-a', { status: { attached: false } }));
  const command = commandIn((await why('data')).stdout);
  await stack.controller.controllerUnpublishVolume({ volumeId: id, nodeId: node('node-z') });
  await publish(stack.controller, id, node('node-a'));
  const before = await look(stack.simulator, '/disk/print detail');
  await look(stack.simulator, command);
  assert.deepEqual(await look(stack.simulator, '/disk/print detail'), before);
});

test('the command for an export by hand took the volume from the node that had got it meanwhile', async (t) => {
  const { stack, id, objects, why } = await startFixture(t);
  const slot = `pvc-${id.slice('rds1:pvc-'.length).replaceAll('-', '').slice(0, 28)}`;
  await change(stack.simulator, `/disk set [find slot=${slot}] nvme-tcp-export=yes`);
  objects.put('volumeattachments', attachment('node-a', { status: { attached: false } }));
  const command = commandIn((await why('data')).stdout);
  await change(stack.simulator, command);
  await publish(stack.controller, id, node('node-a'));
  const before = await look(stack.simulator, '/disk/print detail');
  await look(stack.simulator, command);
  assert.deepEqual(await look(stack.simulator, '/disk/print detail'), before);
});

test('a command was printed that took the volume of another cluster from its node', async (t) => {
  const { stack, id, objects, why } = await startFixture(t);
  await publish(stack.controller, id, node('node-z'));
  objects.put('volumeattachments', attachment('node-a', { status: { attached: false } }));
  const document = JSON.parse(await readFile(stack.configFile, 'utf8')) as object;
  await writeFile(stack.configFile, JSON.stringify({ ...document, clusterId: 'another' }));
  const { code, stdout } = await why('data');
  assert.equal(code, 1);
  assert.doesNotMatch(stdout, /\/disk set/);
});

test('a volume, and a snapshot, that someone removed on the RDS', async (t) => {
  const { stack, id, objects, why } = await startFixture(t);
  const snapshotId = await makeSnapshot(stack.controller, id);
  objects.put(
    'volumesnapshotcontents',
    content({ spec: { source: { volumeHandle: id } }, status: { snapshotHandle: snapshotId } }),
  );
  const there = await why('vs/monday');
  assert.equal(there.code, 0, there.stdout);
  assert.match(there.words, new RegExp(`✓ RDS, ${snapshotId}: 4 MiB, pool pool, taken 20`));
  await stack.controller.deleteSnapshot({ snapshotId });
  await stack.controller.deleteVolume({ volumeId: id });
  const [gone, goneSnapshot] = [await why('data', '--json'), await why('vs/monday', '--json')];
  for (const { code, stdout } of [gone, goneSnapshot]) {
    assert.equal(code, 1);
    const { findings, backendAsked } = JSON.parse(stdout) as { findings: { rule: string }[]; backendAsked: boolean };
    assert.deepEqual([findings[0]?.rule, backendAsked], ['device-absent', true]);
  }
});

test('a volume of a cluster that was lost, until its id is adopted', async (t) => {
  const { stack, id, why } = await startFixture(t);
  await publish(stack.controller, id, node('node-a'));
  const document = JSON.parse(await readFile(stack.configFile, 'utf8')) as object;
  await writeFile(stack.configFile, JSON.stringify({ ...document, clusterId: 'heir' }));
  const { code, words } = await why('data');
  assert.equal(code, 1);
  assert.match(words, /STUCK: rds1:pvc-\S+ belongs to another cluster \(owner [0-9a-f]{8}\)/);
});

test('an RDS with another pool than the configured one', async (t) => {
  const { stack, why } = await startFixture(t);
  const document = (await readFile(stack.configFile, 'utf8')).replace('5d1c9a43', '00000000');
  await writeFile(stack.configFile, document);
  const { code, stdout, words } = await why('data');
  assert.equal(code, 1, stdout);
  assert.match(words, /STUCK: The RDS rds1 is not usable as configured\. Why: pool pool: its uuid is 5d1c9a43/);
  assert.doesNotMatch(words, /could not be asked from here/);
});

test('a claim without a volume, on an RDS that cannot be reached', async (t) => {
  const stack = await startStack(t);
  const { run } = await startCommandFixture(t, unbound());
  await stack.simulator.close();
  const { code, stdout, words } = await run('data', '--config', stack.configFile);
  assert.equal(code, 1, stdout);
  assert.match(words, /STUCK: The claim has no answer yet/);
  assert.match(words, /\? The RDS could not be asked from here\. .*Message: .*\[RDS-UNREACHABLE\]/, 'with the reason');
});

test('the words of an RDS that is full, as the controller passes them on', async (t) => {
  const stack = await startStack(t);
  const message = await refusalOf(stack);
  const objects = unbound().put('events', event('PersistentVolumeClaim', 'data', 'ProvisioningFailed', message));
  const { run } = await startCommandFixture(t, objects);
  const { code, words } = await run('data', '--config', stack.configFile);
  assert.equal(code, 1);
  assert.match(words, /Why: The pool has too little free space\..* \d+ TiB needed with the reserve.*\[RC-SPACE\]/);
  assert.match(words, /✓ RDS rds1: nothing is there yet, 10\d\d(\.\d)? GiB left for new volumes /);
});

/** Asks for more than the pool has, as external-provisioner would, and returns the message of its Event. */
async function refusalOf({ controller }: Stack): Promise<string> {
  const refused = controller.createVolume(volumeRequest(volumeName(), 2n ** 42n));
  assert.equal(await outcome(refused), 'RESOURCE_EXHAUSTED');
  const { details } = await refused.then(
    () => assert.fail(),
    (error: { details: string }) => error,
  );
  return `failed to provision volume with StorageClass "rds": rpc error: code = ResourceExhausted desc = ${details}`;
}

test('what the driver refuses of a class is said in its words, also while no one asks it for a volume', async (t) => {
  const stack = await startStack(t);
  for (const parameters of [{ pool: 'warm' }, { backend: 'rds9' }, { pol: 'pool' }]) {
    const request = { ...volumeRequest(volumeName(), MiB), parameters };
    const { details } = await stack.controller.createVolume(request).then(
      () => assert.fail(),
      (error: { details: string }) => error,
    );
    const objects = unbound().put('storageclasses', storageClass({ parameters }));
    const { run } = await startCommandFixture(t, objects);
    const { stdout } = await run('data', '--json', '--config', stack.configFile);
    const { findings } = JSON.parse(stdout) as { findings: { rule: string; message?: string }[] };
    assert.deepEqual([findings[0]?.rule, findings[0]?.message], ['class-refused', details]);
  }
});

test('a content of a backend that is not configured', async (t) => {
  const { objects, why } = await startFixture(t);
  objects.put('volumesnapshotcontents', content({ status: { snapshotHandle: `rds7:snap-${crypto.randomUUID()}` } }));
  objects.put(
    'persistentvolumes',
    volume({ spec: { csi: { driver: 'rds.rose-csi.io', volumeHandle: `rds8:${PV}` } } }),
  );
  const [snapshot, claim] = await Promise.all([why('vs/monday'), why('data')]);
  assert.match(snapshot.words, /on a backend that the configuration does not have: rds7\./);
  assert.match(claim.words, /on a backend that the configuration does not have: rds8\./);
  assert.deepEqual([snapshot.code, claim.code], [1, 1]);
});

test('a backend that was renamed in the configuration is not a volume that is lost', async (t) => {
  const { stack, id, why } = await startFixture(t);
  const document = await readFile(stack.configFile, 'utf8');
  await writeFile(stack.configFile, document.replace('"rds1"', '"store1"'));
  const { code, stdout } = await why('data', '--json');
  const { findings } = JSON.parse(stdout) as { findings: { rule: string; what: string }[] };
  assert.equal(code, 1);
  assert.equal(findings[0]?.rule, 'backend-renamed');
  assert.equal(findings[0]?.what, `This configuration has ${id} as ${id.replace('rds1', 'store1')}.`);
});

test('a volume that is fine in a pool that is not: nothing is stuck, and the pool is reported', async (t) => {
  const { stack, id, why } = await startFixture(t);
  await publish(stack.controller, id, node('node-a'));
  await stack.api.setPool({ pool: 'pool', missingDevice: true });
  const { code, words } = await why('data');
  assert.equal(code, 0);
  assert.match(words, /! RDS, rds1:pvc-\S+: 4 MiB, pool pool/);
  assert.match(words, /DEGRADED: Pool pool of rds1 is degraded: PoolDeviceMissing\. .*put it back or replace it/);
  await stack.api.setQuirks(['filesystem-health-unset']);
  assert.match((await why('data')).words, /Nothing is stuck: every link/);
});
