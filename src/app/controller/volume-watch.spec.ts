import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ConditionCode } from '../../failures/conditions.ts';
import type { Volume } from '../../kubernetes/kinds.ts';
import { createLogger } from '../../observability/log.ts';
import { prometheusMetrics } from '../../observability/prometheus.ts';
import type { Backend } from '../../storage/backend.ts';
import { StorageError } from '../../storage/errors.ts';
import type { HeldVolume } from '../../storage/volume-health.ts';
import { watchVolumes } from './volume-watch.ts';

const MiB = 1n << 20n;
const DRIVER = 'rds.rose-csi.io';
const idOf = (number: number) => `rds1:pvc-${String(number).padStart(8, '0')}-0000-4000-8000-000000000000`;
const numbers = (from: number, to: number) => Array.from({ length: to - from }, (_, index) => from + index);

/** A watch of volumes that are all Bound and should have 2 MiB, on an RDS that answers of each as it is told. */
function startWatch(claimed: readonly number[], answer: (id: string) => bigint | 'gone' | 'unseen') {
  const asked: string[] = [];
  const told = new Set<string>();
  const claims = [...claimed];
  /** Waited for by the list of PersistentVolumes. */
  const listing = { until: Promise.resolve() };
  const itemOf = (number: number): Volume => ({
    metadata: { name: `pv-${number}`, finalizers: [], annotations: {}, labels: {} },
    spec: {
      accessModes: ['ReadWriteOnce'],
      csi: { driver: DRIVER, volumeHandle: idOf(number) },
      capacity: { storage: '2Mi' },
    },
    status: { phase: 'Bound' },
  });
  const metrics = prometheusMetrics();
  const watch = watchVolumes({ name: 'rds1' } as Backend, {
    storage: {
      async inspectVolume(id) {
        asked.push(id);
        const said = answer(id);
        if (said === 'gone') throw new StorageError('RC-NOVOL', id);
        if (said === 'unseen') throw new StorageError('RC-POOL', id, 'cold is not configured');
        return { pool: 'pool', owner: '', bytes: said, slot: '', exported: false, recordedNodeIds: [], generation: '' };
      },
    },
    metrics,
    reports: {
      driver: DRIVER,
      cluster: {
        async persistentVolumes() {
          await listing.until;
          return { items: claims.map(itemOf), resourceVersion: '1' };
        },
      },
      report: (id, { code }) => void told.add(`${id} ${code}`),
    },
    logger: createLogger('fatal'),
    signal: new AbortController().signal,
  });
  const read = async (volumes: readonly HeldVolume[] | undefined) => {
    watch.read(volumes && { pools: [], inventory: undefined, volumes });
    // Nothing here waits for anything but promises.
    await new Promise(setImmediate);
  };
  const counted = async (condition: ConditionCode) =>
    new RegExp(`^rose_csi_volume_conditions\\{.*condition="${condition}"\\} (\\d+)$`, 'm').exec(
      await metrics.read(),
    )?.[1];
  const missing = () => counted('VolumeMissing');
  const doubts = () => watch.doubtsVolumes?.();
  return { read, counted, missing, told, doubts, claims, listing, asked: () => asked.splice(0) };
}

/** A volume whose disk item is lost, or may be. */
const lost = (number: number): HeldVolume => ({
  id: idOf(number),
  bytes: undefined,
  conditions: [{ code: 'DiskItemLost', detail: '' }],
  inDoubt: [],
});
const doubtful = (number: number): HeldVolume => ({ ...lost(number), conditions: [], inDoubt: ['DiskItemLost'] });

test('of more volumes that are gone than are looked for with one reading, the last were never told', async () => {
  const { read, missing, told } = startWatch(numbers(0, 45), () => 'gone');
  for (const _ of numbers(0, 3)) await read([]);
  assert.equal(told.size, 45);
  assert.equal(await missing(), '45');
});

test('volumes that grew after the list were looked for with each reading, and no one looked for those that are gone', async () => {
  const grown = numbers(0, 25).map(
    (number): HeldVolume => ({ id: idOf(number), bytes: MiB, conditions: [], inDoubt: [] }),
  );
  const { read, missing, told, asked } = startWatch(numbers(0, 26), (id) => (id === idOf(25) ? 'gone' : 2n * MiB));
  await read(grown);
  await read(grown);
  assert.deepEqual([...told], [`${idOf(25)} VolumeMissing`]);
  asked();
  await read(grown);
  assert.deepEqual([asked(), await missing()], [[idOf(25)], '1']);
});

test('volumes that cannot be seen, as in a pool that is not configured, kept one that is gone from being told', async () => {
  const { read, missing, told } = startWatch(numbers(0, 26), (id) => (id === idOf(25) ? 'gone' : 'unseen'));
  await read([]);
  await read([]);
  assert.deepEqual([[...told], await missing()], [[`${idOf(25)} VolumeMissing`], '1']);
});

test('a volume that is back is no longer told, and while one cannot be seen no number of them is known', async () => {
  let said: 'gone' | 'unseen' | bigint = 'gone';
  const { read, missing } = startWatch([1], () => said);
  await read([]);
  assert.equal(await missing(), '1');
  said = 'unseen';
  await read([]);
  assert.equal(await missing(), undefined);
  said = 2n * MiB;
  await read([]);
  assert.equal(await missing(), '0');
});

test('what no claim has let the RDS be looked at with each reading, though it was never told', async () => {
  const { read, counted, told, doubts } = startWatch([1], () => 2n * MiB);
  await read([lost(2)]);
  assert.deepEqual([doubts(), [...told], await counted('DiskItemLost')], [false, [], '0']);
  await read([lost(1), lost(2)]);
  assert.deepEqual([doubts(), [...told]], [true, [`${idOf(1)} DiskItemLost`]]);
});

test('what was in the making when the RDS was looked at is not told when it has a claim, but looked at again', async () => {
  const { read, counted, told, doubts, claims } = startWatch([1], () => 2n * MiB);
  const volumes = [lost(1), lost(2)];
  await read(volumes);
  claims.push(2);
  await read(volumes);
  assert.deepEqual([...told], [`${idOf(1)} DiskItemLost`]);
  assert.deepEqual([doubts(), await counted('DiskItemLost')], [true, '1']);
  claims.shift();
  await read(volumes);
  assert.deepEqual([doubts(), await counted('DiskItemLost')], [true, undefined], 'it is not known of the other one');
  await read([lost(2)]);
  assert.deepEqual([...told], [`${idOf(1)} DiskItemLost`, `${idOf(2)} DiskItemLost`]);
});

test('what may be the work of a call is neither told nor counted as well, and is looked at again', async () => {
  const { read, counted, told, doubts } = startWatch([1], () => 2n * MiB);
  await read([doubtful(1), doubtful(2)]);
  assert.deepEqual([doubts(), [...told]], [true, []]);
  assert.deepEqual([await counted('DiskItemLost'), await counted('ExportLost')], [undefined, '0']);
});

test('an RDS that was lost while Kubernetes was asked had numbers of before', async () => {
  const { read, counted, told, listing } = startWatch([1], () => 2n * MiB);
  const { promise, resolve } = Promise.withResolvers<void>();
  listing.until = promise;
  await read([lost(1)]);
  await read(undefined);
  resolve();
  await new Promise(setImmediate);
  assert.deepEqual([await counted('DiskItemLost'), [...told]], [undefined, []]);
});
