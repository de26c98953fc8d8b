import type { Cluster } from '../../data-plane/guest/cluster.ts';
import { step } from '../../data-plane/guest/report.ts';
import { sh } from '../../data-plane/guest/shell.ts';
import { until } from '../../support/until.ts';
import { answer } from './answer.ts';

const SIZE = 128 * 2 ** 20;
const WRITTEN_MIB = 24;
/** How long space may take to come back, in ms: a Btrfs commits every 30 s. */
const BACK_MS = 45_000;
const LOOK_MS = 500;

/** U29: whether the pool gets space back that a filesystem in a volume trims. */
export async function discards(cluster: Cluster): Promise<void> {
  await step('U29: a trim', async () => {
    const free = async () => (await cluster.controller.getCapacity({})).availableCapacity;
    const volume = await cluster.mount(await cluster.create('ext4', SIZE));
    const written = BigInt(WRITTEN_MIB) << 20n;
    const before = await free();
    sh(`dd if=/dev/urandom of=${volume.path}/data bs=1M count=${WRITTEN_MIB} status=none; sync -f ${volume.path}/data`);
    await commit(cluster);
    const isTaken = await comesToBe(async () => before - (await free()) > written / 2n);
    const full = await free();
    sh(`rm ${volume.path}/data; sync -f ${volume.path}; fstrim ${volume.path}`);
    await commit(cluster);
    const isBack = isTaken && (await comesToBe(async () => (await free()) - full > written / 2n));
    const device = !isTaken
      ? 'the free space of the pool did not fall by what was written, so nothing can be said of what a trim gives back'
      : `of ${WRITTEN_MIB} MiB that were written, deleted and trimmed, the pool gets ${isBack ? 'the space back' : 'nothing back'}`;
    answer({
      unknown: 'U29',
      source: 'initiator',
      verdict: isTaken ? (isBack ? 'fits' : 'differs') : 'untested',
      device,
    });
    await cluster.unmount(volume);
    await cluster.delete(volume);
  });
}

/** Btrfs counts what is free when it commits, which it does every 30 s, and when a subvolume is made. */
async function commit(cluster: Cluster): Promise<void> {
  await cluster.delete(await cluster.create('block', 2 ** 20));
}

async function comesToBe(condition: () => Promise<boolean>): Promise<boolean> {
  return await until(condition, BACK_MS, LOOK_MS).then(
    () => true,
    () => false,
  );
}
