import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { SimulatorApi } from '../../test/support/simulator-api.ts';
import { callApi } from './api/api-client.testing.ts';
import { HandClock } from './clock.testing.ts';
import { simulatorForTest } from './simulate.testing.ts';
import { connect, exec } from './ssh/ssh-client.testing.ts';

/** A snapshot in one line, as the driver would send it: prove, act, read back as JSON, and a marker at the end. */
const SNAPSHOT = [
  ':onerror e in={:local xV [/disk/btrfs/subvolume/find where fs="pool" and name="v-1"]',
  ':if ([:len $xV]!=1) do={:error "NOSRC"}',
  '/disk/btrfs/subvolume/add fs="pool" parent="v-1" name="s-1" read-only=yes',
  ':foreach r in=[/disk/btrfs/subvolume/print detail as-value where name="s-1"] do={' +
    ':put [:serialize to=json options=json.no-string-conversion value=$r]}',
  ':put "OKn"} do={:put ("ERn ".[:tostr $e])}',
].join('; ');

test('a volume, its snapshot and their blocks, over SSH and the API', async (t) => {
  const { simulator, privateKey } = await simulatorForTest(t);
  const client = await connect(t, { port: simulator.port, privateKey });
  const run = async (line: string) => (await exec(client, line)).stdout;
  const nqn = 'nqn.2026-11.test:v-1';
  assert.equal(await run('/disk/btrfs/subvolume/add fs="pool" name="v-1"'), '');
  const add = 'slot="v-1" file-path="/pool/v-1/volume.img" file-size=1048576 mount-filesystem=no nvme-tcp-export=yes';
  assert.equal(await run(`/disk/add type=file ${add} nvme-tcp-server-nqn="${nqn}"`), '');
  await callApi(simulator.apiSocket, 'PUT', `/v1/namespaces/${nqn}/blocks?offset=0`, Buffer.from('then'));

  const [row = '', marker] = (await run(SNAPSHOT)).split('\r\n');
  assert.equal(marker, 'OKn');
  assert.equal(JSON.parse(row)['read-only'], true);
  assert.match(await run(SNAPSHOT), /^ERn .*File exists/);

  await callApi(simulator.apiSocket, 'PUT', `/v1/namespaces/${nqn}/blocks?offset=0`, Buffer.from('now.'));
  assert.equal(await run('/disk/btrfs/subvolume/add fs="pool" parent="s-1" name="v-2"'), '');
  const attach = 'slot="v-2" file-path="/pool/v-2/volume.img" mount-filesystem=no nvme-tcp-export=yes';
  assert.equal(await run(`/disk/add type=file ${attach}`), '');
  const path = '/v1/namespaces/nqn.2000-02.com.mikrotik:v-2/blocks?offset=0&length=4';
  assert.equal((await callApi(simulator.apiSocket, 'GET', path)).body.toString(), 'then');
});

test('a script asks how long the device runs, and a restart starts it again', async (t) => {
  const clock = new HandClock('2026-01-02T03:04:05Z');
  const { simulator, privateKey } = await simulatorForTest(t, { clock, quirks: ['clock-wrong'] });
  const run = async (line: string) => {
    const client = await connect(t, { port: simulator.port, privateKey });
    return (await exec(client, line)).stdout;
  };
  const uuid = simulator.device.pools()[0]?.uuid;
  const proof = `label="pool" and uuid="${uuid}" and $xU>[/system/resource/get uptime]`;
  const asked = (bound: string) =>
    `:local xU ${bound}; :if ([/system/resource get uptime]>=$xU) do={:put "late"} else={:put "early"}; ` +
    `:put [:len [/disk/btrfs/filesystem find where ${proof}]]`;
  clock.pass(93_783_900);
  const answers = [];
  for (const bound of ['[:totime "93784s"]', '93784s', '1d02:03:04']) answers.push(await run(asked(bound)));
  clock.pass(100);
  for (const bound of ['[:totime "93784s"]', '93784s', '1d02:03:04']) answers.push(await run(asked(bound)));
  assert.deepEqual(answers, [...Array(3).fill('early\r\n1\r\n'), ...Array(3).fill('late\r\n0\r\n')]);
  const uptime = ':put ("OK"."abc"." ".[/system/resource get uptime])';
  assert.equal(await run(uptime), 'OKabc 1d02:03:04\r\n');
  clock.pass(7 * 86_400_000);
  assert.equal(await run(uptime), 'OKabc 1w1d02:03:04\r\n');
  simulator.quirks.set([]);
  assert.equal(await run(uptime), 'OKabc 1w1d02:03:04\r\n', 'setting the time of day changes nothing');
  await simulator.restart();
  clock.pass(90_000);
  assert.equal(await run(uptime), 'OKabc 00:01:30\r\n');
});

