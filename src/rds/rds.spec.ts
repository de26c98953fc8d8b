import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RouterOsError, type RouterOsErrorKind } from '../routeros/index.ts';
import { answeringRds, OTHER_POOL, POOL, refused, row } from './answers.fixture.ts';
import { printSnapshotName } from './names.ts';
import { readSnapshot } from './scripts/snapshots.ts';

const UUID = '3a0f6d1e-9c55-4f2b-8b7e-1d2c3b4a5f60';
const SNAPSHOT = { kind: 'snap', uuid: UUID } as const;
const CALL = { signal: new AbortController().signal };
const NAME = printSnapshotName({
  uuid: UUID,
  owner: '12345678',
  sourceUuid: UUID,
  createdAtSeconds: 1_790_000_000n,
  bytes: 1n << 20n,
});

test('how a conversation ends is said by the code of it, with what it came with', async (t) => {
  const codes: readonly (readonly [Exclude<RouterOsErrorKind, 'refused'>, string])[] = [
    ['failed', 'RDS-REFUSED'],
    ['unauthenticated', 'RDS-LOGIN'],
    ['unknown', 'RDS-UNKNOWN'],
  ];
  for (const [kind, code] of codes) {
    const { rds } = answeringRds(t, [new RouterOsError(kind, 'as it was')]);
    const error = { code, detail: 'as it was', mayStillRun: kind === 'unknown' };
    await assert.rejects(
      rds.run((settings) => readSnapshot(settings, SNAPSHOT), CALL),
      error,
    );
  }
});

test('a refusal is read without the traces that RouterOS adds; one that no one knows is a failed command', async (t) => {
  const traced = answeringRds(t, [refused('RC-MADE', 'RC-SPACE 5 of 20 (:error; line 1) (:error; line 9)')]).rds;
  const expected = { code: 'RC-SPACE', detail: '5 of 20', made: true };
  await assert.rejects(
    traced.run((settings) => readSnapshot(settings, SNAPSHOT), CALL),
    expected,
  );
  const foreign = answeringRds(t, [refused('RC-FOREIGN', 'words')]).rds;
  const words = { code: 'RDS-REFUSED', detail: 'RC-FOREIGN words' };
  await assert.rejects(
    foreign.run((settings) => readSnapshot(settings, SNAPSHOT), CALL),
    words,
  );
});

test('what the RDS is not ready for is asked again 20 times, and no refusal that stands', async (t) => {
  const ready = answeringRds(t, [...Array.from({ length: 20 }, () => refused('RC-SIZE')), [row(NAME)]]);
  assert.equal((await ready.rds.run((settings) => readSnapshot(settings, SNAPSHOT), CALL)).subvolumes.length, 1);
  const never = answeringRds(t, [refused('RC-OWNER', NAME)]);
  await assert.rejects(
    never.rds.run((settings) => readSnapshot(settings, SNAPSHOT), CALL),
    { code: 'RC-OWNER' },
  );
});

test('where several have the name of an object, the RDS is asked for the one that is it, and then for that', async (t) => {
  const { rds, sent } = answeringRds(t, [refused('RC-TWO', NAME), [row(NAME, 301), row(`${NAME}0`, 302)], [row(NAME)]]);
  const { subvolumes } = await rds.run((settings) => readSnapshot(settings, SNAPSHOT), CALL);
  assert.deepEqual([subvolumes.length, sent.length], [1, 3]);
});

test('where nothing says which of two is the object, the refusal stands', async (t) => {
  const two = [row(NAME, 301), row(NAME, 302, OTHER_POOL.label)];
  const { rds } = answeringRds(t, [refused('RC-TWO', NAME), two], { pools: [POOL, OTHER_POOL] });
  await assert.rejects(
    rds.run((settings) => readSnapshot(settings, SNAPSHOT), CALL),
    { code: 'RC-TWO' },
  );
});

test('a pool that is not there is reported with what is in its place', async (t) => {
  const found = [{ uuid: OTHER_POOL.uuid, label: POOL.label }, { version: '7.21' }];
  const { rds } = answeringRds(t, [refused('RC-POOL', POOL.label), found]);
  const detail = `pool pool: its uuid is ${OTHER_POOL.uuid}, configured is ${POOL.uuid}`;
  await assert.rejects(
    rds.run((settings) => readSnapshot(settings, SNAPSHOT), CALL),
    { code: 'RC-POOL', detail },
  );
});

test('an object of ours that the RDS shows under a path is not called that of another cluster', async (t) => {
  const ask = (detail: string) =>
    answeringRds(t, [refused('RC-OWNER', detail)]).rds.run((settings) => readSnapshot(settings, SNAPSHOT), CALL);
  await assert.rejects(ask(`<FS_ROOT>/${NAME}`), { code: 'RC-NAME' });
  await assert.rejects(ask(`<FS_ROOT>/${NAME.replace('12345678', '87654321')}`), { code: 'RC-OWNER' });
});
