import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  listedSnapshots,
  listedVolumes,
  MiB,
  makeSnapshot,
  makeVolume,
  publish,
  refused,
  snapshotName,
  volumeName,
} from '../support/calls.ts';
import { change, showRows, subvolumes } from '../support/console.ts';
import { twoBackends } from '../support/pools.ts';
import { volumeRequest } from '../support/requests.ts';
import { startStack } from '../support/stack.ts';

const SUBVOLUMES = '/disk/btrfs/subvolume';

/** Calls `make` one after the other, so that the order of making is known. */
async function several(count: number, make: () => Promise<string>): Promise<string[]> {
  const ids: string[] = [];
  for (let index = 0; index < count; index += 1) ids.push(await make());
  return ids;
}

test('volumes and snapshots are listed in the order of their making, one exec a page, none lost or twice', async (t) => {
  const { controller, api } = await startStack(t);
  const volumes = await several(3, () => makeVolume(controller, MiB));
  const [source = ''] = volumes;
  const snapshots = await several(3, () => makeSnapshot(controller, source));
  for (const maxEntries of [0, 1, 2, 3, 4]) {
    const execs = await api.execs();
    assert.deepEqual(await listedVolumes(controller, maxEntries), volumes);
    assert.equal((await api.execs()) - execs, maxEntries === 0 ? 1 : Math.ceil(3 / maxEntries));
    assert.deepEqual(await listedSnapshots(controller, maxEntries), snapshots);
  }
  const page = await controller.listVolumes({ maxEntries: 2 });
  assert.equal(page.entries.length, 2);
  assert.notEqual(page.nextToken, '');
  assert.equal((await controller.listVolumes({ maxEntries: 3 })).nextToken, '', 'a full last page has no token');
});

test('an entry says the same as a get', async (t) => {
  const { controller, api } = await startStack(t);
  const volumeId = await makeVolume(controller, 3n * MiB);
  await publish(controller, volumeId);
  await controller.controllerExpandVolume({ volumeId, capacityRange: { requiredBytes: 5n * MiB } });
  const execs = await api.execs();
  const { volume, status } = await controller.controllerGetVolume({ volumeId });
  assert.equal((await api.execs()) - execs, 1);
  const [entry] = (await controller.listVolumes({})).entries;
  assert.deepEqual(entry?.volume, volume);
  assert.deepEqual(entry?.status?.publishedNodeIds, status?.publishedNodeIds);
  assert.equal(volume?.capacityBytes, 5n * MiB);
});

test('snapshots are filtered by id and by source; a filter that fits nothing gives an empty page', async (t) => {
  const { controller } = await startStack(t);
  const [one, two] = [await makeVolume(controller, MiB), await makeVolume(controller, MiB)];
  const ofOne = await several(3, () => makeSnapshot(controller, one));
  const [ofTwo] = await several(1, () => makeSnapshot(controller, two));
  const ids = async (filter: { snapshotId?: string; sourceVolumeId?: string; maxEntries?: number }) =>
    (await controller.listSnapshots(filter)).entries.map(({ snapshot }) => snapshot?.snapshotId);
  assert.deepEqual(await ids({ sourceVolumeId: one }), ofOne);
  assert.deepEqual(await ids({ sourceVolumeId: two }), [ofTwo]);
  assert.deepEqual(await ids({ sourceVolumeId: one, maxEntries: 2 }), ofOne.slice(0, 2));
  assert.deepEqual(await ids({ snapshotId: ofOne[1] ?? '' }), [ofOne[1]]);
  assert.deepEqual(await ids({ snapshotId: ofOne[1] ?? '', sourceVolumeId: one }), [ofOne[1]]);
  assert.deepEqual(await ids({ snapshotId: ofOne[1] ?? '', sourceVolumeId: two }), []);
  for (const nothing of [
    { snapshotId: `rds1:${snapshotName()}` },
    { snapshotId: 'no handle' },
    { snapshotId: one },
    { sourceVolumeId: `rds1:${volumeName()}` },
    { sourceVolumeId: 'no handle' },
  ]) {
    const page = await controller.listSnapshots(nothing);
    assert.deepEqual([page.entries, page.nextToken], [[], '']);
  }
  await controller.deleteVolume({ volumeId: one });
  assert.deepEqual(await ids({ sourceVolumeId: one }), ofOne, 'also when the source is gone');
});

