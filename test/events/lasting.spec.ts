import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PoolCondition } from '../../src/simulator/faults/fault.ts';
import { makeVolume, outcome, publish } from '../support/calls.ts';
import { change } from '../support/console.ts';
import { persistentVolume } from '../support/kubernetes-api.ts';
import { until } from '../support/until.ts';
import { type Fixture, impatient, startFixture } from './fixture.ts';

/** Reasons and kinds of all Events about claims. */
const ofClaims = (fixture: Fixture) =>
  fixture.about('PersistentVolumeClaim').map(({ reason, count }) => [reason, count] as const);

const troubles: readonly (readonly [string, PoolCondition, PoolCondition, RegExp])[] = [
  [
    'BackendRefuses',
    { pool: 'pool', readOnly: true },
    { pool: 'pool', readOnly: false },
    /: .*read-only.*\[RDS-REFUSED\]$/i,
  ],
  ['PoolMissing', { pool: 'pool', mounted: false }, { pool: 'pool', mounted: true }, /\[RC-POOL\]$/],
];

for (const [reason, trouble, cure, message] of troubles) {
  test(`${reason}: what an RDS may get over by itself is reported to the claim when it has lasted, once`, async (t) => {
    const fixture = await startFixture(t, { patience: impatient(40) });
    await fixture.api.setPool(trouble);
    const claim = fixture.claim();
    assert.equal(await claim.provision(), 'UNAVAILABLE');
    await until(async () => {
      assert.equal(await claim.provision(), 'UNAVAILABLE');
      return ofClaims(fixture).length > 0;
    });
    for (let time = 0; time < 20; time += 1) await claim.provision();
    assert.deepEqual(ofClaims(fixture), [[reason, 1]]);
    assert.match(fixture.about('PersistentVolumeClaim')[0]?.message ?? '', message);
    await fixture.api.setPool(cure);
    assert.equal(await claim.provision(), 'OK');
  });

  test(`${reason}: what passes at once tells no one`, async (t) => {
    const fixture = await startFixture(t, { patience: impatient(60_000) });
    for (let time = 0; time < 5; time += 1) {
      const claim = fixture.claim();
      await fixture.api.setPool(trouble);
      assert.equal(await claim.provision(), 'UNAVAILABLE');
      await fixture.api.setPool(cure);
      assert.equal(await claim.provision(), 'OK');
    }
    assert.deepEqual(ofClaims(fixture), []);
  });
}

test('a disk that someone exported by hand is reported to the claim that is to be attached', async (t) => {
  const fixture = await startFixture(t);
  const volumeId = await makeVolume(fixture.controller);
  fixture.kubernetes.put('persistentvolumes', persistentVolume(volumeId));
  await change(fixture.simulator, '/disk set [find where type=file] nvme-tcp-export=yes');
  assert.equal(await outcome(publish(fixture.controller, volumeId)), 'FAILED_PRECONDITION');
  await until(async () => ofClaims(fixture).length > 0);
  assert.deepEqual(ofClaims(fixture), [['ExportUnrecorded', 1]]);
});
