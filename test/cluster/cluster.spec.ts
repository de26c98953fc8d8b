import assert from 'node:assert/strict';
import { mkdtempSync } from 'node:fs';
import { test } from 'node:test';
import { lack } from '../support/capability.ts';
import { until } from '../support/until.ts';
import { type Cluster, down, up } from './cluster.ts';
import type { Kubectl } from './kubectl.ts';
import { leftovers } from './leftovers.ts';
import { COUNTING, claim, pod, snapshot } from './objects.ts';
import { obstacle } from './obstacle.ts';

/** The programs are built the first time, and that takes long. */
const BUILDING = { timeout: 7_200_000 };
const SECONDS = 120;
const GiB = 1024 ** 3;

/** At once: what is said to the test is shown when it ends. */
const say = (line: string): void => {
  process.stderr.write(`${line}\n`);
};

const interruption = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => interruption.abort());

test('what a user does with volumes, in a real cluster', BUILDING, async (t) => {
  const lacking = obstacle();
  if (lacking !== undefined) return lack(t, `no cluster: ${lacking}`);
  const directory = mkdtempSync('/var/tmp/rose-csi-test-');
  t.after(() => down(directory));
  // Whatever a step waits for ends with the machines.
  interruption.signal.addEventListener('abort', () => down(directory).finally(() => process.exit(1)));
  const cluster = await up(directory, { say, signal: interruption.signal });
  const { kubectl } = cluster;

  await t.test('a claim of the class is bound, and a pod writes to it', async () => {
    await kubectl.apply(claim('origin', 'rose-csi-xfs', '1Gi'), pod('writer', 'origin', 'n1', COUNTING));
    await kubectl.wait('condition=Ready', ['pod/writer'], SECONDS);
    assert.equal(await kubectl.field('pvc', 'origin', '.status.phase'), 'Bound');
    await until(async () => (await counted(kubectl, 'writer')) > 10, SECONDS * 1000);
  });

  await t.test('a snapshot while it writes has all that was written before it, and on another node', async () => {
    const before = await counted(kubectl, 'writer');
    await kubectl.apply(snapshot('moment', 'origin'));
    await kubectl.wait('jsonpath={.status.readyToUse}=true', ['volumesnapshot/moment'], SECONDS);
    const afterwards = await counted(kubectl, 'writer');
    const from = { kind: 'VolumeSnapshot', name: 'moment' } as const;
    await kubectl.apply(claim('restored', 'rose-csi-xfs', '1Gi', from), pod('reader', 'restored', 'n2', 'sleep 86400'));
    await kubectl.wait('condition=Ready', ['pod/reader'], SECONDS);
    const last = await counted(kubectl, 'reader');
    // A number stands there only when the one before it is on the disk.
    assert.ok(before - 1 <= last && last <= afterwards, `${before} before, ${last} in it, ${afterwards} after`);
    const lines = Array.from({ length: last }, (_, index) => `${index + 1}\n`).join('');
    assert.equal(await kubectl.run(['exec', 'reader', '--', 'cat', '/data/log']), lines);
  });

  await t.test('a clone of a volume in use has what was written before it', async () => {
    const before = await counted(kubectl, 'writer');
    const from = { kind: 'PersistentVolumeClaim', name: 'origin' } as const;
    await kubectl.apply(claim('cloned', 'rose-csi-xfs', '1Gi', from), pod('twin', 'cloned', 'n2', 'sleep 86400'));
    await kubectl.wait('condition=Ready', ['pod/twin'], SECONDS);
    const last = await counted(kubectl, 'twin');
    assert.ok(last >= before - 1, `${before} before, ${last} in it`);
    await remove(cluster, 'pod/twin', 'pvc/cloned');
  });

  await t.test('a volume grows while a pod writes to it', async () => {
    const sizeOf = async () =>
      Number((await kubectl.run(['exec', 'writer', '--', 'df', '-k', '/data'])).split(/\s+/).at(-6));
    const small = await sizeOf();
    assert.ok(small < GiB / 1024, `${small} KiB`);
    const wanted = { spec: { resources: { requests: { storage: '2Gi' } } } };
    await kubectl.run(['patch', 'pvc', 'origin', `--patch=${JSON.stringify(wanted)}`]);
    await kubectl.wait('jsonpath={.status.capacity.storage}=2Gi', ['pvc/origin'], SECONDS);
    await until(async () => (await sizeOf()) > (1.8 * GiB) / 1024, SECONDS * 1000);
    const before = await counted(kubectl, 'writer');
    await until(async () => (await counted(kubectl, 'writer')) > before, SECONDS * 1000);
  });

  await t.test('a claim waits for its pod, which is placed by free space that stays published', async () => {
    await kubectl.apply(claim('late', 'rose-csi-wait', '1Gi'), pod('waiter', 'late', 'n2', 'sleep 86400'));
    await kubectl.wait('condition=Ready', ['pod/waiter'], SECONDS);
    const volume = await kubectl.field('pvc', 'late', '.spec.volumeName');
    const affinity = await kubectl.field('pv', volume, '.spec.nodeAffinity.required');
    assert.match(affinity, /rds\.rose-csi\.io\/network-default/);
    // csi-provisioner deleted each object within ten seconds while nodes had no topology.
    await until(async () => (await agesOfCapacities(kubectl)).every((seconds) => seconds > 30), SECONDS * 1000);
    await remove(cluster, 'pod/waiter', 'pvc/late');
  });

  await t.test('the origin goes first, then the snapshot, then the restore, and the box is empty', async () => {
    await remove(cluster, 'pod/writer', 'pvc/origin');
    await remove(cluster, 'volumesnapshot/moment');
    assert.ok((await counted(kubectl, 'reader')) > 10, 'the restore needs neither');
    await remove(cluster, 'pod/reader', 'pvc/restored');
    for (const kind of ['pv', 'volumesnapshotcontents', 'volumeattachments']) {
      await until(async () => (await kubectl.list(kind)).length === 0, SECONDS * 1000);
    }
    const pools = await cluster.box.pools();
    assert.deepEqual(
      pools.flatMap(({ subvolumes, strayFiles }) => [...subvolumes, ...strayFiles]),
      [],
    );
  });

  await t.test('nothing of the cluster is left when it is down', async () => {
    assert.ok((await leftovers(directory)).length > 0, 'while it is up there is something to find');
    await down(directory);
    assert.deepEqual(await leftovers(directory), []);
  });
});

/** The last number in a pod's log, 0 when there is none. A line is written whole or not at all. */
async function counted(kubectl: Kubectl, name: string): Promise<number> {
  const command = 'test ! -e /data/log || tail -n 1 /data/log';
  return Number(await kubectl.run(['exec', name, '--', 'sh', '-c', command]));
}

/** How long ago, in seconds, each object was made that tells the scheduler of free space. */
async function agesOfCapacities(kubectl: Kubectl): Promise<number[]> {
  const path = '{.items[*].metadata.creationTimestamp}';
  const times = await kubectl.run(['get', 'csistoragecapacities', '--namespace=rose-csi', `--output=jsonpath=${path}`]);
  return times.split(' ').map((time) => (Date.now() - Date.parse(time)) / 1000);
}

async function remove({ kubectl }: Cluster, ...names: readonly string[]): Promise<void> {
  await kubectl.run(['delete', ...names, `--timeout=${SECONDS}s`]);
}
