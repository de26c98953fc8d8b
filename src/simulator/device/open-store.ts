import { BtrfsStore } from './btrfs-store.ts';
import { FilesStore } from './files-store.ts';
import type { DeviceOptions } from './options.ts';
import type { VolumeStore } from './volume-store.ts';

/** Opens the store of the chosen backend; `directory` is the absolute path of the state directory. */
export async function openStore({ backend, pools }: DeviceOptions, directory: string): Promise<VolumeStore> {
  if (backend !== 'btrfs') return FilesStore.open(directory);
  return new BtrfsStore(directory, new Map(pools.map(({ label, path }) => [label, path ?? ''])));
}
