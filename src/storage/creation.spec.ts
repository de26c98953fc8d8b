import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { type Answer, answeringRds, FAILED, OTHER_POOL, POOL, refused, row } from '../rds/answers.fixture.ts';
import { type CreateVolume, printSnapshotName, printVolumeName } from '../rds/index.ts';
import { backendOf, call } from './backend.fixture.ts';
import { makeVolume } from './creation.ts';
import { snapshotRef, volumeRef } from './ids.ts';

const MiB = 1n << 20n;
const UUID = '3a0f6d1e-9c55-4f2b-8b7e-1d2c3b4a5f60';
const SOURCE = '1e6a2f4b-8c1d-4a6e-9f3b-5d7c9e1f2a3b';
const OWNER = '12345678';

const NEW = printVolumeName({ uuid: UUID, owner: OWNER, origin: { kind: 'new' }, requestedBytes: MiB });
const COPY = printVolumeName({
  uuid: UUID,
  owner: OWNER,
  origin: { kind: 'snapshot', uuid: SOURCE },
  requestedBytes: MiB,
});
const SNAPSHOT = printSnapshotName({
  uuid: SOURCE,
  owner: OWNER,
  sourceUuid: UUID,
  createdAtSeconds: 1_790_000_000n,
  bytes: MiB,
});

const EMPTY: CreateVolume = {
  pool: POOL,
  volume: volumeRef({ uuid: UUID }),
  name: NEW,
  description: 'a/b',
  bytes: MiB,
  limitBytes: 0n,
  source: undefined,
};
const RESTORE: CreateVolume = { ...EMPTY, name: COPY, source: snapshotRef({ uuid: SOURCE }) };

/** @returns the outcome, and what the scripts that were sent do */
function make(t: TestContext, wanted: CreateVolume, ...answers: readonly Answer[]) {
  const { rds, sent } = answeringRds(t, answers, { pools: [POOL, OTHER_POOL] });
  return { outcome: makeVolume(backendOf(rds), wanted, call), sent };
}

/** What a script answers until it is no longer asked: 20 times more. */
const stillRefused = (detail: string) => Array.from({ length: 21 }, () => refused('RC-MADE', detail));

test('a volume that cannot be completed is rolled back by the call that made it', async (t) => {
  const { outcome, sent } = make(t, EMPTY, refused('RC-MADE', 'RC-SPACE 5 of 20'), []);
  await assert.rejects(outcome, { code: 'RC-SPACE', made: true });
  assert.deepEqual(sent, ['writes', 'removes']);
});

test('what another call has made is not rolled back', async (t) => {
  const { outcome, sent } = make(t, EMPTY, refused('RC-SPACE', '5 of 20'));
  await assert.rejects(outcome, { code: 'RC-SPACE', made: false });
  assert.deepEqual(sent, ['writes']);
});

test('nothing is removed while it is open what there is: a size that is not shown yet, or an answer that was lost', async (t) => {
  const unsized = make(t, EMPTY, ...stillRefused('RC-SIZE 0'));
  await assert.rejects(unsized.outcome, { code: 'RC-SIZE', made: true });
  assert.ok(!unsized.sent.includes('removes'));
  const lost = make(t, EMPTY, refused('RC-MADE', 'RC-SPACE 5 of 20', true));
  await assert.rejects(lost.outcome, { code: 'RDS-UNKNOWN', mayStillRun: true });
  assert.deepEqual(lost.sent, ['writes']);
});

test('a copy without a byte is no restore: it is removed, and its source is called empty', async (t) => {
  const { outcome, sent } = make(t, RESTORE, ...stillRefused('RC-SIZE 0'), []);
  await assert.rejects(outcome, { code: 'RC-EMPTY' });
  assert.equal(sent.at(-1), 'removes');
});

test('a creation whose roll-back leaves something is to be asked for again', async (t) => {
  const { outcome } = make(t, EMPTY, refused('RC-MADE', 'RC-SPACE 5 of 20'), [row(NEW)]);
  await assert.rejects(outcome, { kind: 'unavailable', code: 'DRV-LEFTOVER' });
});

test('a command that fails is run once more, as another process may be a step ahead, and then it stands', async (t) => {
  const { subvolumes } = await make(t, EMPTY, FAILED, [row(NEW)]).outcome;
  assert.deepEqual(
    subvolumes.map(({ name }) => name),
    [NEW],
  );
  await assert.rejects(make(t, EMPTY, FAILED, FAILED).outcome, { code: 'RDS-REFUSED' });
});

test('a source is only gone when no pool has it', async (t) => {
  const inOther = make(t, RESTORE, refused('RC-NOSRC'), [row(SNAPSHOT, 300, OTHER_POOL.label)]);
  await assert.rejects(inOther.outcome, { code: 'RC-ELSEWHERE', detail: `archive ${SNAPSHOT}` });
  const justMade = make(t, RESTORE, refused('RC-NOSRC'), [row(SNAPSHOT)]);
  await assert.rejects(justMade.outcome, { code: 'RC-RACE' });
  await assert.rejects(make(t, RESTORE, refused('RC-NOSRC'), []).outcome, { code: 'RC-NOSRC' });
});

test('a volume of the id in another pool was made from another request; a pool that is not configured says nothing', async (t) => {
  const there = make(t, EMPTY, refused('RC-ELSEWHERE', `archive ${NEW}`));
  await assert.rejects(there.outcome, { code: 'DRV-EXISTS', kind: 'alreadyExists', object: `rds1:pvc-${UUID}` });
  const forgotten = make(t, EMPTY, refused('RC-ELSEWHERE', `old ${NEW}`));
  await assert.rejects(forgotten.outcome, { code: 'RC-POOL' });
});
