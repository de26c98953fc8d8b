import type { Cluster } from '../../data-plane/guest/cluster.ts';
import { records, Writer } from '../../data-plane/guest/content.ts';
import { check, step } from '../../data-plane/guest/report.ts';
import { answer } from './answer.ts';

const SIZE = 64 * 2 ** 20;
const RECORDS = 20;

/** U13: whether a snapshot that is taken under writes holds every record that was flushed before it. */
export async function consistency(cluster: Cluster): Promise<void> {
  await step('U13: a snapshot under writes', async () => {
    const source = await cluster.mount(await cluster.create('block', SIZE));
    const writer = new Writer(source, 'prove');
    await writer.more(RECORDS);
    const flushed = writer.synced;
    const snapshotId = await cluster.snapshot(source);
    const later = writer.synced;
    await writer.more(RECORDS);
    await writer.stop();
    const restored = await cluster.mount(await cluster.restore(snapshotId, 'block', SIZE));
    const kept = records(restored, 'prove');
    const isWhole = kept >= flushed;
    // One more may have been written, but not yet counted, when the snapshot was taken.
    check(`a snapshot is of one moment: ${kept} records of at most ${later + 1}`, kept <= later + 1);
    answer({
      unknown: 'U13',
      source: 'initiator',
      verdict: isWhole ? 'fits' : 'unusable',
      device: isWhole
        ? 'a snapshot holds every record that was flushed before it'
        : `of ${flushed} records that were flushed before a snapshot, it holds ${kept}`,
    });
    for (const volume of [source, restored]) await cluster.unmount(volume);
    await cluster.delete(source);
    await cluster.deleteSnapshot(snapshotId);
    await cluster.delete(restored);
  });
}
