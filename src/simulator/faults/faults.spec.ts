import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type TestContext, test } from 'node:test';
import type { Client } from 'ssh2';
import { until } from '../../../test/support/until.ts';
import { HandClock } from '../clock.testing.ts';
import { type Clock, HOST_CLOCK } from '../clock.ts';
import type { ConsoleHooks } from '../console/hooks.ts';
import { simulatorForTest } from '../simulate.testing.ts';
import { connect, exec, openExec } from '../ssh/ssh-client.testing.ts';

/** A script with a handler, which no killed script may reach. */
const GUARDED =
  ':put "begun"; :onerror e in={/disk/btrfs/subvolume/add fs=pool name=a; /disk/btrfs/subvolume/add fs=pool name=b} ' +
  'do={/disk/btrfs/subvolume/add fs=pool name=handled; :put $e}; :put "done"';

const FIRST = { path: '/disk/btrfs/subvolume', command: 'add', text: 'name=a' };

async function startRds(t: TestContext, hooks: ConsoleHooks = {}, clock: Clock = HOST_CLOCK) {
  const { simulator, privateKey } = await simulatorForTest(t, { hooks, clock });
  const login = () => connect(t, { port: simulator.port, privateKey });
  return { ...simulator, simulator, login, subvolumes: () => simulator.device.pools()[0]?.subvolumes };
}

/** Runs a line and waits for the end of its connection. Returns what arrived until then. */
async function lost(client: Client, line: string): Promise<string> {
  const { end } = await begin(client, line);
  return end;
}

/** Runs a line until its first output. `end` waits for the end of its connection, with all that arrived until then. */
async function begin(client: Client, line: string): Promise<{ end: Promise<string> }> {
  let seen = '';
  const gone = once(client, 'close').then(() => seen);
  const channel = await openExec(client, line);
  channel.on('data', (data: Buffer) => {
    seen += data.toString();
  });
  await Promise.race([once(channel, 'data'), gone]);
  return { end: gone };
}

test('fail: the command does not take effect, and the script may catch it', async (t) => {
  const { faults, login, subvolumes } = await startRds(t);
  faults.arm({ kind: 'fail', at: FIRST, error: 'failure: no luck today' });
  const { stdout } = await exec(await login(), GUARDED);
  assert.equal(stdout, 'begun\r\nfailure: no luck today\r\ndone\r\n');
  assert.deepEqual(subvolumes(), ['handled']);
});

for (const [when, made] of [
  ['before', []],
  ['after', ['a']],
] as const) {
  test(`kill ${when}: the channel ends in good order, the connection works on, no handler runs`, async (t) => {
    const { faults, login, subvolumes } = await startRds(t);
    faults.arm({ kind: 'kill', at: FIRST, when });
    const client = await login();
    assert.deepEqual(await exec(client, GUARDED), { stdout: 'begun\r\n', stderr: '', code: 0 });
    assert.equal((await exec(client, ':put 1')).stdout, '1\r\n');
    assert.deepEqual(subvolumes(), made);
  });

  test(`drop ${when}, the script runs on to its end`, async (t) => {
    const { faults, login, subvolumes } = await startRds(t);
    faults.arm({ kind: 'drop', at: FIRST, when, scriptRunsOn: true });
    const [client, other] = [await login(), await login()];
    const answer = exec(other, ':delay 50ms; :put "untouched"');
    assert.equal(await lost(client, GUARDED), 'begun\r\n');
    assert.equal((await answer).stdout, 'untouched\r\n');
    assert.deepEqual(subvolumes(), ['a', 'b']);
  });

  test(`drop ${when}, the script dies`, async (t) => {
    const { faults, login, subvolumes } = await startRds(t);
    faults.arm({ kind: 'drop', at: FIRST, when, scriptRunsOn: false });
    assert.equal(await lost(await login(), GUARDED), 'begun\r\n');
    assert.equal((await exec(await login(), ':put 1')).stdout, '1\r\n');
    assert.deepEqual(subvolumes(), made);
  });

  test(`restart ${when}: all connections die, the same port serves again, what was done stays`, async (t) => {
    const { faults, login, subvolumes } = await startRds(t);
    faults.arm({ kind: 'restart', at: FIRST, when, downMs: 30 });
    const [client, other] = [await login(), await login()];
    const forever = await begin(other, ':put "begun"; :delay 1h; /disk/btrfs/subvolume/add fs=pool name=never');
    const startedAt = performance.now();
    assert.equal(await lost(client, GUARDED), 'begun\r\n');
    assert.equal(await forever.end, 'begun\r\n');
    let again: Client | undefined;
    while (again === undefined) again = await login().catch(() => undefined);
    assert.ok(performance.now() - startedAt >= 29);
    assert.equal((await exec(again, ':put 1')).stdout, '1\r\n');
    assert.deepEqual(subvolumes(), made);
  });
}

