import assert from 'node:assert/strict';
import { test } from 'node:test';
import { change, inventory, showRows, subvolumes } from '../support/console.ts';
import { findingOf, QUICK, startExaminedRds } from './rds.ts';

const SECOND = { label: 'second', uuid: '6e2d0b54-1c6f-4d40-9a5f-3b8c2d4e5f60', mountPoint: 'second' };
const FIRST = { label: 'pool', uuid: '5d1c9a43-0b5e-4c39-8f4e-2a7b1c3d4e5f', mountPoint: 'pool' };

test('each pool is tested, or only the one that was asked for', async (t) => {
  const pools = [FIRST, SECOND];
  const rds = await startExaminedRds(t, { pools: pools.map((pool) => ({ ...pool, sizeBytes: 2 ** 40 })) }, { pools });
  const both = await rds.examine({ write: true, only: ['creation-time'] });
  const tested = both.backends[0]?.findings.filter(({ id }) => id === 'creation-time');
  assert.deepEqual(
    tested?.map(({ pool }) => pool),
    ['pool', 'second'],
  );
  const one = await rds.examine({ write: true, only: ['creation-time'], pools: ['second'] });
  assert.equal(findingOf(one, 'creation-time')?.pool, 'second');
  assert.deepEqual(await inventory(rds.simulator), []);
});

test('nothing is made in a pool that is not the configured one, or has too little room', async (t) => {
  const pools = [{ ...FIRST, uuid: SECOND.uuid }];
  const wrong = await startExaminedRds(t, {}, { pools });
  const report = await wrong.examine({ write: true });
  assert.equal(report.exitCode, 1);
  assert.match(findingOf(report, 'pools')?.device ?? '', /its uuid is 5d1c9a43/);
  assert.equal(findingOf(report, 'write-access'), undefined);
  const small = await startExaminedRds(t, { pools: [{ ...FIRST, sizeBytes: 3 * 2 ** 30 }] });
  const full = await small.examine({ write: true });
  assert.equal(findingOf(full, 'write-access')?.verdict, 'untested');
  assert.equal(findingOf(full, 'proof-text'), undefined);
  for (const { simulator } of [wrong, small]) assert.equal(simulator.device.pools()[0]?.subvolumes.length, 0);
});

test('an RDS that restarts in the middle is asked again, and nothing is left on it', async (t) => {
  const { examine, simulator } = await startExaminedRds(t);
  const at = { path: '/disk/btrfs/subvolume', command: 'add', nth: 3 };
  simulator.faults.arm({ kind: 'restart', at, when: 'after', downMs: 300 });
  const report = await examine({ write: true, only: ['proof-text', 'names'] });
  assert.equal(findingOf(report, 'proof-text')?.verdict, 'untested');
  assert.equal(findingOf(report, 'names')?.verdict, 'fits');
  assert.equal(findingOf(report, 'clean-up')?.verdict, 'fits');
  assert.deepEqual(await inventory(simulator), []);
});

test('an RDS that goes away for good ends it with status 2, and what may be left is named', async (t) => {
  const { examine, simulator } = await startExaminedRds(t);
  const at = { path: '/disk/btrfs/subvolume', command: 'add', nth: 2 };
  simulator.faults.arm({ kind: 'restart', at, when: 'after', downMs: 600_000 });
  const report = await examine({ write: true, only: ['proof-image'] });
  assert.equal(report.exitCode, 2);
  const left = findingOf(report, 'clean-up');
  assert.equal(left?.verdict, 'unusable');
  assert.match(left?.lines?.[1] ?? '', /^ {2}\/disk.* remove \[find where .*rose-doctor-/);
});

test('snapshots that do not hold the data are found out', async (t) => {
  const { examine, simulator } = await startExaminedRds(t);
  // Each copy of a file shows what was written last, as if there were one file.
  showRows(simulator, '/file', (rows) => {
    const last = rows.map(({ props }) => props.get('contents')).find((text) => String(text).startsWith('after'));
    return rows.map((row) => {
      const isText = last !== undefined && row.props.has('contents');
      return isText ? { ...row, props: new Map([...row.props, ['contents', last]]) } : row;
    });
  });
  const report = await examine({ write: true, only: ['proof-text'], timing: { ...QUICK, patienceMs: 300 } });
  assert.equal(report.exitCode, 1);
  const finding = findingOf(report, 'proof-text');
  assert.equal(finding?.verdict, 'unusable');
  assert.match(finding.device, /the snapshot has "after the scratch object"; the clone has/);
});

test('an RDS on which what was made there looks like what was received is found out', async (t) => {
  const { examine, simulator } = await startExaminedRds(t);
  showRows(simulator, '/disk/btrfs/subvolume', (rows) =>
    rows.map((row) => ({ ...row, props: new Map([...row.props, ['received-uuid', row.props.get('uuid') ?? '']]) })),
  );
  const report = await examine({ write: true, only: ['received-uuid'] });
  assert.equal(findingOf(report, 'received-uuid')?.verdict, 'unusable');
  assert.equal(report.exitCode, 1);
  assert.deepEqual(await inventory(simulator), []);
});

test('an RDS that counts the discards of an exported image is believed, and one that does not is not', async (t) => {
  const { examine, simulator } = await startExaminedRds(t);
  const said = async () => findingOf(await examine({ only: ['discards'] }), 'discards');
  assert.match((await said())?.device ?? '', /nothing is exported/);
  await change(
    simulator,
    '/disk/add type=file slot=x file-path=pool/x.img file-size=1048576 mount-filesystem=no nvme-tcp-export=yes',
  );
  assert.match((await said())?.device ?? '', /shows no discard-bytes/);
  showRows(simulator, '/disk', (rows) =>
    rows.map((row) => ({ ...row, props: new Map([...row.props, ['discard-bytes', 4096n]]) })),
  );
  assert.equal((await said())?.verdict, 'fits');
});

test('objects of others are left alone, whatever their names have in common with ours', async (t) => {
  const { examine, simulator } = await startExaminedRds(t);
  const others = ['rose-doctor-mine', 'my-rose-doctor-65000000abcd', 'pvc-1', 'snap-1'];
  for (const name of others) await change(simulator, `/disk/btrfs/subvolume/add fs=pool name=${name}`);
  const report = await examine({ write: true, removeLeftovers: true, only: ['names', 'removal', 'leftovers'] });
  assert.equal(findingOf(report, 'leftovers')?.details?.['count'], 0);
  assert.deepEqual(subvolumes(simulator), others);
});
