import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { type Answer, answeringRds, clock, refused, row } from '../rds/answers.fixture.ts';
import { printVolumeName } from '../rds/index.ts';
import { backendOf, call } from './backend.fixture.ts';
import { Backends } from './backend.ts';
import { identity } from './ids.ts';
import { KeyedLock } from './keyed-lock.ts';
import { Replicas } from './replication/replicas.ts';
import { Volumes } from './volumes.ts';

const MiB = 1n << 20n;
const IDENTITY = identity('rds.rose-csi.io', 'cluster', []);
const UUID = '3a0f6d1e-9c55-4f2b-8b7e-1d2c3b4a5f60';
const ID = `rds1:pvc-${UUID}`;
const REQUEST = { name: `pvc-${UUID}`, capacity: { requiredBytes: MiB, limitBytes: 0n } };
const MADE = { uuid: UUID, owner: IDENTITY.owner, origin: { kind: 'new' }, requestedBytes: MiB } as const;
const NAME = printVolumeName(MADE);

function volumes(t: TestContext, ...answers: readonly Answer[]) {
  const { rds, sent } = answeringRds(t, answers, { owners: IDENTITY.owners });
  return {
    store: new Volumes(new Backends([backendOf(rds)]), IDENTITY, new KeyedLock(), clock, new Replicas([])),
    sent,
  };
}

function item(size: bigint, more: Readonly<Record<string, unknown>> = {}) {
  return { slot: 'pvc-3a0f6d1e9c554f2b8b7e1d2c3b4a', size: `${size}`, 'file-path': `pool/${NAME}/volume.img`, ...more };
}

test('a volume is handed out as it was asked for, or not at all', async (t) => {
  const { store } = volumes(t, [row(NAME), item(MiB)]);
  const made = await store.create(REQUEST, call);
  assert.deepEqual(made, { id: ID, capacityBytes: MiB, network: 'default', publishedNodeIds: [] });
  const small = volumes(t, [row(NAME), item(MiB / 2n)]);
  await assert.rejects(small.store.create(REQUEST, call), { kind: 'busy', code: 'RC-LAG' });
  const large = volumes(t, [row(NAME), item(4n * MiB)]);
  const limited = { ...REQUEST, capacity: { requiredBytes: MiB, limitBytes: 2n * MiB } };
  await assert.rejects(large.store.create(limited, call), { kind: 'alreadyExists', code: 'DRV-EXISTS' });
  const automatic = volumes(t, [row(NAME), item(MiB, { 'mount-filesystem': true })]);
  await assert.rejects(automatic.store.create(REQUEST, call), { code: 'DRV-AUTOMOUNT' });
});

test('whoever is slower with another request for a name withdraws what it made, and says what there is', async (t) => {
  const faster = printVolumeName({ ...MADE, requestedBytes: 2n * MiB });
  const { store, sent } = volumes(t, [row(faster, 300), row(NAME, 301)], []);
  await assert.rejects(store.create(REQUEST, call), {
    kind: 'alreadyExists',
    message: new RegExp(`it was made empty with 2 MiB asked for, by owner ${IDENTITY.owner}`),
  });
  assert.deepEqual(sent, ['writes', 'removes']);
});

test('a size is reported when a second look shows it', async (t) => {
  const grow = (...sizes: readonly [bigint, bigint]) =>
    volumes(t, ...sizes.map((size) => [item(size)])).store.expand(
      ID,
      { requiredBytes: 2n * MiB, limitBytes: 0n },
      call,
    );
  assert.equal(await grow(2n * MiB, 2n * MiB), 2n * MiB);
  await assert.rejects(grow(2n * MiB, MiB), { kind: 'busy', code: 'RC-LAG' });
});

test('an RDS that does not grow what is exported may grow it later', async (t) => {
  const grow = (exported: boolean) => {
    // It is asked twice: a script that came too late for its growth is refused in the same words.
    const refusals = Array.from({ length: 2 }, () => refused('RC-GROW', `${MiB} failure`));
    const { store } = volumes(t, ...refusals, [item(MiB, { 'nvme-tcp-export': exported })]);
    return store.expand(ID, { requiredBytes: 2n * MiB, limitBytes: 0n }, call);
  };
  await assert.rejects(grow(true), { kind: 'precondition', code: 'DRV-INUSE' });
  await assert.rejects(grow(false), { kind: 'outOfRange', code: 'RC-GROW' });
});

test('a growth without room was repeated without end, though the claim asked for less by then', async (t) => {
  for (const code of ['RC-SPACE', 'RC-PROMISE'] as const) {
    const { store } = volumes(t, refused(code, '5 of 20'));
    const growth = store.expand(ID, { requiredBytes: 2n * MiB, limitBytes: 0n }, call);
    await assert.rejects(growth, { kind: 'outOfRange', code });
  }
});

test('a partial volume that could hold data is kept', async (t) => {
  const gone = volumes(t, [], [], []);
  await gone.store.discardPartial(ID, call);
  const kept = volumes(t, [], [item(MiB)], [row(NAME), item(MiB)], [item(MiB)]);
  await assert.rejects(kept.store.discardPartial(ID, call), { kind: 'precondition', code: 'DRV-KEPT' });
});
