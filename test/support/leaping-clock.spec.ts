import assert from 'node:assert/strict';
import { test } from 'node:test';
import { simulatorForTest } from '../../src/simulator/simulate.testing.ts';
import { connect, exec } from '../../src/simulator/ssh/ssh-client.testing.ts';
import { LeapingClock } from './leaping-clock.ts';
import { until } from './until.ts';

const HOUR_MS = 3_600_000;

test('a wait leaps over its time, and beside that the clock runs', async () => {
  const clock = new LeapingClock();
  const [real, begin] = [performance.now(), clock.now()];
  let isOver = false;
  const wait = clock.wait(HOUR_MS).then(() => {
    isOver = true;
  });
  assert.equal(isOver, false, 'not in the same turn');
  await wait;
  const passed = clock.now() - begin;
  assert.ok(passed >= HOUR_MS && passed - HOUR_MS <= performance.now() - real);
});

test('a wait ends with its signal', async () => {
  const clock = new LeapingClock();
  const begin = clock.now();
  await assert.rejects(clock.wait(HOUR_MS, AbortSignal.abort(new Error('enough'))), /^Error: enough$/);
  assert.ok(clock.now() - begin < HOUR_MS, 'it did not leap');
  const abort = new AbortController();
  const rejected = [clock.wait(1, abort.signal), clock.rds.wait(HOUR_MS, abort.signal)].map((wait) =>
    assert.rejects(wait, /^Error: enough$/),
  );
  abort.abort(new Error('enough'));
  await Promise.all(rejected);
});

test('what waits in the RDS wakes when its time has come, by leaps or by itself', async () => {
  const clock = new LeapingClock();
  const begin = clock.rds.now();
  let isOver = false;
  const wait = clock.rds.wait(2 * HOUR_MS).then(() => {
    isOver = true;
  });
  await clock.wait(HOUR_MS);
  await clock.wait(1);
  assert.equal(isOver, false);
  clock.leap(HOUR_MS);
  await wait;
  await clock.rds.wait(20);
  assert.ok(clock.rds.now() - begin >= 2 * HOUR_MS + 20);
});

test('a script that its client gave up comes too late for its deadline', async (t) => {
  const clock = new LeapingClock();
  const { simulator, privateKey } = await simulatorForTest(t, { clock: clock.rds });
  const script =
    ':onerror e in={/disk/btrfs/subvolume/add fs=pool name=a; :if ([/system/resource/get uptime]>=90s) do={:error "late"}; ' +
    '/disk/btrfs/subvolume/add fs=pool name=b} do={/log/info message=$e}';
  simulator.faults.arm({ kind: 'stall', at: { command: 'add' }, ms: 60_000, disconnect: true });
  const login = () => connect(t, { port: simulator.port, privateKey });
  await exec(await login(), script).catch(() => undefined);
  await clock.wait(100_000);
  await until(async () => simulator.running === 0);
  assert.deepEqual(simulator.device.pools()[0]?.subvolumes, ['a']);
  assert.match((await exec(await login(), '/log/print')).stdout, /late/);
});
