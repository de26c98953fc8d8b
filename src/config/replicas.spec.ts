import assert from 'node:assert/strict';
import { test } from 'node:test';
import { backend, minimal, said } from './config.fixture.ts';
import { parseDuration } from './duration.ts';
import { parseConfig } from './load.ts';

const replica = { backend: 'rds2', pool: 'copies', address: '192.0.2.2', user: 'receive' };

/** Two backends, of which the first one's pool has this replica. */
function pair(changes: object = {}, second: object = {}): object {
  const other = { label: 'copies', uuid: '11111111-2222-3333-4444-666666666666', ...second };
  const [pool] = backend.pools;
  return {
    ...minimal,
    backends: [
      { ...backend, pools: [{ ...pool, replica: { ...replica, ...changes } }] },
      { ...backend, name: 'rds2', pools: [other] },
    ],
  };
}

test('a pool may have a replica on another backend, which is kept forever by default', () => {
  const [first] = parseConfig(pair(), 'f').backends;
  assert.deepEqual(first?.pools[0]?.replica, { ...replica, port: 22, keep: 'forever' });
  assert.equal(said(pair({ keep: '30d', port: 2222 })), 'nothing');
});

test('two pools may be the replicas of each other', () => {
  assert.equal(said(pair({}, { replica: { ...replica, backend: 'rds1', pool: 'pool' } })), 'nothing');
});

test('a replica is checked with the whole configuration, and what was meant is named', () => {
  for (const [changes, words] of [
    [{ backend: 'rsd2' }, /replica\.backend: there is no backend "rsd2"; did you mean "rds2"\? configured: rds2/],
    [{ backend: 'rds1' }, /replica\.backend: rds1 is the backend of the pool itself: a copy belongs on another/],
    [
      { pool: 'copeis' },
      /replica\.pool: there is no pool "copeis"; did you mean "copies"\? configured: copies on rds2/,
    ],
    [{ keep: '30 days' }, /replica\.keep: "forever", or a whole number of hours, days or weeks/],
    [{ keep: '0d' }, /replica\.keep: "forever"/],
    [{ adress: 'x' }, /replica: "adress" unknown; did you mean "address"\?/],
    [{ subvolume: 'a/b' }, /replica\.subvolume: the name of a subvolume in the top level of that pool/],
    [{ subvolume: 'snap-1' }, /replica\.subvolume: the name of a subvolume that is none of the driver/],
    [{ user: '' }, /replica\.user: the name of an account on the other RDS/],
  ] as const) {
    assert.match(said(pair(changes)), words);
  }
});

test('a pool takes the copies of one pool, as nothing in a name says where a copy came from', () => {
  const [pool] = backend.pools;
  const another = { label: 'other', uuid: '11111111-2222-3333-4444-777777777777', replica };
  const backends = [
    { ...backend, pools: [{ ...pool, replica }, another] },
    { ...backend, name: 'rds2', pools: [{ label: 'copies', uuid: '11111111-2222-3333-4444-666666666666' }] },
  ];
  assert.match(
    said({ ...minimal, backends }),
    /pools\[other\]\.replica\.pool: rds2\/copies is the replica of another pool already, in backends\[rds1\]\.pools\[pool\]\.replica/,
  );
});

test('durations are whole hours, days or weeks', () => {
  assert.deepEqual(['12h', '30d', '8w', 'forever', '1.5d', '', '0h'].map(parseDuration), [
    12 * 3_600_000,
    30 * 86_400_000,
    8 * 7 * 86_400_000,
    undefined,
    undefined,
    undefined,
    undefined,
  ]);
});
