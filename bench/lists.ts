import assert from 'node:assert/strict';
import { snapshotNamePrefix } from '../src/rds/index.ts';
import { ros } from '../src/routeros/index.ts';
import { identity } from '../src/storage/ids.ts';
import { memoryMb } from './process.ts';
import { CLUSTER_ID, type Rig, withRig } from './rig.ts';
import type { ListRow } from './rows.ts';
import type { Section } from './section.ts';
import { median, round, samples, timed } from './statistics.ts';

const DRIVER_NAME = 'rds.rose-csi.io';
const SOURCE = '00000000-0000-4000-8000-000000000000';
const LATENCY_MS = 5;
/** Snapshots that one exec makes. */
const BATCH = 500;

/** The list of snapshots against their number. */
export const lists: Section = {
  name: 'lists',
  about: 'ListSnapshots, first page and all pages, over 100, 1,000 and 10,000 snapshots',
  async run({ program, quick, progress }) {
    const rows: ListRow[] = [];
    const n = quick ? 3 : 10;
    await withRig({ program, latencyMs: LATENCY_MS }, async (rig) => {
      let made = 0;
      for (const snapshots of quick ? [100, 1_000] : [100, 1_000, 10_000]) {
        await makeSnapshots(rig, made, snapshots, (done) => progress('lists: making snapshots', done, snapshots));
        made = snapshots;
        progress(`lists: ${snapshots} snapshots`, 0, 1);
        rows.push(await measure(rig, snapshots, n));
      }
    });
    return rows;
  },
};

/** Makes subvolumes that are snapshots by their names, numbers `from` up to but without `to`. */
export async function makeSnapshots(
  { routerOs }: Pick<Rig, 'routerOs'>,
  from: number,
  to: number,
  progress: (made: number) => void,
): Promise<void> {
  const { owner } = identity(DRIVER_NAME, CLUSTER_ID, []);
  const name = { uuid: SOURCE, owner, sourceUuid: SOURCE, createdAtSeconds: 1_790_000_000n };
  // The number takes the place of the last twelve digits of the uuid.
  const [before, after] = snapshotNamePrefix(name).split(`${SOURCE.slice(-12)}-${owner}`);
  for (let made = from; made < to; made += BATCH) {
    progress(made);
    const script = ros`:for xI from=${made} to=${Math.min(made + BATCH, to) - 1} do={
      :local xN [:pick [:tostr (1000000000000+$xI)] 1 13];
      /disk/btrfs/subvolume add fs="pool" read-only=yes name=(${before ?? ''}.$xN.${`-${owner}${after}1073741824`})}`;
    await routerOs.run(script, { kind: 'write' });
  }
}

async function measure({ api, controller, driver }: Rig, snapshots: number, n: number): Promise<ListRow> {
  const firstPages = await samples(n, () => controller.listSnapshots({}));
  const ids = new Set<string>();
  let pages = 0;
  const before = await api.execs();
  const walkMs = await timed(async () => {
    let startingToken = '';
    do {
      const page = await controller.listSnapshots({ startingToken });
      for (const { snapshot } of page.entries) ids.add(snapshot?.snapshotId ?? '');
      startingToken = page.nextToken;
      pages += 1;
    } while (startingToken !== '');
  });
  const execs = (await api.execs()) - before;
  assert.equal(ids.size, snapshots, 'the walk must meet every snapshot once');
  return {
    kind: 'list',
    snapshots,
    latencyMs: LATENCY_MS,
    n,
    firstPageP50: round(median(firstPages)),
    walkMs: round(walkMs),
    pages,
    execs,
    peakRssMb: round(await memoryMb(driver.pid, 'VmHWM')),
  };
}
