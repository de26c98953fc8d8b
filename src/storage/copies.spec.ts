import assert from 'node:assert/strict';
import { test } from 'node:test';
import { answeringRds, OTHER_POOL, POOL, row } from '../rds/answers.fixture.ts';
import { type ListedObject, printSnapshotName, printVolumeName } from '../rds/index.ts';
import { backendOf, call } from './backend.fixture.ts';
import { attribute, classifyCopies } from './copies.ts';

const UUID = '3a0f6d1e-9c55-4f2b-8b7e-1d2c3b4a5f60';
const SOURCE = '1e6a2f4b-8c1d-4a6e-9f3b-5d7c9e1f2a3b';
const VOLUME = printVolumeName({ uuid: UUID, owner: '12345678', origin: { kind: 'new' }, requestedBytes: 1n << 20n });
const SNAPSHOT = printSnapshotName({
  uuid: UUID,
  owner: '12345678',
  sourceUuid: SOURCE,
  createdAtSeconds: 1_790_000_000n,
  bytes: 1n << 20n,
});

type Kind = ListedObject['subvolume']['kind'];

function listed(name: string, subvolumeId: bigint, fs = POOL.label, kind: Kind = 'own'): ListedObject {
  return { subvolume: { name, fs, subvolumeId, uuid: `${subvolumeId}`, kind }, disk: undefined };
}

test('what came by a transfer or lies in a subvolume is a copy, and the object beside it is none', async (t) => {
  const { rds } = answeringRds(t, []);
  const own = listed(VOLUME, 300n);
  const rows = [listed(VOLUME, 299n, POOL.label, 'copy'), own, listed(VOLUME, 301n, POOL.label, 'nested')];
  const { objects, copies } = await classifyCopies(backendOf(rds), rows, call);
  assert.deepEqual(objects, [{ row: own, duplicates: [] }]);
  assert.deepEqual(
    copies.map(({ kind, uuid }) => `${kind} ${uuid}`),
    ['copy 299', 'nested 301'],
  );
});

test('of several that could be the object, the RDS says which; without a word of it all are reported', async (t) => {
  const pools = [POOL, OTHER_POOL];
  const rows = [listed(VOLUME, 300n), listed(VOLUME, 301n, OTHER_POOL.label)];
  const printed = [row(VOLUME, 300), row(VOLUME, 301, OTHER_POOL.label)];
  const attached = { slot: 'pvc-3a0f6d1e9c554f2b8b7e1d2c3b4a', 'file-path': `archive/${VOLUME}/volume.img` };
  const mounted = pools.map(({ label }) => ({ 'fs-label': label, 'mount-point': label }));
  const known = await classifyCopies(
    backendOf(answeringRds(t, [[...printed, attached, ...mounted]], { pools }).rds),
    rows,
    call,
  );
  assert.deepEqual(known.objects, [{ row: rows[1], duplicates: [] }]);
  assert.deepEqual(
    known.copies.map(({ kind, pool }) => `${kind} ${pool}`),
    ['half-received pool'],
  );
  const unknown = await classifyCopies(
    backendOf(answeringRds(t, [[...printed, ...mounted]], { pools }).rds),
    rows,
    call,
  );
  assert.deepEqual(
    unknown.copies.map(({ kind, pool }) => `${kind} ${pool}`),
    ['undecided pool', 'undecided archive'],
  );
});

test('a copy is one of what another RDS has, as long as its own has nothing of that id', async (t) => {
  const backends = ['rds1', 'rds2'].map((name) => backendOf(answeringRds(t, []).rds, { name }));
  const [, second] = backends;
  assert.ok(second);
  const { copies } = await classifyCopies(second, [listed(SNAPSHOT, 300n, POOL.label, 'copy')], call);
  const of = (...ids: readonly string[]) => {
    const [copy] = attribute(copies, backends, new Set(ids));
    return [copy?.of, copy?.source];
  };
  assert.deepEqual(of(`rds1:snap-${UUID}`), [`rds1:snap-${UUID}`, `rds1:pvc-${SOURCE}`]);
  assert.deepEqual(of(`rds1:snap-${UUID}`, `rds2:snap-${UUID}`), [`rds2:snap-${UUID}`, `rds2:pvc-${SOURCE}`]);
  assert.deepEqual(of(), [`rds2:snap-${UUID}`, `rds2:pvc-${SOURCE}`]);
});