test('a list without a page size comes in pages too, and another process goes on with its token', async (t) => {
  const { controller, simulator, anotherController } = await startStack(t);
  await makeVolume(controller, MiB);
  const made = subvolumes(simulator)[0] ?? '';
  const rest = made.slice('pvc-'.length + 36);
  await several(150, async () => {
    const name = `${volumeName()}${rest}`;
    await change(simulator, `${SUBVOLUMES} add fs=pool name="${name}"`);
    return name;
  });
  const expected = subvolumes(simulator).map((name) => `rds1:${name.slice(0, 40)}`);
  assert.deepEqual(await listedVolumes(controller), expected);
  const { entries, nextToken } = await controller.listVolumes({});
  assert.ok(entries.length < 151);
  const next = await (await anotherController()).listVolumes({ startingToken: nextToken });
  const ids = [...entries, ...next.entries].map(({ volume }) => volume?.volumeId);
  assert.deepEqual(ids, expected);
});

/** Bytes of an answer that any device is trusted with (U21). */
const MAX_ANSWER = 48 * 1024;

test('the answer to a full page was longer than a device is trusted with, where names, comments and numbers were long', async (t) => {
  const { controller, simulator } = await startStack(t);
  await makeVolume(controller, MiB);
  const [made = ''] = subvolumes(simulator);
  const owner = made.slice(41, 49);
  const node = '11111111-2222-3333-4444-555555555555:s:0a1b2c3d';
  const comment = `rose:2 0123abcd ${node} ${node} | ${'x'.repeat(200)}`.slice(0, 200);
  await several(200, async () => {
    const [volume, snapshot] = [volumeName(), snapshotName()];
    const uuid = volume.slice('pvc-'.length);
    const name = `${volume}-${owner}-s${uuid}-${10n ** 12n * MiB}`;
    const item = `type=file slot="pvc-${uuid.replaceAll('-', '').slice(0, 28)}" file-path="/pool/${name}/volume.img"`;
    await change(simulator, `${SUBVOLUMES} add fs=pool name="${name}"`);
    await change(simulator, `/disk add ${item} file-size=1M mount-filesystem=no comment="${comment}"`);
    const cut = `${snapshot}-${owner}-${uuid}-1700000000-${10n ** 12n * MiB}`;
    await change(simulator, `${SUBVOLUMES} add fs=pool read-only=yes name="${cut}"`);
    return name;
  });
  for (const list of [() => controller.listVolumes({}), () => controller.listSnapshots({})]) {
    const before = simulator.counters.values.outputBytes;
    const { entries } = await list();
    // Sizes of 15 digits and subvolume-ids of 10 digits are not to be had here.
    const longer = entries.length * (8 + 7);
    const bytes = simulator.counters.values.outputBytes - before + longer;
    t.diagnostic(`${entries.length} rows, ${bytes} bytes`);
    assert.ok(bytes <= MAX_ANSWER, `${bytes} bytes for ${entries.length} rows`);
  }
});

test('several pools and backends are listed one after the other', async (t) => {
  const { controller } = await startStack(t, twoBackends);
  const volumes: string[] = [];
  for (const name of ['rds1', 'rds2']) {
    volumes.push(...(await several(2, () => makeVolume(controller, MiB, { parameters: { backend: name } }))));
  }
  const snapshots = await Promise.all(volumes.map((id) => makeSnapshot(controller, id)));
  for (const maxEntries of [0, 1, 2, 3, 4]) {
    assert.deepEqual(await listedVolumes(controller, maxEntries), volumes);
    assert.deepEqual((await listedSnapshots(controller, maxEntries)).toSorted(), snapshots.toSorted());
  }
});

/** The items in an order that the numbers choose. */
function shuffled<T>(items: readonly T[], numbers: readonly number[]): T[] {
  const keyed = items.map((item, index) => ({ item, key: numbers[index % numbers.length] ?? 0 }));
  return keyed.toSorted((a, b) => a.key - b.key).map(({ item }) => item);
}

