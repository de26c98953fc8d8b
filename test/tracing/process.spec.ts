/** The program as it is started: from its sources and as the bundle that is shipped. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { buildBundle } from '../../scripts/build.ts';
import { Controller, Identity } from '../../src/csi/gen/csi_pb.js';
import { Collector } from '../support/collector.ts';
import { createClient } from '../support/grpc-client.ts';
import { startStack } from '../support/stack.ts';
import { until } from '../support/until.ts';
import { newCaller, rpcs } from './fixture.ts';

const SOURCES = join(import.meta.dirname, '../../src/main.ts');
/** What stands in the code of OpenTelemetry, also where it was bundled, and in none of ours. */
const MARK = 'BatchSpanProcessorBase';

let scratch = '';
let bundle = '';
before(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'rose-csi-tracing-'));
  bundle = await buildBundle(join(scratch, 'dist'));
});
after(() => rm(scratch, { recursive: true, force: true }));

type Env = Readonly<Record<string, string>>;

/** Starts a command with its modules recorded, and waits until it serves. */
async function start(t: TestContext, main: string, args: readonly string[], variables: Env) {
  const directory = await mkdtemp(join(scratch, 'run-'));
  const endpoint = `unix://${join(directory, 'csi.sock')}`;
  const modules = join(directory, 'modules');
  const inherited = Object.entries(process.env).filter(([name]) => !/^(OTEL_|NODE_TEST_CONTEXT)/.test(name));
  const env = { ...Object.fromEntries(inherited), MODULES: modules, ...variables };
  const flags = ['--import', join(import.meta.dirname, 'record-modules.ts')];
  const child = spawn(process.execPath, [...flags, main, ...args, '--endpoint', endpoint], {
    env,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let log = '';
  child.stderr.on('data', (part: Buffer) => {
    log += part.toString('utf8');
  });
  const closed = once(child, 'close');
  t.after(async () => {
    child.kill('SIGKILL');
    await closed;
  });
  await until(async () => {
    if (child.exitCode !== null) throw new Error(log);
    return log.includes('"serving"');
  });
  return {
    endpoint,
    log: () => log,
    /** Ends it as Kubernetes does. */
    async stop() {
      child.kill('SIGTERM');
      await closed;
      return child.exitCode;
    },
    /** Files that it loaded. */
    loaded: () =>
      readFileSync(modules, 'utf8')
        .split('\n')
        .filter((url) => url.startsWith('file:'))
        .map((url) => fileURLToPath(url)),
  };
}

type Program = Awaited<ReturnType<typeof start>>;

/** A command with what it needs, and a call to it. */
const commands = {
  async controller(t: TestContext, main: string, env: Env): Promise<Program> {
    const { configFile } = await startStack(t);
    return await start(t, main, ['controller', '--config', configFile], env);
  },
  async node(t: TestContext, main: string, env: Env): Promise<Program> {
    const args = ['node', '--node-name', 'n', '--cluster-id', 'c', '--state-dir', scratch];
    return await start(t, main, args, env);
  },
};

async function call(t: TestContext, { endpoint }: Program): Promise<void> {
  const identity = createClient(Identity, endpoint);
  t.after(() => identity.close());
  await identity.getPluginInfo({});
}

const tracesIn = (program: Program) => program.loaded().filter((file) => readFileSync(file, 'utf8').includes(MARK));

for (const [what, main] of [
  ['its sources', () => SOURCES],
  ['the bundle', () => bundle],
] as const) {
  for (const command of ['controller', 'node'] as const) {
    test(`${command} from ${what}: nothing of OpenTelemetry is loaded unless a collector is named`, async (t) => {
      for (const env of [
        {},
        { OTEL_SERVICE_NAME: 'x' },
        { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9', OTEL_SDK_DISABLED: 'true' },
      ]) {
        const program = await commands[command](t, main(), env);
        await call(t, program);
        assert.equal(await program.stop(), 0, program.log());
        assert.ok(program.loaded().length > 1);
        assert.deepEqual(tracesIn(program), []);
        assert.deepEqual(
          program.loaded().filter((file) => file.includes('opentelemetry')),
          [],
        );
        assert.doesNotMatch(program.log(), /"msg":"tracing/);
      }
    });

    test(`${command} from ${what}: with a collector its spans are there when it has ended`, async (t) => {
      const collector = await Collector.start(t);
      const program = await commands[command](t, main(), {
        OTEL_EXPORTER_OTLP_ENDPOINT: new URL('/', collector.url).href,
        OTEL_SERVICE_NAME: 'storage',
        OTEL_RESOURCE_ATTRIBUTES: 'k8s.node.name=n1,deployment.environment=test',
      });
      await call(t, program);
      assert.equal(await program.stop(), 0, program.log());
      assert.ok(tracesIn(program).length > 0);
      assert.equal(rpcs(collector, 'GetPluginInfo').length, 1);
      const [resource] = collector.resources;
      const { 'service.name': service, 'k8s.node.name': node, 'deployment.environment': environment } = resource ?? {};
      assert.deepEqual([service, node, environment], ['storage', 'n1', 'test']);
      assert.doesNotMatch(program.log(), /not delivered/);
    });
  }
}

test('an endpoint that is none is reported, and the driver serves without traces', async (t) => {
  const program = await commands.node(t, SOURCES, { OTEL_EXPORTER_OTLP_ENDPOINT: 'collector:4317' });
  await call(t, program);
  assert.equal(await program.stop(), 0);
  assert.match(program.log(), /"level":"warn".*OTEL_EXPORTER_OTLP_ENDPOINT is no http:/);
  assert.deepEqual(tracesIn(program), []);
});

test('the service has a name of its own when the environment gives none', async (t) => {
  const collector = await Collector.start(t);
  const program = await commands.node(t, SOURCES, { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: collector.url });
  await call(t, program);
  assert.equal(await program.stop(), 0);
  assert.equal(collector.resources[0]?.['service.name'], 'rose-csi-node');
});

test('the line of the log about a call leads to its trace, and to none that is not kept', async (t) => {
  const collector = await Collector.start(t);
  const program = await commands.controller(t, SOURCES, { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: collector.url });
  const controller = createClient(Controller, program.endpoint);
  t.after(() => controller.close());
  const [kept, dropped] = [newCaller(), newCaller(false)];
  for (const { headers } of [kept, dropped]) await controller.deleteVolume({ volumeId: 'rds1:nothing' }, { headers });
  assert.equal(await program.stop(), 0, program.log());
  const lines = program
    .log()
    .split('\n')
    .filter((line) => line.includes('"DeleteVolume"'));
  const ids = lines.map((line) => (JSON.parse(line) as { readonly traceId?: string }).traceId);
  assert.deepEqual(ids, [kept.traceId, undefined]);
  assert.deepEqual(
    rpcs(collector, 'DeleteVolume').map(({ traceId }) => traceId),
    [kept.traceId],
  );
});

for (const mood of ['error', 'never'] as const) {
  test(`a process whose collector answers ${mood === 'never' ? 'never' : 'with errors'} ends in time and with success`, async (t) => {
    const collector = await Collector.start(t, mood);
    const program = await commands.controller(t, bundle, { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: collector.url });
    await call(t, program);
    const begin = performance.now();
    assert.equal(await program.stop(), 0, program.log());
    const ms = performance.now() - begin;
    assert.ok(ms < 6_000, `${ms} ms`);
    assert.ok(collector.bodies.length > 0);
  });
}