test('stall: a script stands still before the command, others run meanwhile, and it goes on when it is released', async (t) => {
  const { faults, login, subvolumes } = await startRds(t);
  const armed = faults.arm({ kind: 'stall', at: FIRST, ms: 'untilReleased', disconnect: false });
  const answer = exec(await login(), GUARDED);
  await until(async () => armed.standing === 1);
  assert.equal((await exec(await login(), '/disk/btrfs/subvolume/add fs=pool name=between')).stdout, '');
  assert.deepEqual(subvolumes(), ['between']);
  armed.release();
  assert.equal((await answer).stdout, 'begun\r\ndone\r\n');
  assert.deepEqual(subvolumes(), ['between', 'a', 'b']);
});

test('stall with its connection cut: the script that its client gave up runs on later', async (t) => {
  const { faults, login, subvolumes, simulator } = await startRds(t);
  const armed = faults.arm({ kind: 'stall', at: FIRST, ms: 'untilReleased', disconnect: true });
  assert.equal(await lost(await login(), GUARDED), 'begun\r\n');
  assert.deepEqual([armed.standing, simulator.running, subvolumes()], [1, 1, []]);
  armed.release();
  await until(async () => simulator.running === 0);
  assert.deepEqual(subvolumes(), ['a', 'b']);
});

test('stall for a time: it is the time of the device', async (t) => {
  const { faults, login } = await startRds(t, {}, new HandClock('2026-01-02T03:04:05Z'));
  faults.arm({ kind: 'stall', at: FIRST, ms: 3_600_000, disconnect: false });
  const uptime = ':put [/system/resource/get uptime]';
  const { stdout } = await exec(await login(), `${uptime}; /disk/btrfs/subvolume/add fs=pool name=a; ${uptime}`);
  assert.equal(stdout, '00:00:00\r\n01:00:00\r\n');
});

test('stall: a restart of the device kills it, and closing a simulator does not wait for it', async (t) => {
  const { faults, login, subvolumes, simulator } = await startRds(t);
  const armed = faults.arm({ kind: 'stall', at: FIRST, ms: 'untilReleased', disconnect: true }, 2);
  await lost(await login(), GUARDED);
  await simulator.restart();
  assert.deepEqual([armed.standing, subvolumes()], [0, []]);
  await lost(await login(), GUARDED);
  const begin = performance.now();
  await simulator.close();
  assert.ok(performance.now() - begin < 4000);
});

test('no one gets in while the device is down, and a simulator may be closed then', async (t) => {
  const { simulator, login } = await startRds(t);
  const client = await login();
  const gone = once(client, 'close');
  const restarted = simulator.restart(3_600_000);
  await gone;
  await assert.rejects(login());
  await simulator.close();
  await restarted;
});

test('a restart by hand is over when it says so', async (t) => {
  const { simulator, login, subvolumes } = await startRds(t);
  const client = await login();
  await exec(client, '/disk/btrfs/subvolume/add fs=pool name=kept');
  const forever = await begin(client, ':put "begun"; :delay 1h');
  await simulator.restart();
  await forever.end;
  assert.equal((await exec(await login(), ':put 1')).stdout, '1\r\n');
  assert.deepEqual(subvolumes(), ['kept']);
});

test('a script killed while it waits for a hook does not wait on', async (t) => {
  const reached = Promise.withResolvers<void>();
  const { simulator, privateKey } = await simulatorForTest(t, {
    hooks: {
      beforeStatement({ command }) {
        if (command !== 'add') return;
        reached.resolve();
        return new Promise(() => undefined);
      },
    },
  });
  const gone = lost(await connect(t, { port: simulator.port, privateKey }), GUARDED);
  await reached.promise;
  await simulator.restart();
  await gone;
  assert.deepEqual(simulator.device.pools()[0]?.subvolumes, []);
});