test('whatever is deleted or made between pages, and in whatever order the RDS finds rows, nothing is lost or twice', async (t) => {
  const { controller, simulator } = await startStack(t);
  const source = await makeVolume(controller, MiB);
  let numbers: readonly number[] = [1];
  showRows(simulator, SUBVOLUMES, (rows) => shuffled(rows, numbers));
  const world = fc.record({
    count: fc.integer({ min: 0, max: 8 }),
    maxEntries: fc.integer({ min: 1, max: 4 }),
    numbers: fc.array(fc.nat(99), { minLength: 1, maxLength: 11 }),
    /** For each page, the places of what is deleted after it. */
    deletions: fc.array(fc.array(fc.nat(7), { maxLength: 3 }), { maxLength: 8 }),
  });
  await fc.assert(
    fc.asyncProperty(world, async (run) => {
      numbers = run.numbers;
      const ids = await several(run.count, () => makeSnapshot(controller, source));
      const alive = new Set(ids);
      const seen: string[] = [];
      let startingToken = '';
      let page = 0;
      do {
        const answer = await controller.listSnapshots({ maxEntries: run.maxEntries, startingToken });
        const found = answer.entries.map(({ snapshot }) => snapshot?.snapshotId ?? '');
        assert.ok(found.length <= run.maxEntries);
        assert.ok(found.every((id) => alive.has(id)));
        seen.push(...found);
        startingToken = answer.nextToken;
        for (const place of run.deletions[page] ?? []) {
          const snapshotId = ids[place];
          if (snapshotId === undefined) continue;
          await controller.deleteSnapshot({ snapshotId });
          alive.delete(snapshotId);
        }
        page += 1;
        assert.ok(page <= run.count + 1, 'the pages come to an end');
      } while (startingToken !== '');
      assert.deepEqual(
        seen,
        ids.filter((id) => seen.includes(id)),
        'each once, in the order of making',
      );
      assert.deepEqual(
        [...alive].filter((id) => !seen.includes(id)),
        [],
        'all that stayed were seen',
      );
      for (const snapshotId of alive) await controller.deleteSnapshot({ snapshotId });
    }),
    { numRuns: 16 },
  );
});

test('a dead subvolume is gone for every lookup, and its id can be used again', async (t) => {
  const { controller, simulator } = await startStack(t);
  const name = volumeName();
  await change(
    simulator,
    `${SUBVOLUMES} add fs=pool name="${name}-00000000-n00000000-0000-0000-0000-000000000000-1048576"`,
  );
  showRows(simulator, SUBVOLUMES, (rows) =>
    rows.map((row) =>
      String(row.props.get('name')).includes('-00000000-n')
        ? { ...row, props: new Map([...row.props, ['dead', true]]) }
        : row,
    ),
  );
  await refused(controller.controllerGetVolume({ volumeId: `rds1:${name}` }), 'NOT_FOUND');
  await controller.deleteVolume({ volumeId: `rds1:${name}` });
  assert.deepEqual(await listedVolumes(controller), []);
  await controller.createVolume(volumeRequest(name, MiB));
  assert.deepEqual(await listedVolumes(controller), [`rds1:${name}`]);
});

test('what a lost race left of an id is no second object: the first made is it, and a delete takes all', async (t) => {
  const { controller, simulator } = await startStack(t);
  const volumeId = await makeVolume(controller, MiB);
  const snapshotId = await makeSnapshot(controller, volumeId);
  const first = await controller.getSnapshot({ snapshotId });
  const [volume = '', snapshot = ''] = subvolumes(simulator);
  const duplicate = snapshot.replace(/-[0-9]{10}-/, '-9999999999-');
  await change(simulator, `${SUBVOLUMES} add fs=pool parent="${volume}" name="${duplicate}" read-only=yes`);
  await change(simulator, `${SUBVOLUMES} add fs=pool name="${volume.replace(/[0-9]+$/, '2097152')}"`);
  assert.deepEqual(await controller.getSnapshot({ snapshotId }), first);
  assert.deepEqual(await listedSnapshots(controller), [snapshotId]);
  assert.deepEqual((await controller.listSnapshots({})).entries[0]?.snapshot, first.snapshot);
  assert.deepEqual(await listedVolumes(controller), [volumeId]);
  assert.deepEqual(
    [await listedSnapshots(controller, 1), await listedVolumes(controller, 1)],
    [[snapshotId], [volumeId]],
  );
  assert.equal((await controller.controllerGetVolume({ volumeId })).volume?.capacityBytes, MiB);
  await controller.deleteSnapshot({ snapshotId });
  await controller.deleteVolume({ volumeId });
  assert.deepEqual(subvolumes(simulator), []);
});

test('a copy with further digits in its name was listed as a second volume or snapshot, on a page of its own', async (t) => {
  const { controller, simulator } = await startStack(t);
  const volumeId = await makeVolume(controller, MiB);
  const snapshotId = await makeSnapshot(controller, volumeId);
  const [volume = '', snapshot = ''] = subvolumes(simulator);
  await change(simulator, `${SUBVOLUMES} add fs=pool parent="${volume}" name="${volume}2"`);
  await change(simulator, `${SUBVOLUMES} add fs=pool parent="${snapshot}" name="${snapshot}2" read-only=yes`);
  for (const maxEntries of [0, 1, 2]) {
    assert.deepEqual(await listedVolumes(controller, maxEntries), [volumeId]);
    assert.deepEqual(await listedSnapshots(controller, maxEntries), [snapshotId]);
  }
});
