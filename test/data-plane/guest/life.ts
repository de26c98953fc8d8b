/** The node guest, scenario one: the life of a volume, for both filesystems and raw block. */
import { Cluster, MiB, type Mounted, type Use } from './cluster.ts';
import { holds, records, Writer, write } from './content.ts';
import { joinNetwork, sizeOf, traces } from './machine.ts';
import { check, scenario, step } from './report.ts';
import { sh } from './shell.ts';
import { ask } from './wire.ts';

const SIZE: Readonly<Record<Use, number>> = { ext4: 256 * MiB, xfs: 384 * MiB, block: 64 * MiB };

async function life(cluster: Cluster, use: Use): Promise<void> {
  const say = (text: string) => `${use}: ${text}`;
  const source = await step(say('create and mount'), async () => cluster.mount(await cluster.create(use, SIZE[use])));
  write(source, 'first');
  const writer = new Writer(source, use);
  await step(say('write'), () => writer.more(10));
  const before = writer.synced;
  const snapshotId = await step(say('snapshot while a writer runs'), () => cluster.snapshot(source));
  const after = writer.synced;
  await step(say('write on'), () => writer.more(10));
  write(source, 'second');

  const restored = await step(say('restore larger, beside its source'), async () =>
    cluster.mount(await cluster.restore(snapshotId, use, SIZE[use] * 2)),
  );
  check(say('the restored data is that of the snapshot, byte for byte'), holds(restored, 'first'));
  check(say('the restored data is not what was written later'), !holds(restored, 'second'));
  const kept = records(restored, use);
  check(say(`what was flushed before the snapshot is there: ${kept} of ${before}`), kept >= before);
  check(say(`what was written after it is not: ${kept} of ${after} or ${after + 1}`), kept <= after + 1);
  check(say('the restored volume has its larger size'), sizeOf(restored) > SIZE[use] * 1.8);

  await step(say('grow online under load'), () => cluster.grow(source, SIZE[use] * 3));
  check(say('the grown volume has its larger size'), sizeOf(source) > SIZE[use] * 2.7);
  await writer.more(5);
  await writer.stop();
  const whole = writer.synced;
  check(say('the writer lost nothing by the growth'), records(source, use) >= whole && holds(source, 'second'));

  write(restored, 'third');
  const clone = await step(say('clone of the restored volume'), async () => {
    sh('sync');
    return await cluster.mount(await cluster.clone(restored, SIZE[use] * 2));
  });
  check(say('the clone holds what its source holds'), holds(clone, 'third'));
  write(clone, 'fourth');
  check(say('a clone and its source are independent'), holds(restored, 'third'));
  await negativeControl(cluster, source, say);
  await farewell(cluster, [source, restored, clone], snapshotId, say);
}

/** The comparison can fail: a copy of the live volume must not pass for the snapshot. */
async function negativeControl(cluster: Cluster, source: Mounted, say: (text: string) => string): Promise<void> {
  const live = await step(say('negative control: a clone of the live volume'), async () =>
    cluster.mount(await cluster.clone(source, SIZE[source.use] * 3)),
  );
  check(say('negative control: it does not pass for the snapshot'), !holds(live, 'first'));
  await cluster.unmount(live);
  await cluster.delete(live);
}

async function farewell(
  cluster: Cluster,
  volumes: readonly Mounted[],
  snapshotId: string,
  say: (text: string) => string,
): Promise<void> {
  await step(say('unmount'), async () => {
    for (const volume of volumes) await cluster.unmount(volume);
  });
  for (const volume of volumes) {
    if (volume.use === 'block') continue;
    const type = await step(say('check the filesystem'), () => ask<string>('check', volume.id));
    check(say('its filesystem is whole'), type === volume.use);
  }
  await step(say('delete, the source before its snapshot'), async () => {
    const [source, restored, clone] = volumes;
    for (const volume of [source, clone]) if (volume !== undefined) await cluster.delete(volume);
    await cluster.deleteSnapshot(snapshotId);
    if (restored !== undefined) await cluster.delete(restored);
  });
}

await scenario('life', async () => {
  await step('network', joinNetwork);
  const cluster = await step('start the controller', () => Cluster.start('node-1'));
  for (const use of ['ext4', 'xfs', 'block'] as const) await life(cluster, use);
  check('nothing is left in the pool', (await ask<string[]>('subvolumes')).length === 0);
  check('nothing is left to connect to', (await ask<string[]>('subsystems')).length === 0);
  check(`nothing is left on the node: ${traces().join(', ')}`, traces().length === 0);
  await cluster.stop();
  await ask('quit');
});
