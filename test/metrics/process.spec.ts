/** The program as it is started: from its sources and as the bundle that is shipped. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { buildBundle } from '../../scripts/build.ts';
import { Identity } from '../../src/csi/gen/csi_pb.js';
import { createClient } from '../support/grpc-client.ts';
import { startStack } from '../support/stack.ts';
import { until } from '../support/until.ts';
import { METRICS_ON, scrape, scrapeUntil } from './scrape.ts';

const SOURCES = join(import.meta.dirname, '../../src/main.ts');
const RECORDER = join(import.meta.dirname, '../tracing/record-modules.ts');
/** What stands in the code of prom-client, also where it was bundled, and in none of ours. */
const MARK = 'has already been registered';

let scratch = '';
let bundle = '';
before(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'rose-csi-metrics-'));
  bundle = await buildBundle(join(scratch, 'dist'));
});
after(() => rm(scratch, { recursive: true, force: true }));

/** Starts a command with its modules recorded. */
async function start(t: TestContext, main: string, args: readonly string[], variables: NodeJS.ProcessEnv = {}) {
  const directory = await mkdtemp(join(scratch, 'run-'));
  const modules = join(directory, 'modules');
  const endpoint = `unix://${join(directory, 'csi.sock')}`;
  const command = ['--import', RECORDER, main, ...args, '--endpoint', endpoint];
  const env = { ...process.env, MODULES: modules, ...variables };
  const child = spawn(process.execPath, command, { env, stdio: ['ignore', 'ignore', 'pipe'] });
  let log = '';
  child.stderr.on('data', (part: Buffer) => {
    log += part.toString('utf8');
  });
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  t.after(async () => {
    child.kill('SIGKILL');
    await ended;
  });
  return {
    ended,
    log: () => log,
    /** Waits until it serves, and has answered a call: only then does it end in order. */
    async serving() {
      await until(async () => {
        if (child.exitCode !== null) throw new Error(log);
        return log.includes('"serving"');
      }, 30_000);
      const identity = createClient(Identity, endpoint);
      await identity.getPluginInfo({}).finally(() => identity.close());
    },
    async stop() {
      child.kill('SIGTERM');
      return await ended;
    },
    loadsPromClient: () =>
      readFileSync(modules, 'utf8')
        .split('\n')
        .filter((url) => url.startsWith('file:'))
        .some((url) => readFileSync(fileURLToPath(url), 'utf8').includes(MARK)),
    metricsPort: () => Number(/"port":(\d+),"msg":"metrics"/.exec(log)?.[1]),
  };
}

/** Writes the configuration of a stack again, with more in it. */
async function configuration(t: TestContext, more: object): Promise<string> {
  const { configFile, directory } = await startStack(t);
  const file = join(directory, 'with-metrics.json');
  await writeFile(file, JSON.stringify({ ...JSON.parse(await readFile(configFile, 'utf8')), ...more }));
  return file;
}

const nodeArgs = () => ['node', '--node-name', 'n', '--cluster-id', 'c', '--state-dir', scratch];

for (const [what, main] of [
  ['its sources', () => SOURCES],
  ['the bundle', () => bundle],
] as const) {
  test(`controller from ${what}: prom-client is loaded only with metrics, which end with the process`, async (t) => {
    const without = await start(t, main(), ['controller', '--config', await configuration(t, {})]);
    await without.serving();
    assert.ok(!without.loadsPromClient());
    assert.equal(await without.stop(), 0);

    const program = await start(t, main(), ['controller', '--config', await configuration(t, METRICS_ON)]);
    await program.serving();
    assert.ok(program.loadsPromClient());
    const port = program.metricsPort();
    await scrapeUntil(port, (found) => found.value('poolFree', { backend: 'rds1', pool: 'pool' }) !== undefined);
    assert.equal(await program.stop(), 0, program.log());
    await assert.rejects(scrape(port));
  });

  test(`node from ${what}: prom-client is loaded only with metrics, which end with the process`, async (t) => {
    const without = await start(t, main(), nodeArgs());
    await without.serving();
    assert.ok(!without.loadsPromClient());
    assert.equal(await without.stop(), 0);

    const flags = ['--metrics-port', '0', '--metrics-address', '127.0.0.1'];
    const program = await start(t, main(), [...nodeArgs(), ...flags]);
    await program.serving();
    assert.ok(program.loadsPromClient());
    assert.equal((await scrape(program.metricsPort())).value('formats', { outcome: 'done' }), 0);
    assert.equal(await program.stop(), 0, program.log());
  });
}

test('a port that is taken, or is none, ends the program with a word of what to change', async (t) => {
  const { metricsPort } = await startStack(t, { config: METRICS_ON });
  const place = { address: '127.0.0.1', port: metricsPort };
  const controller = await start(t, bundle, ['controller', '--config', await configuration(t, { metrics: place })]);
  assert.equal(await controller.ended, 2);
  assert.match(controller.log(), new RegExp(`metrics cannot be served on 127\\.0\\.0\\.1, port ${metricsPort}`));
  for (const [port, message] of [
    ['65536', /Write a whole number from 0 to 65535/],
    ['http', /Write a whole number from 0 to 65535/],
    [String(metricsPort), /metrics cannot be served/],
  ] as const) {
    const env = { ROSE_CSI_METRICS_PORT: port, ROSE_CSI_METRICS_ADDRESS: '127.0.0.1' };
    const node = await start(t, bundle, nodeArgs(), env);
    assert.equal(await node.ended, 2);
    assert.match(node.log(), message);
  }
});
