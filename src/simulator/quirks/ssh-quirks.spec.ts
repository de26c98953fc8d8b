import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type TestContext, test } from 'node:test';
import { until } from '../../../test/support/until.ts';
import type { ConsoleHooks } from '../console/hooks.ts';
import { simulatorForTest } from '../simulate.testing.ts';
import { connect, exec, openExec } from '../ssh/ssh-client.testing.ts';

async function startRds(t: TestContext, quirks: readonly string[] = [], hooks: ConsoleHooks = {}) {
  const { simulator, privateKey } = await simulatorForTest(t, { quirks, hooks });
  const login = () => connect(t, { port: simulator.port, privateKey });
  return { simulator, login };
}

test('exit status: 0 on a strict device, else by how the command ended, or none', async (t) => {
  const { simulator, login } = await startRds(t);
  const client = await login();
  const codes = async () => {
    const lines = [':put 1', ':error x', '/no/such', ':onerror e in={:error x} do={:put $e}'];
    const results = [];
    for (const line of lines) results.push((await exec(client, line)).code);
    return results;
  };
  assert.deepEqual(await codes(), [0, 0, 0, 0]);
  simulator.quirks.set(['exit-status-1-on-failure']);
  assert.deepEqual(await codes(), [0, 1, 1, 0]);
  simulator.quirks.set(['exit-status-missing']);
  assert.deepEqual(await codes(), [null, null, null, null]);
});

test('output: whole on a strict device, else broken into lines, with line feeds in it, or cut off', async (t) => {
  const { simulator, login } = await startRds(t);
  const client = await login();
  const long = 'x'.repeat(2500);
  const output = async () => (await exec(client, `:put "${long}"; :put end`)).stdout;
  assert.equal(await output(), `${long}\r\nend\r\n`);
  simulator.quirks.set(['output-wrapped-at-80']);
  const wrapped = (await output()).split('\r\n');
  assert.deepEqual([wrapped.length, wrapped[0]?.length], [34, 80]);
  simulator.quirks.set(['output-line-feeds']);
  assert.deepEqual(
    (await output()).split('\n').map((line) => line.length),
    [1000, 1000, 501, 4, 0],
  );
  simulator.quirks.set(['output-limit-16k']);
  const lines = Array.from({ length: 8 }, () => `:put "${long}"`).join('; ');
  assert.equal((await exec(client, lines)).stdout.length, 16 * 1024);
});

test('a long command: taken on a strict device, else cut off, so that it does not parse', async (t) => {
  const { simulator, login } = await startRds(t);
  const client = await login();
  const output = async (length: number) => {
    const around = ':put [:len ""]';
    return (await exec(client, `:put [:len "${'x'.repeat(length - around.length)}"]`)).stdout;
  };
  assert.equal(await output(5000), '4986\r\n');
  for (const limit of [4096, 2048]) {
    simulator.quirks.set([`command-limit-${limit}`]);
    assert.equal(await output(limit), `${limit - 14}\r\n`);
    assert.doesNotMatch(await output(limit + 1), /^[0-9]/);
  }
});

test('one-session: a second connection is refused as long as the first one is there', async (t) => {
  const { simulator, login } = await startRds(t, ['one-session']);
  const first = await login();
  await assert.rejects(login(), { level: 'client-authentication' });
  simulator.quirks.set([]);
  await login();
  assert.equal((await exec(first, ':put 1')).stdout, '1\r\n');
});

test('one-channel: a second channel is refused as long as the first one is there', async (t) => {
  const end = Promise.withResolvers<void>();
  const { login } = await startRds(t, ['one-channel'], {
    beforeStatement: ({ command }) => (command === ':nothing' ? end.promise : undefined),
  });
  const client = await login();
  const first = await openExec(client, ':nothing');
  first.resume();
  const closed = once(first, 'close');
  await assert.rejects(exec(client, ':put 1'), /Channel open failure/);
  end.resolve();
  await closed;
  assert.equal((await exec(client, ':put 1')).stdout, '1\r\n');
});

for (const [quirk, answered] of [
  ['third-channel-hangs', ['1', '2']],
  ['three-channels-hang', []],
] as const) {
  test(`${quirk}: of three commands on a connection ${answered.length} are answered, and another connection works`, async (t) => {
    const end = Promise.withResolvers<void>();
    const { simulator, login } = await startRds(t, [quirk], {
      beforeStatement: ({ command }) => (command === ':nothing' ? end.promise : undefined),
    });
    const client = await login();
    const output: string[] = [];
    const run = async (line: string) => void output.push((await exec(client, line)).stdout.trim());
    const first = [run(':nothing; :put 1'), run(':nothing; :put 2')];
    await until(async () => simulator.running === 2);
    const all = [...first, run(':put 3')].map((command) => command.catch(() => undefined));
    // The third one is at the device before a connection that is made after it.
    const other = await login();
    end.resolve();
    await until(async () => simulator.running === 0);
    assert.equal((await exec(other, ':put 1')).stdout, '1\r\n');
    await until(async () => output.length === answered.length);
    client.destroy();
    await Promise.all(all);
    assert.deepEqual(output.filter((text) => text !== '').toSorted(), answered);
  });
}

for (const [names, ends, time] of [
  [[], 'survived', '50ms'],
  [['script-dies-with-channel'], 'died', '1h'],
] as const) {
  test(`a script whose channel is closed has ${ends} (${names.join() || 'strict'})`, async (t) => {
    const ended = Promise.withResolvers<string>();
    const { simulator, privateKey } = await simulatorForTest(t, {
      quirks: names,
      hooks: {
        beforeStatement({ command }, { signal }) {
          if (command !== ':put') return;
          signal.addEventListener('abort', () => ended.resolve('died'));
        },
        afterStatement({ command }) {
          if (command === 'add') ended.resolve('survived');
        },
      },
    });
    const client = await connect(t, { port: simulator.port, privateKey });
    const channel = await openExec(client, `:put begun; :delay ${time}; /disk/btrfs/subvolume/add fs=pool name=a`);
    await once(channel, 'data');
    channel.close();
    assert.equal(await ended.promise, ends);
    await simulator.close();
    assert.deepEqual(simulator.device.pools()[0]?.subvolumes, ends === 'died' ? [] : ['a']);
  });
}