test('a dead connection takes its other scripts’ output along, not the scripts', async (t) => {
  const { faults, login, subvolumes } = await startRds(t);
  const client = await login();
  await openExec(client, ':delay 50ms; /disk/btrfs/subvolume/add fs=pool name=second');
  faults.arm({ kind: 'drop', at: FIRST, when: 'after', scriptRunsOn: false });
  await lost(client, GUARDED);
  const seen = await exec(
    await login(),
    ':while ([:len [/disk/btrfs/subvolume/find where name=second]]=0) do={:delay 5ms}; :put "there"',
  );
  assert.equal(seen.stdout, 'there\r\n');
  assert.deepEqual(subvolumes()?.toSorted(), ['a', 'second']);
});

test('cut, wrap, garbage and flood change what arrives and nothing else', async (t) => {
  const { faults, login, subvolumes } = await startRds(t);
  const client = await login();
  const line =
    ':put "0123456789"; /disk/btrfs/subvolume/add fs=pool name=x; /disk/btrfs/subvolume/remove x; :put "end"';
  const plain = '0123456789\r\nend\r\n';
  const cases = [
    [{ kind: 'cut', bytes: 4 }, '0123'],
    [{ kind: 'wrap', columns: 8 }, '01234567\r\n89\r\nend\r\n'],
    [{ kind: 'garbage', where: 'before', text: 'critical error\r\n' }, `critical error\r\n${plain}`],
    [{ kind: 'garbage', where: 'after', text: '\u0007' }, `${plain}\u0007`],
    [{ kind: 'garbage', where: 'instead', text: 'Rebooting...\r\n' }, 'Rebooting...\r\n'],
    [{ kind: 'flood', bytes: 80 }, `${'#'.repeat(78)}\r\n${plain}`],
  ] as const;
  for (const [fault, seen] of cases) {
    faults.arm(fault);
    assert.deepEqual(await exec(client, line), { stdout: seen, stderr: '', code: 0 });
    assert.equal((await exec(client, line)).stdout, plain);
  }
  assert.deepEqual(subvolumes(), []);
});

test('a flood goes no faster than it is read, and ends with its reader', async (t) => {
  const { faults, login, counters } = await startRds(t);
  const client = await login();
  faults.arm({ kind: 'flood', bytes: 2 ** 33 });
  const channel = await openExec(client, ':put 1');
  const before = process.memoryUsage().rss;
  await once(channel, 'data');
  channel.pause();
  assert.equal((await exec(client, ':put 2')).stdout, '2\r\n');
  assert.ok(process.memoryUsage().rss - before < 2 ** 28);
  const gone = once(client, 'close');
  client.destroy();
  await gone;
  await exec(await login(), ':put 3');
  assert.equal(counters.values.execs, 3);
});

test('channel-limit: a further channel is refused, the connection works on', async (t) => {
  const end = Promise.withResolvers<void>();
  const { faults, login } = await startRds(t, {
    beforeStatement: ({ command }) => (command === ':nothing' ? end.promise : undefined),
  });
  const client = await login();
  faults.arm({ kind: 'channel-limit', channels: 1 }, Number.POSITIVE_INFINITY);
  const held = await openExec(client, ':nothing');
  const closed = once(held, 'close');
  held.resume();
  await assert.rejects(exec(client, ':put 1'), /Channel open failure/);
  end.resolve();
  await closed;
  assert.equal((await exec(client, ':put 1')).stdout, '1\r\n');
});

test('faults may be armed from the start', async (t) => {
  const fault = { kind: 'fail', at: FIRST, error: 'failure: no luck today' } as const;
  const { simulator, privateKey } = await simulatorForTest(t, { faults: [{ fault, times: 2 }] });
  const client = await connect(t, { port: simulator.port, privateKey });
  const add = '/disk/btrfs/subvolume/add fs=pool name=a';
  const seen = [await exec(client, add), await exec(client, add), await exec(client, add)];
  assert.deepEqual(
    seen.map(({ stdout }) => stdout),
    ['failure: no luck today\r\n', 'failure: no luck today\r\n', ''],
  );
});
