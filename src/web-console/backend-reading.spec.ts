import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Backend } from '../storage/backend.ts';
import { StorageError } from '../storage/errors.ts';
import { BackendReader } from './backend-reading.ts';

const SETTINGS = {
  pools: [{ label: 'pool1', uuid: 'u', mountPoint: 'pool1' }],
  owners: ['aaaaaaaa'],
  reserveBytes: 7n,
  port: 4420,
};
/** Nothing is shown of how well a pool is. */
const facts = { isDeviceMissing: undefined, errors: new Map(), disks: [] };
const REPORT = { version: '7.23.2', problems: [], pools: [] };

/** An RDS with an empty pool, which can be lost, and a clock. */
function rds() {
  const state = { isLost: false, now: 1000 };
  const answers = [
    new Map([['pool1', { size: 100n, free: 60n, volumes: 0, snapshots: 0, facts }]]),
    new Map([['pool1', { size: 100n, free: 60n, promised: 30n }]]),
    { objects: [], more: false },
    { objects: [], more: false },
    { items: [], more: false },
  ];
  let asked = 0;
  const run = async () => answers[asked++ % answers.length];
  const backend = { name: 'rds1', rds: { settings: SETTINGS, run } } as unknown as Backend;
  const prove = async () => {
    if (state.isLost) throw new StorageError('RDS-UNREACHABLE', 'backend rds1', 'no connection');
    return REPORT;
  };
  return { state, reader: new BackendReader(backend, { prove }, [], () => state.now) };
}

const signal = new AbortController().signal;

test('everything of an RDS is read, with what its pools have promised', async () => {
  const { reader } = rds();
  const { routerOs, error, contents } = await reader.read(signal);
  assert.deepEqual([routerOs, error, contents?.at], ['7.23.2', undefined, 1000]);
  assert.deepEqual(contents?.pools, [
    {
      pool: 'pool1',
      size: 100n,
      free: 60n,
      reserve: 7n,
      promised: 30n,
      volumes: 0,
      snapshots: 0,
      health: { conditions: [], examined: [] },
    },
  ]);
});

test('what an RDS reported before it was lost stays, and it is lost since it was first', async () => {
  const { reader, state } = rds();
  const { contents } = await reader.read(signal);
  Object.assign(state, { isLost: true, now: 2000 });
  await reader.read(signal);
  state.now = 3000;
  const lost = await reader.read(signal);
  assert.deepEqual([lost.error?.code, lost.lostAt, lost.contents], ['RDS-UNREACHABLE', 2000, contents]);
  Object.assign(state, { isLost: false, now: 4000 });
  const back = await reader.read(signal);
  assert.deepEqual([back.error, back.lostAt, back.contents?.at], [undefined, undefined, 4000]);
});

test('a defect is one, and no reading ends in it', async () => {
  const backend = { name: 'rds1', rds: { settings: SETTINGS } } as unknown as Backend;
  const prove = async () => {
    throw new TypeError('a defect of a test');
  };
  const reader = new BackendReader(backend, { prove }, []);
  const { error, contents } = await reader.read(signal);
  assert.deepEqual([error?.code, contents], ['DRV-DEFECT', undefined]);
});
