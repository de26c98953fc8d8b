import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { answeringRds, OTHER_POOL, POOL } from '../rds/answers.fixture.ts';
import { backendOf, call } from './backend.fixture.ts';
import { listPage } from './listing.ts';

/** The entries of a page, and the token of the next one, where the pools hold so many. */
async function page(
  t: TestContext,
  pools: Readonly<Record<string, number>>,
  maxEntries: number,
  token = '',
  rows = 10,
) {
  const { rds } = answeringRds(t, [], { pools: [POOL, OTHER_POOL] });
  const { entries, nextToken } = await listPage([backendOf(rds)], { maxEntries, token }, call, {
    rows,
    async fetch({ pool: { label } }, after, limit) {
      const ids = Array.from({ length: pools[label] ?? 0 }, (_, at) => BigInt(at + 1)).filter((id) => id > after);
      const objects = ids.slice(0, limit).map((subvolumeId) => ({
        subvolume: { name: `${label}-${subvolumeId}`, fs: label, subvolumeId, uuid: '', kind: 'own' as const },
        disk: undefined,
      }));
      return { objects, more: ids.length > limit, rivals: [] };
    },
    read: (_, { subvolume }) => (subvolume.name.endsWith('-2') ? undefined : { id: subvolume.name }),
  });
  return [entries.map(({ id }) => id).join(' '), nextToken];
}

test('a page goes on in the next pool, and ends where it is full or there is no more', async (t) => {
  assert.deepEqual(await page(t, { pool: 1, archive: 1 }, 0), ['pool-1 archive-1', '']);
  assert.deepEqual(await page(t, { pool: 1, archive: 1 }, 1), ['pool-1', 'rds1/pool/1']);
  assert.deepEqual(await page(t, { pool: 1, archive: 1 }, 1, 'rds1/pool/1'), ['archive-1', '']);
  assert.deepEqual(await page(t, { pool: 4 }, 0, '', 3), ['pool-1 pool-3', 'rds1/pool/3']);
});

test('a page is not empty because its first rows are none of ours', async (t) => {
  assert.deepEqual(await page(t, { pool: 3 }, 1, 'rds1/pool/1'), ['pool-3', 'rds1/pool/3']);
});

test('a token of a pool that is not configured, or of someone else, is refused', async (t) => {
  for (const token of [
    'rds1/old/1',
    'rds2/pool/1',
    'x',
    '5',
    'rds1/pool',
    'rds1/pool/-1',
    'rds1/pool/01',
    'rds1/pool/5 ',
  ])
    await assert.rejects(page(t, {}, 0, token), { kind: 'badToken', code: 'DRV-TOKEN' });
});
