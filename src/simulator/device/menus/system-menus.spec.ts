import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HandClock } from '../../clock.testing.ts';
import { Duration } from '../../console/value.ts';
import { openDevice } from '../device.testing.ts';

test('identity: the option until it is set', async (t) => {
  const device = await openDevice(t, { identity: 'rds-a' });
  assert.equal((await device.rows('/system/identity'))[0]?.props.get('name'), 'rds-a');
  await device.device.menus.find('/system/identity')?.run('set', [], new Map([['name', 'rds-b']]));
  assert.equal((await device.rows('/system/identity'))[0]?.props.get('name'), 'rds-b');
});

test('version and packages', async (t) => {
  const device = await openDevice(t, { version: '7.23.5 (stable)' });
  assert.equal((await device.rows('/system/resource'))[0]?.props.get('version'), '7.23.5 (stable)');
  assert.equal(await device.get('/system/package', 'rose-storage', 'version'), '7.23.5');
  assert.equal(await device.get('/system/package', 'rose-storage', 'disabled'), false);
});

test('the clock is the device clock, in UTC', async (t) => {
  const device = await openDevice(t, { clock: new HandClock('2026-01-02T03:04:05Z') });
  const [row] = await device.rows('/system/clock');
  assert.equal(row?.props.get('date'), '2026-01-02');
  assert.equal(row?.props.get('time'), '03:04:05');
  assert.equal(row?.props.get('gmt-offset'), 0n);
});

test('uptime is by the clock, in whole seconds, and begins again with the device', async (t) => {
  const clock = new HandClock('2026-01-02T03:04:05.700Z');
  const device = await openDevice(t, { clock });
  const uptime = async () => (await device.rows('/system/resource'))[0]?.props.get('uptime');
  assert.deepEqual(await uptime(), new Duration(0));
  clock.pass(93_784_999);
  assert.deepEqual(await uptime(), new Duration(93_784_000));
  await device.device.restart();
  clock.pass(1500);
  assert.deepEqual(await uptime(), new Duration(1000));
});

test('the log keeps the last thousand lines', async (t) => {
  const device = await openDevice(t);
  const log = device.device.menus.find('/log');
  for (let i = 1; i <= 1001; i += 1) await log?.run('info', [], new Map([['message', `line ${i}`]]));
  const rows = await device.rows('/log');
  assert.equal(rows.length, 1000);
  assert.equal(rows[0]?.props.get('message'), 'line 2');
  assert.equal(rows[0]?.props.get('topics'), 'script,info');
});

test('a filesystem per pool, and no transfers', async (t) => {
  const device = await openDevice(t);
  assert.equal(await device.get('/disk/btrfs/filesystem', 'pool', 'devs'), 'nvme1');
  assert.deepEqual(await device.rows('/disk/btrfs/transfer'), []);
  await assert.rejects(device.add('/disk/btrfs/transfer', { 'copy-from': '*1' }), /the simulator does not carry out/);
});
