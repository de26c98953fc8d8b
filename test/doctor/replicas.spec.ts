/** The doctor of a pool that has a replica: two simulated RDS. */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { loadConfig } from '../../src/config/load.ts';
import { type DoctorOptions, type DoctorReport, runDoctor } from '../../src/doctor/doctor.ts';
import { TRANSFER_QUIRKS } from '../../src/simulator/quirks/transfer-quirks.ts';
import { change, inventory, look } from '../support/console.ts';
import { type ReplicaPairOptions, startReplicaPair } from '../support/replica-pair.ts';
import { findingOf, QUICK } from './rds.ts';

const IDS = ['replica-rows', 'replica', 'replica-increment', 'replica-status'];
const TIMING = { ...QUICK, patienceMs: 3_000 };

/** How each way in which transfers may differ shows, in the order of {@link IDS}; those that are not here show in nothing. */
const NOTICED: Readonly<Record<string, readonly string[]>> = {
  'receive-row-not-needed': ['differs', 'fits', 'fits', 'fits'],
  'receive-row-each-time': ['differs', 'fits', 'fits', 'fits'],
  'receive-mount-is-path': ['untested', 'unusable', 'untested', 'untested'],
  'receive-mount-not-top': ['untested', 'unusable', 'untested', 'untested'],
  'receive-needs-policy': ['untested', 'unusable', 'untested', 'untested'],
  'transfer-status-other': ['fits', 'fits', 'fits', 'differs'],
};

/** Ways that show only when a transfer is cut off, an RDS restarts, or a key or an account is exchanged, which no doctor does. */
const UNNOTICED = [
  'transfer-host-key-remembered',
  'transfer-tries-all-keys',
  'break-leaves-nothing',
  'break-leaves-read-only',
  'transfer-rows-lost',
  'transfer-rows-run-again',
  'transfer-removal-cancels',
  'transfer-removal-refused',
  'sent-not-protected',
  'transfer-status-unset',
];

async function pair(t: TestContext, options: ReplicaPairOptions = {}) {
  const stack = await startReplicaPair(t, options);
  const config = await loadConfig(stack.configFile);
  const examine = (more: Partial<DoctorOptions> = {}) =>
    runDoctor({ config, timing: TIMING, write: true, only: IDS, ...more });
  /** What is on both, the rows of transfers included. */
  const all = async () => ({
    near: [await inventory(stack.simulator), await transfersOn(stack.simulator)],
    far: [await inventory(stack.far), await transfersOn(stack.far)],
  });
  return { stack, examine, all };
}

const transfersOn = (rds: Parameters<typeof look>[0]) => look(rds, ':put [:len [/disk/btrfs/transfer find]]');

const verdicts = (report: DoctorReport) => IDS.map((id) => findingOf(report, id)?.verdict);

test('on a pair a snapshot and an increment are sent, compared, restored and removed on both', async (t) => {
  for (const subvolume of [undefined, 'rose']) {
    const { examine, all } = await pair(t, { ...(subvolume !== undefined && { subvolume }) });
    const before = await all();
    const report = await examine();
    assert.deepEqual(verdicts(report), ['fits', 'fits', 'fits', 'fits'], JSON.stringify(report.backends));
    const cleaned = report.backends[0]?.findings.filter(({ id }) => id === 'clean-up');
    assert.deepEqual(
      cleaned?.map(({ verdict, pool }) => [verdict, pool]),
      [
        ['fits', 'rds2/copies'],
        ['fits', undefined],
      ],
    );
    assert.equal(report.exitCode, 0);
    assert.deepEqual(await all(), before);
  }
});

test('there is an expectation of every way in which transfers can differ', () => {
  const all = [...Object.keys(NOTICED), ...UNNOTICED];
  assert.deepEqual(new Set(all), new Set(TRANSFER_QUIRKS.map(({ name }) => name)));
});

for (const { name, summary } of TRANSFER_QUIRKS) {
  test(`${name}: ${summary}`, async (t) => {
    const { examine, all } = await pair(t, { near: { quirks: [name] }, far: { quirks: [name] } });
    const before = await all();
    const report = await examine();
    assert.deepEqual(verdicts(report), NOTICED[name] ?? IDS.map(() => 'fits'), JSON.stringify(report.backends));
    assert.deepEqual(await all(), before, 'nothing is left');
    const isUsable = !(NOTICED[name] ?? []).includes('unusable');
    assert.equal(report.exitCode, isUsable ? 0 : 1);
  });
}

test('where the RDS receives in a subvolume only, and one is configured, copies fit', async (t) => {
  const options = { subvolume: 'rose', far: { quirks: ['receive-mount-not-top'] } };
  const { examine } = await pair(t, options);
  assert.deepEqual(verdicts(await examine()), ['fits', 'fits', 'fits', 'fits']);
});

test('a row that receives and was there before stays', async (t) => {
  const { stack, examine } = await pair(t);
  await change(stack.far, '/disk/btrfs/transfer add type=receive fs=copies file=sata1');
  assert.equal(findingOf(await examine(), 'replica-rows')?.device, 'one was there, and is good for several');
  assert.equal(await transfersOn(stack.far), '1');
});

test('what a cut transfer leaves on the replica is removed, and so is its row', async (t) => {
  const { stack, examine, all } = await pair(t);
  const before = await all();
  const at = { path: '/disk/btrfs/transfer', command: 'receive', nth: 2 };
  stack.far.faults.arm({ kind: 'drop', at, when: 'before', scriptRunsOn: false });
  const report = await examine({ only: ['replica'] });
  assert.equal(findingOf(report, 'replica')?.verdict, 'unusable');
  assert.match(findingOf(report, 'replica')?.device ?? '', /connection lost/);
  assert.deepEqual(await all(), before);
});

test('a replica that does not answer leaves the pair untested, and the first RDS is examined all the same', async (t) => {
  const { stack, examine } = await pair(t);
  await stack.far.close();
  const report = await examine({ only: [...IDS, 'names'] });
  assert.equal(findingOf(report, 'names')?.verdict, 'fits');
  assert.equal(findingOf(report, 'replica-rows')?.verdict, 'untested');
  assert.equal(report.exitCode, 2, 'the second RDS could not be examined');
});

test('with --pool nothing is sent to a pool that is not named', async (t) => {
  const { stack, examine } = await pair(t);
  const report = await examine({ pools: ['pool'] });
  assert.deepEqual(verdicts(report), [undefined, undefined, undefined, undefined]);
  assert.deepEqual(stack.copies(), []);
});
