/** An ext4 in which the kernel has recorded an error: it is never grown online, and must not stay small forever. */
import { readFileSync, writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import { until } from '../../support/until.ts';
import { type Cluster, MiB, type Mounted } from './cluster.ts';
import { holds, write } from './content.ts';
import { sizeOf } from './machine.ts';
import { check, refusal, step } from './report.ts';
import { sh } from './shell.ts';

const SIZE = 128 * MiB;

/** Folder in which the kernel's ext4 shows a mounted volume. */
function ext4Of({ path }: Mounted): string {
  return `/sys/fs/ext4/${basename(sh(`findmnt --noheadings --output SOURCE --target ${path}`).trim())}`;
}

/** Makes the kernel find an error, as it would in a broken directory or bitmap: it takes no more writes from then on. */
function recordError(volume: Mounted): void {
  writeFileSync(`${ext4Of(volume)}/trigger_fs_error`, 'a broken block bitmap\n');
}

function errorsOf(volume: Mounted): number {
  return Number(readFileSync(`${ext4Of(volume)}/errors_count`, 'utf8'));
}

/** The volume grows, the kernel refuses to grow what it takes for broken, and the next pod has the whole of it. */
export async function recordedError(cluster: Cluster): Promise<void> {
  const claim = await cluster.create('ext4', SIZE);
  const volume = await step('ext4 with an error: create and mount', () => cluster.mount(claim));
  write(volume, 'whole');
  recordError(volume);
  await step('ext4 with an error: the kernel has recorded it', () => until(async () => errorsOf(volume) > 0, 30_000));
  const reason = await step('ext4 with an error: grow it online', () => refusal(cluster.grow(volume, SIZE * 3)));
  check(`the growth is refused with the way out: ${reason.slice(0, 300)}`, reason.includes('[NODE-GROW]'));
  check('it keeps its size and can be read', sizeOf(volume) < SIZE && holds(volume, 'whole'));
  await step('ext4 with an error: its last pod goes', () => cluster.unmount(volume));
  const again = await step('ext4 with an error: the next one starts', () => cluster.mount(claim));
  check('it has been repaired', errorsOf(again) === 0);
  check('it has its larger size', sizeOf(again) > SIZE * 2.7);
  check('and every byte', holds(again, 'whole'));
  write(again, 'written again');
  check('and can be written', holds(again, 'written again'));
  await cluster.unmount(again);
  await cluster.delete(claim);
}
