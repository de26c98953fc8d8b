import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { btrfsPool } from '../../../test/support/btrfs-pool.ts';
import { temporaryDirectory } from './device.testing.ts';
import { openStore } from './open-store.ts';
import type { VolumeStore } from './volume-store.ts';

/** A store with the pool `pool`. */
export interface StoreUnderTest {
  readonly store: VolumeStore;
  /** The directory on the host that holds the pool. */
  readonly directory: string;
  /** The same store again, as after a restart. */
  reopen(): Promise<VolumeStore>;
}

/** Declares a test that holds for every store. Where Btrfs cannot be had, that one is skipped, or fails in CI. */
export function testOnStores(name: string, body: (under: StoreUnderTest, t: TestContext) => Promise<void>): void {
  test(`${name} (files)`, async (t) => {
    const stateDir = await temporaryDirectory(t);
    const open = () => openPool(stateDir);
    await body({ store: await open(), directory: join(stateDir, 'pools/pool'), reopen: open }, t);
  });
  test(`${name} (btrfs)`, async (t) => {
    const path = btrfsPool(t, 2 ** 34);
    if (path !== undefined) await body(await openBtrfs(t, path), t);
  });
}

/** A store with the pool `pool` on a mounted Btrfs filesystem. */
export async function openBtrfs(t: TestContext, path: string): Promise<StoreUnderTest> {
  const stateDir = join(await temporaryDirectory(t), 'state');
  await mkdir(stateDir);
  const open = () => openPool(stateDir, path);
  return { store: await open(), directory: join(path, 'rose-csi-simulator-pool/root'), reopen: open };
}

async function openPool(stateDir: string, path?: string): Promise<VolumeStore> {
  const pool = { label: 'pool', mountPoint: 'pool' };
  const place = path === undefined ? { pools: [pool] } : { backend: 'btrfs' as const, pools: [{ ...pool, path }] };
  const store = await openStore({ stateDir, ...place }, stateDir);
  await store.ensurePool('pool');
  return store;
}

/** Writes to a file of the pool. */
export async function writeTo(store: VolumeStore, path: string, offset: number, data: Buffer): Promise<void> {
  const file = await store.openFile('pool', path);
  try {
    await file.write(offset, data);
  } finally {
    await file.close();
  }
}
