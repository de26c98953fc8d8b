import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { answeringRds, OTHER_POOL, POOL } from '../rds/answers.fixture.ts';
import { backendOf } from './backend.fixture.ts';
import { Backends } from './backend.ts';

const UUID = '3a0f6d1e-9c55-4f2b-8b7e-1d2c3b4a5f60';

function two(t: TestContext): Backends {
  const other = answeringRds(t, [], { pools: [POOL, OTHER_POOL] });
  return new Backends([backendOf(answeringRds(t, []).rds), backendOf(other.rds, { name: 'rds2', network: 'b' })]);
}

test('a request names backend and pool where there are several, and only then', (t) => {
  const backends = two(t);
  assert.equal(new Backends([backendOf(answeringRds(t, []).rds)]).place({}).pool.label, 'pool');
  assert.equal(backends.place({ backend: 'rds1' }).pool.label, 'pool');
  const { backend, pool } = backends.place({ backend: 'rds2', pool: 'archive' });
  assert.deepEqual([backend.name, pool.label], ['rds2', 'archive']);
  assert.throws(() => backends.place({}), {
    message: 'the StorageClass must name a backend (parameters.backend); configured: rds1, rds2 [DRV-INVALID]',
  });
  assert.throws(() => backends.place({ backend: 'rds2' }), /must name a pool .* configured: pool, archive/);
  assert.throws(
    () => backends.place({ backend: 'rds2', pool: 'x' }),
    /parameters\.pool .* is x, which is not configured/,
  );
});

test('a place that none of the nodes reaches is exhausted, so that another node may be asked for', (t) => {
  const backends = two(t);
  const place = (networks: string[]) => backends.place({ backend: 'rds2', pool: 'pool', networks: new Set(networks) });
  assert.equal(place(['a', 'b']).backend.name, 'rds2');
  assert.throws(() => place(['a']), { kind: 'exhausted', code: 'DRV-NETWORK' });
});

test('an id of a backend that is not configured is a mistake, and one that is none of ours is absent', (t) => {
  const backends = two(t);
  assert.equal(backends.require('pvc', `rds2:pvc-${UUID}`).backend.name, 'rds2');
  for (const id of [`rds2:snap-${UUID}`, 'rds2:pvc-1', '']) {
    assert.equal(backends.open('pvc', id), undefined);
    assert.throws(() => backends.require('pvc', id), { kind: 'notFound', code: 'DRV-ABSENT' });
  }
  for (const ask of [() => backends.open('pvc', `rds3:pvc-${UUID}`), () => backends.require('pvc', `rds3:pvc-${UUID}`)])
    assert.throws(ask, { kind: 'unavailable', code: 'DRV-BACKEND' });
});
