import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { access, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { Controller, Identity } from '../../src/csi/gen/csi_pb.js';
import { MiB, makeVolume, outcome } from '../support/calls.ts';
import { inventory } from '../support/console.ts';
import { Faults } from '../support/faults.ts';
import { createClient } from '../support/grpc-client.ts';
import { volumeRequest } from '../support/requests.ts';
import { CLUSTER_ID, POOL_UUID, startStack } from '../support/stack.ts';
import { until } from '../support/until.ts';

const MAIN = join(import.meta.dirname, '../../src/main.ts');

/** `rose-csi` in a process of its own. */
interface Program {
  readonly child: ChildProcess;
  /** All that it wrote. */
  output(): string;
  /** Its exit code; null when a signal ended it. */
  ended(): Promise<number | null>;
}

function run(t: TestContext, ...args: readonly string[]): Program {
  const env = { ...process.env };
  delete env['NODE_TEST_CONTEXT'];
  const child = spawn(process.execPath, [MAIN, ...args], { stdio: ['ignore', 'pipe', 'pipe'], env });
  let text = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (part: Buffer) => {
      text += part.toString('utf8');
    });
  }
  const closed = once(child, 'close');
  t.after(async () => {
    child.kill('SIGKILL');
    await closed;
  });
  const ended = async () => {
    await closed;
    return child.exitCode;
  };
  return { child, output: () => text, ended };
}

/** An RDS, a configuration for it, and the doors to a controller that serves there. */
async function startRds(t: TestContext, change: Readonly<Record<string, unknown>> = {}) {
  const faults = new Faults();
  const stack = await startStack(t, { simulator: { hooks: faults.hooks } });
  const { directory, simulator } = stack;
  const configFile = join(directory, 'rose-csi.json');
  const backend = {
    name: 'rds1',
    ssh: {
      host: simulator.address,
      port: simulator.port,
      user: 'csi',
      privateKeyFile: join(directory, 'id_ed25519'),
      hostKeys: [simulator.hostKeyFingerprint],
    },
    nvme: { address: '192.0.2.1' },
    pools: [{ label: 'pool', uuid: POOL_UUID }],
  };
  await writeFile(configFile, JSON.stringify({ clusterId: CLUSTER_ID, backends: [backend], ...change }));
  const socket = join(directory, 'process.sock');
  const endpoint = `unix://${socket}`;
  const start = async () => {
    const program = run(t, 'controller', '--config', configFile, '--endpoint', endpoint);
    await until(async () => {
      if (program.child.exitCode !== null) throw new Error(program.output());
      return program.output().includes('"RDS is fit"');
    });
    return program;
  };
  const connect = () => {
    const controller = createClient(Controller, endpoint);
    t.after(() => controller.close());
    return controller;
  };
  return { ...stack, faults, configFile, socket, endpoint, start, connect };
}

async function exists(path: string): Promise<boolean> {
  return await access(path).then(
    () => true,
    () => false,
  );
}

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  test(`${signal} lets a running call finish, removes the socket and ends with success`, async (t) => {
    const { faults, socket, simulator, start, connect } = await startRds(t);
    const program = await start();
    const gate = faults.hold({ path: '/disk', command: 'add' });
    const creation = connect().createVolume(volumeRequest('held', MiB));
    await gate.reached;
    program.child.kill(signal);
    await until(async () => program.output().includes('"stopping"'));
    gate.release();
    assert.equal((await creation).volume?.capacityBytes, MiB);
    assert.equal(await program.ended(), 0, program.output());
    assert.match(program.output(), /"stopped"/);
    assert.equal(await exists(socket), false);
    assert.equal((await inventory(simulator)).length, 2);
  });
}

test('a process that was killed leaves a socket, which the next one takes over with all that was made', async (t) => {
  const { socket, start, connect } = await startRds(t);
  const first = await start();
  const volumeId = await makeVolume(connect(), MiB);
  first.child.kill('SIGKILL');
  await first.ended();
  assert.equal(await exists(socket), true);
  await start();
  const { volume } = await connect().controllerGetVolume({ volumeId });
  assert.equal(volume?.capacityBytes, MiB);
});

test('a second process on the same socket ends with an error, and the first one serves on', async (t) => {
  const { configFile, endpoint, start, connect } = await startRds(t);
  await start();
  const second = run(t, 'controller', '--config', configFile, '--endpoint', endpoint);
  assert.notEqual(await second.ended(), 0);
  assert.match(second.output(), /another process already serves/);
  assert.equal(await outcome(connect().listVolumes({})), 'OK');
});

test('a configuration with mistakes is refused with all of them at once, and nothing is served', async (t) => {
  const mistakes = { clusterId: '', logLevel: 'loud', colour: 'blue', backends: [{ name: 'RDS 1' }] };
  const { configFile, endpoint, socket } = await startRds(t, mistakes);
  const program = run(t, 'controller', '--config', configFile, '--endpoint', endpoint);
  assert.notEqual(await program.ended(), 0);
  for (const place of ['clusterId', 'logLevel', 'colour', 'backends[0].name', 'backends[0].ssh', 'backends[0].pools']) {
    assert.ok(program.output().includes(place), `${place} in ${program.output()}`);
  }
  assert.doesNotMatch(program.output(), /^\s+at /m, 'no stack for a mistake of the user');
  assert.equal(await exists(socket), false);
});

test('a missing configuration, a missing flag and a TCP endpoint are refused in words', async (t) => {
  const { configFile, endpoint } = await startRds(t);
  for (const [args, words] of [
    [['--config', '/nowhere/rose-csi.yaml', '--endpoint', endpoint], /nowhere\/rose-csi\.yaml cannot be read/],
    [['--endpoint', endpoint], /--config/],
    [['--config', configFile, '--endpoint', 'tcp://127.0.0.1:10000'], /unix:\/\//],
  ] as const) {
    const program = run(t, 'controller', ...args);
    assert.notEqual(await program.ended(), 0);
    assert.match(program.output(), words);
  }
});

test('the log has neither keys nor secrets, at whatever level', async (t) => {
  const { directory, start, connect, endpoint } = await startRds(t, { logLevel: 'trace' });
  const program = await start();
  const controller = connect();
  const secrets = { password: 'correct-horse-battery' };
  const { volume } = await controller.createVolume(volumeRequest('logged', MiB, { secrets }));
  const volumeId = volume?.volumeId ?? '';
  const { snapshot } = await controller.createSnapshot({ name: 'logged', sourceVolumeId: volumeId, secrets });
  await outcome(controller.createVolume(volumeRequest('logged', 2n * MiB, { secrets })));
  await controller.deleteSnapshot({ snapshotId: snapshot?.snapshotId ?? '', secrets });
  await controller.deleteVolume({ volumeId, secrets });
  const identity = createClient(Identity, endpoint);
  t.after(() => identity.close());
  await identity.probe({});
  program.child.kill('SIGTERM');
  assert.equal(await program.ended(), 0);
  const log = program.output();
  assert.match(log, new RegExp(volumeId));
  assert.doesNotMatch(log, /correct-horse/);
  const key = await readFile(join(directory, 'id_ed25519'), 'utf8');
  for (const line of key.split('\n').filter((text) => text.length > 20 && !text.startsWith('-----'))) {
    assert.ok(!log.includes(line));
  }
});
