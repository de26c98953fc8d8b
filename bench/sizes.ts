import { randomUUID } from 'node:crypto';
import { writePattern } from '../test/demo/content.ts';
import { type BtrfsPool, makeBtrfsPool } from '../test/support/btrfs-pool.ts';
import { filesystem, fromSnapshot, GiB } from '../test/support/requests.ts';
import { createVolume } from './lifecycle.ts';
import { type Rig, withRig } from './rig.ts';
import type { LeftOutRow, SizeRow } from './rows.ts';
import type { Section, Setting } from './section.ts';
import { median, round, timed } from './statistics.ts';

const MIB = 2 ** 20;
const REGION = 8 * MIB;
/** A sparse file, of which little more than what is written takes space. */
const POOL_BYTES = 512 * 2 ** 30;

const SIZES = {
  small: { bytes: GiB, written: 64 * MIB },
  large: { bytes: 100n * GiB, written: 2048 * MIB },
} as const;
type Size = keyof typeof SIZES;

/** Milliseconds by RPC and size. */
type Times = Readonly<Record<'CreateSnapshot' | 'CreateVolume restore', Readonly<Record<Size, number[]>>>>;

/** Snapshot and restore share blocks, so neither the size of a volume nor its data may show in their times. */
export const sizes: Section = {
  name: 'sizes',
  about: 'snapshot and restore of a small and a large volume, on real Btrfs (needs root and btrfs-progs)',
  async run(setting) {
    let pool: BtrfsPool;
    try {
      pool = makeBtrfsPool(POOL_BYTES);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      return [{ kind: 'left-out', section: 'sizes', reason } satisfies LeftOutRow];
    }
    try {
      const simulate = ['--backend', 'btrfs', '--pool', `label=pool,path=${pool.directory}`];
      return await withRig({ program: setting.program, latencyMs: 0, simulate }, (rig) => compare(rig, setting));
    } finally {
      pool.remove();
    }
  },
};

async function compare(rig: Rig, { quick, progress }: Setting): Promise<SizeRow[]> {
  progress('volume sizes: writing 2 GiB', 0, 1);
  const sources = { small: await fill(rig, 'small'), large: await fill(rig, 'large') };
  const n = quick ? 10 : 30;
  const times: Times = {
    CreateSnapshot: { small: [], large: [] },
    'CreateVolume restore': { small: [], large: [] },
  };
  for (let index = -1; index < n; index += 1) {
    progress('volume sizes: snapshots and restores', index, n);
    for (const size of ['small', 'large'] as const) {
      const taken = await snapshotAndRestore(rig, sources[size]);
      // The first snapshot waits until what was written is on disk: that is the writer's time, not the snapshot's.
      if (index < 0) continue;
      times.CreateSnapshot[size].push(taken.snapshotMs);
      times['CreateVolume restore'][size].push(taken.restoreMs);
    }
  }
  return Object.entries(times).map(([rpc, { small, large }]) => {
    const [smallP50, largeP50] = [median(small), median(large)];
    return {
      kind: 'size',
      rpc,
      backend: 'btrfs',
      n,
      ratio: round(largeP50 / smallP50),
      smallP50: round(smallP50),
      largeP50: round(largeP50),
    };
  });
}

/** Makes a volume and writes to places spread over all of it. @returns its id. */
async function fill({ controller, api }: Rig, size: Size): Promise<string> {
  const { bytes, written } = SIZES[size];
  const volumeId = await createVolume({ controller }, {}, bytes);
  const nodeId = `nqn.2014-08.org.nvmexpress:uuid:${randomUUID()}`;
  const request = { volumeId, nodeId, volumeCapability: filesystem };
  const { nqn = '' } = (await controller.controllerPublishVolume(request)).publishContext;
  const regions = written / REGION;
  const distance = Math.floor(Number(bytes) / regions / 4096) * 4096;
  const ranges = Array.from({ length: regions }, (_, index) => ({ offset: index * distance, length: REGION }));
  await writePattern(api, nqn, size, ranges);
  await controller.controllerUnpublishVolume({ volumeId, nodeId });
  return volumeId;
}

async function snapshotAndRestore(
  { controller }: Rig,
  sourceVolumeId: string,
): Promise<{ readonly snapshotMs: number; readonly restoreMs: number }> {
  let snapshotId = '';
  let volumeId = '';
  const snapshotMs = await timed(async () => {
    const { snapshot } = await controller.createSnapshot({ name: `snap-${randomUUID()}`, sourceVolumeId });
    snapshotId = snapshot?.snapshotId ?? '';
  });
  const restoreMs = await timed(async () => {
    volumeId = await createVolume({ controller }, fromSnapshot(snapshotId), 0n);
  });
  await controller.deleteVolume({ volumeId });
  await controller.deleteSnapshot({ snapshotId });
  return { snapshotMs, restoreMs };
}
