import type { Snapshot, Volume } from '../../src/csi/gen/csi_pb.js';
import { printSize } from '../../src/failures/print-size.ts';
import type { Installation } from '../support/installation.ts';
import { fromSnapshot, fromVolume, GiB } from '../support/requests.ts';
import type { Extent, SimulatorApi } from '../support/simulator-api.ts';
import { callsOf } from './calls.ts';
import { type BlockAccess, Content, difference, writePattern } from './content.ts';
import type { Steps } from './steps.ts';

const PLACES = 8;

/** How much the story writes. */
export interface Scale {
  /** Size of the volume, in bytes. */
  readonly volume: bigint;
  /** Bytes in each of eight places of it. */
  readonly place: number;
}

/** 64 MiB in a volume of 10 GiB. */
const FULL_SCALE: Scale = { volume: 10n * GiB, place: 8 * 1024 * 1024 };

/** Where it writes, the first and the last bytes of the volume among them. */
function placesOf({ volume, place }: Scale): readonly Extent[] {
  return Array.from({ length: PLACES }, (_, index) => ({
    offset: Math.floor((index * (Number(volume) - place)) / (PLACES - 1) / 4096) * 4096,
    length: place,
  }));
}

/** What the story needs: a driver, a way to the bytes of what is published, and a look at what is left. */
export interface Scene {
  readonly controller: Installation['controller'];
  readonly api: BlockAccess & Pick<SimulatorApi, 'pools'>;
}

/** Where the stories write at full scale. */
export const RANGES = placesOf(FULL_SCALE);

export interface Outcome {
  /** The first byte that differs, in words; undefined when every byte is right. */
  readonly difference: string | undefined;
  /** What is still in the pool at the end. */
  readonly leaked: readonly string[];
}

/** The whole life of a volume with snapshots, on real bytes. */
export async function tell({ controller, api }: Scene, steps: Steps, scale = FULL_SCALE): Promise<Outcome> {
  const ranges = placesOf(scale);
  // What B overwrites.
  const half = ranges.filter((_, index) => index % 2 === 0);
  const [size, double, written] = [scale.volume, 2n * scale.volume, BigInt(PLACES * scale.place)].map(printSize);
  const { create, takeSnapshot, publish, unpublish } = callsOf(controller);
  const withA = new Content().overwrittenWith('A', ranges);
  const withB = withA.overwrittenWith('B', half);

  const source = await steps.run(`create a volume of ${size}`, () => create('source', scale.volume));
  const nqn = await steps.run('publish it to a node', () => publish(source));
  await steps.run(`write ${written} of pattern A in eight places`, () => writePattern(api, nqn, 'A', ranges));
  const first = await steps.run('snapshot 1, while the volume is in use', () => takeSnapshot('first', source));
  await steps.run('overwrite half of it with pattern B', () => writePattern(api, nqn, 'B', half));
  const second = await steps.run('snapshot 2, while the volume is in use', () => takeSnapshot('second', source));
  // A controller that has just begun removes nothing before the commands of an earlier one have certainly ended, which takes
  // 11 s from its start (docs/decisions/0017-late-writes.md). This is the first step that removes something.
  await steps.run('unpublish the volume, 11 s after the start', () => unpublish(source));
  await steps.run('delete the source volume', () => controller.deleteVolume({ volumeId: source.volumeId }));

  const larger = await steps.run(`restore snapshot 1 into ${double}`, () =>
    create('restored-1', 2n * scale.volume, fromSnapshot(first.snapshotId)),
  );
  const equal = await steps.run(`restore snapshot 2 into ${size}`, () =>
    create('restored-2', scale.volume, fromSnapshot(second.snapshotId)),
  );
  const clone = await steps.run('clone the first restored volume', () =>
    create('clone', 2n * scale.volume, fromVolume(larger.volumeId)),
  );
  const wrong: (string | undefined)[] = [];
  const expectations = [
    ['restored volume 1 with pattern A', larger, withA],
    ['restored volume 2 with patterns A and B', equal, withB],
    ['clone with pattern A', clone, withA],
  ] as const;
  for (const [name, volume, content] of expectations) {
    const target = await steps.run(`publish ${name.replace(/ with .*/, '')}`, () => publish(volume));
    wrong.push(await steps.run(`compare every byte of ${name}`, () => difference(api, target, content)));
    await steps.run(`unpublish ${name.replace(/ with .*/, '')}`, () => unpublish(volume));
  }
  wrong.push(
    await steps.run('list the snapshots in pages of one', async () => {
      const listed = await listInPagesOfOne(controller);
      const expected = [first.snapshotId, second.snapshotId];
      return listed.join() === expected.join() ? undefined : `listed ${listed.join()}, must be ${expected.join()}`;
    }),
  );
  await remove(controller, steps, [larger, equal, clone], [first, second]);
  const leaked = await steps.run('look at what is left in the pool', async () =>
    (await api.pools()).flatMap(({ subvolumes, strayFiles }) => [...subvolumes, ...strayFiles]),
  );
  return { difference: wrong.find((found) => found !== undefined), leaked };
}

async function listInPagesOfOne(controller: Installation['controller']): Promise<string[]> {
  const ids: string[] = [];
  let startingToken = '';
  do {
    const page = await controller.listSnapshots({ maxEntries: 1, startingToken });
    ids.push(...page.entries.map((entry) => entry.snapshot?.snapshotId ?? ''));
    startingToken = page.nextToken;
  } while (startingToken !== '');
  return ids;
}

/** Deletes in an order that differs from run to run: none may depend on another. */
async function remove(
  controller: Installation['controller'],
  steps: Steps,
  volumes: readonly Volume[],
  snapshots: readonly Snapshot[],
): Promise<void> {
  const removals = [
    ...volumes.map(
      ({ volumeId }) =>
        () =>
          controller.deleteVolume({ volumeId }),
    ),
    ...snapshots.map(
      ({ snapshotId }) =>
        () =>
          controller.deleteSnapshot({ snapshotId }),
    ),
  ];
  const shuffled = removals
    .map((removal) => ({ removal, rank: Math.random() }))
    .toSorted((a, b) => a.rank - b.rank)
    .map(({ removal }) => removal);
  await steps.run('delete volumes and snapshots in shuffled order', async () => {
    for (const removal of shuffled) {
      await removal();
    }
  });
}
