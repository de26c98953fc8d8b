/**
 * The node guest, scenario three: the copies of snapshots on a second RDS outlive the first one, and what was restored from them
 * comes back to it.
 */
import { type Administered, exchangeKeys, RECEIVER } from '../../support/exchange-keys.ts';
import { backendOn, CLUSTER, Cluster, type Configuration, MiB, type Mounted } from './cluster.ts';
import { DATA_BYTES, holds, records, Writer, write } from './content.ts';
import type { ImageDigest } from './image-digest.ts';
import { joinNetwork, traces } from './machine.ts';
import { askOutside } from './outside.ts';
import { check, scenario, step } from './report.ts';
import { ask, LOOPBACK, PEER_PORT, SECOND_ADDRESS, STORAGE_ADDRESS } from './wire.ts';

const SIZE = 64 * MiB;
const DATA = 'written once';
/** Between two records of a pod. */
const PAUSE_MS = 250;
/** How long the node is asked again to end a volume of an RDS that is gone. */
const PATIENCE_MS = 90_000;
/** With a keep-alive by which the kernel soon notices that the RDS is gone. */
const FIRST = { parameters: { backend: 'rds1', pool: 'pool', keepAliveTimeoutSeconds: '5' } };
const SECOND = { parameters: { backend: 'rds2', pool: 'pool' } };

type Backend = Awaited<ReturnType<typeof backendOn>>;

/** A pod that writes all the while. */
interface Pod {
  readonly volume: Mounted;
  readonly seed: string;
  readonly writer: Writer;
}

/** A snapshot that has a copy, and what is known of it. */
interface Snapshot {
  readonly id: string;
  readonly seed: string;
  /** Records that were flushed when it was asked for, and when it was there. */
  readonly before: number;
  readonly after: number;
}

/** Gives each RDS the key of the other. @returns a configuration in which their pools are the replicas of each other. */
async function pair(): Promise<Configuration> {
  const [first, second] = [await backendOn(STORAGE_ADDRESS, 'rds1'), await backendOn(SECOND_ADDRESS, 'rds2')];
  // Each comes to the other by a door that leads on from loopback.
  await exchangeKeys(doorTo(first), doorTo(second), LOOPBACK);
  await exchangeKeys(doorTo(second), doorTo(first), LOOPBACK);
  return { clusterId: CLUSTER, backends: [copiedTo(first, second), copiedTo(second, first)] };
}

function doorTo({ ssh, pools }: Backend): Administered {
  return { address: ssh.host, port: ssh.port, user: ssh.user, keyFile: ssh.privateKeyFile, pools };
}

function copiedTo(backend: Backend, { name }: Backend): Backend {
  const replica = { backend: name, pool: 'pool', address: LOOPBACK, port: PEER_PORT, user: RECEIVER };
  return { ...backend, pools: backend.pools.map((pool) => ({ ...pool, replica })) };
}

/** The id of a copy, on the other RDS than the snapshot. */
function copyOf(snapshotId: string): string {
  return snapshotId.replace(/^rds./, (name) => (name === 'rds1' ? 'rds2' : 'rds1'));
}

function addressOf(id: string): string {
  return id.startsWith('rds1:') ? STORAGE_ADDRESS : SECOND_ADDRESS;
}

function start(volume: Mounted, seed: string): Pod {
  return { volume, seed, writer: new Writer(volume, seed, PAUSE_MS) };
}

/** Takes a snapshot in the middle of writes, and has it copied in the middle of writes, too. */
async function takeSnapshot(cluster: Cluster, pod: Pod, how: 'in full' | 'as a difference'): Promise<Snapshot> {
  const { volume, seed, writer } = pod;
  await writer.more(5);
  const before = writer.synced;
  const id = await step('snapshot while a writer runs', () => cluster.snapshot(volume));
  const after = writer.synced;
  const sent = await step(`it is copied ${how} while a writer runs`, () => cluster.copied(id));
  check(`the writer went on: ${writer.synced - after} records`, writer.synced > after);
  const [original, copy] = await step('read snapshot and copy', () =>
    Promise.all([id, copyOf(id)].map((one) => ask<ImageDigest>('digest', one, addressOf(one)))),
  );
  check('the copy is the snapshot, byte for byte', original?.digest === copy?.digest);
  // A difference has not the data that was written once, a whole copy has it and all the rest.
  const bytes = original?.bytes ?? 0;
  const isWhole = sent > DATA_BYTES && sent > bytes - DATA_BYTES;
  check(`it was sent ${how}: ${sent} bytes of ${bytes}`, sent > 0 && isWhole === (how === 'in full'));
  return { id, seed, before, after };
}