test('execs and statements are counted', async (t) => {
  const { simulator, privateKey } = await simulatorForTest(t);
  const client = await connect(t, { port: simulator.port, privateKey });
  await exec(client, '/system/identity/print; /system/clock/print');
  await exec(client, 'nonsense');
  const { connections, execs, statements } = simulator.counters.values;
  assert.deepEqual([connections, execs, statements], [1, 2, 2]);
});

test('hooks may make a statement fail', async (t) => {
  const { simulator, privateKey } = await simulatorForTest(t, {
    hooks: {
      beforeStatement({ command }) {
        if (command === 'add') throw new Error('injected');
      },
    },
  });
  const client = await connect(t, { port: simulator.port, privateKey });
  const { stdout } = await exec(client, '/disk/btrfs/subvolume/add fs=pool name=v-1');
  assert.equal(stdout, 'action failed (6): injected\r\n');
  assert.deepEqual(simulator.device.pools()[0]?.subvolumes, []);
});

test('trouble is made over the API', async (t) => {
  const { simulator, privateKey } = await simulatorForTest(t);
  const api = new SimulatorApi(simulator.apiSocket);
  t.after(() => api.close());
  const client = await connect(t, { port: simulator.port, privateKey });
  const add = (name: string) => exec(client, `/disk/btrfs/subvolume/add fs=pool name=${name}`);

  await api.arm({ kind: 'fail', at: { command: 'add' }, error: 'failure: no luck today' });
  assert.equal((await api.armed()).length, 1);
  assert.equal((await add('a')).stdout, 'failure: no luck today\r\n');
  assert.equal((await api.armed()).length, 0);
  await api.setPool({ pool: 'pool', readOnly: true });
  assert.match((await add('a')).stdout, /Read-only file system/);
  await api.arm({ kind: 'cut', bytes: 0 }, Number.POSITIVE_INFINITY);
  await api.clearFaults();
  await api.setQuirks(['name-limit-64']);
  assert.deepEqual(await api.quirks(), ['name-limit-64']);
  assert.match((await add('a'.repeat(65))).stdout, /invalid value/);
  assert.equal((await add('a')).stdout, '');

  const gone = once(client, 'close');
  await api.restart();
  await gone;
  const again = await connect(t, { port: simulator.port, privateKey });
  assert.equal((await exec(again, ':put [/disk/btrfs/subvolume/get a name]')).stdout, 'a\r\n');
  await assert.rejects(api.setQuirks(['nonsense']), /400 .*there is no quirk/);
});

test('a restart keeps the host key and the subvolumes', async (t) => {
  const first = await simulatorForTest(t);
  const client = await connect(t, { port: first.simulator.port, privateKey: first.privateKey });
  await exec(client, '/disk/btrfs/subvolume/add fs=pool name=v-1');
  await first.simulator.close();
  const again = await simulatorForTest(t, { stateDir: first.stateDir });
  assert.equal(again.simulator.hostKeyFingerprint, first.simulator.hostKeyFingerprint);
  assert.deepEqual(again.simulator.device.pools()[0]?.subvolumes, ['v-1']);
});

test('a start that fails holds nothing', async (t) => {
  const { simulator, stateDir } = await simulatorForTest(t);
  await simulator.close();
  await assert.rejects(simulatorForTest(t, { stateDir, authorizedKeys: '' }), /no authorised key/);
  await assert.rejects(simulatorForTest(t, { stateDir, listen: { host: '0.0.0.0', port: 0 } }), /loopback only/);
  await assert.rejects(simulatorForTest(t, { stateDir, apiSocket: stateDir }), /not a socket/);
  await simulatorForTest(t, { stateDir });
});