/** Compares what was made of a snapshot with what that is known to hold. */
function compare(volume: Mounted, { seed, before, after }: Snapshot): void {
  check('its data is that of the snapshot, byte for byte', holds(volume, DATA));
  const kept = records(volume, seed);
  check(`every record that was flushed before the snapshot is there: ${kept} of ${before}`, kept >= before);
  check(`what was written after it is not: ${kept} of ${after} or ${after + 1}`, kept <= after + 1);
}

/** Asks the node as kubelet does: again and again, while it refuses for the time being. */
async function patiently<T>(call: () => Promise<T>): Promise<T> {
  const end = Date.now() + PATIENCE_MS;
  for (;;) {
    try {
      return await call();
    } catch (error) {
      if (!String(error).includes(' UNAVAILABLE: ') || Date.now() > end) throw error;
    }
  }
}

await scenario('replicas', async () => {
  await step('network', () => joinNetwork([STORAGE_ADDRESS, SECOND_ADDRESS]));
  const configuration = await step('each RDS may log in to the other', pair);
  const cluster = await step('start the controller', () =>
    Cluster.start('node-1', configuration, '/rose/eager-controller.mjs'),
  );

  const source = await step('RDS 1: create and mount', async () =>
    cluster.mount(await cluster.create('ext4', SIZE, FIRST)),
  );
  write(source, DATA);
  const pod = start(source, 'there');
  const snapshots = [await takeSnapshot(cluster, pod, 'in full')];
  snapshots.push(await takeSnapshot(cluster, pod, 'as a difference'));
  const newest = await takeSnapshot(cluster, pod, 'as a difference');
  await pod.writer.stop();

  await ask('sync');
  await step('RDS 1 loses its power', () => askOutside(`off ${STORAGE_ADDRESS}`));
  const claim = await step('RDS 2: the newest snapshot is restored', () =>
    cluster.restore(newest.id, 'ext4', SIZE, SECOND),
  );
  const ended = patiently(() => cluster.detach(source));
  const restored = await step('it is mounted, beside the pod on RDS 1 that ends', () => cluster.mount(claim));
  compare(restored, newest);
  const second = start(restored, 'elsewhere');
  await step('it is written to', () => second.writer.more(5));
  await step('the pod on RDS 1 has ended, and what it had not flushed is lost', () => ended);

  await step('RDS 1 has its power back', async () => {
    await askOutside(`on ${STORAGE_ADDRESS}`);
    await ask('rds');
  });
  // The restored volume is another one than its source, so RDS 1 has no snapshot yet that the first one could be the difference to.
  snapshots.push(newest, await takeSnapshot(cluster, second, 'in full'));
  const back = await takeSnapshot(cluster, second, 'as a difference');
  await second.writer.stop();
  const home = await step('RDS 1: what was written on RDS 2 is restored and mounted', async () =>
    cluster.mount(await cluster.restore(back.id, 'ext4', SIZE, FIRST)),
  );
  compare(home, back);
  write(home, 'written again');
  check('and can be written', holds(home, 'written again'));

  await step('unmount', async () => {
    await cluster.unmount(restored);
    await cluster.unmount(home);
    await cluster.unpublish(source);
  });
  check('the filesystem of RDS 2 is whole', (await ask('check', restored.id, SECOND_ADDRESS)) === 'ext4');
  check('that of RDS 1 is, too', (await ask('check', home.id)) === 'ext4');
  await step('delete everything', async () => {
    for (const volume of [source, restored, home]) await cluster.delete(volume);
    for (const { id } of [...snapshots, back]) {
      await cluster.deleteSnapshot(id);
      await cluster.deleteSnapshot(copyOf(id));
    }
  });
  for (const address of [STORAGE_ADDRESS, SECOND_ADDRESS])
    check(`nothing is left in the pool of ${address}`, (await ask<string[]>('subvolumes', '', address)).length === 0);
  check(`nothing is left on the node: ${traces().join(', ')}`, traces().length === 0);
  await cluster.stop();
  for (const address of [STORAGE_ADDRESS, SECOND_ADDRESS]) await ask('quit', '', address);
});
