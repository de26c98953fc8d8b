/** What a trace of the controller looks like, from gRPC to the RDS. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { status } from '@grpc/grpc-js';
import fc from 'fast-check';
import { MiB, makeVolume, node, outcome, publish, snapshotName, volumeName } from '../support/calls.ts';
import { Faults } from '../support/faults.ts';
import { volumeRequest } from '../support/requests.ts';
import { type Stack, startStack } from '../support/stack.ts';
import { CLIENT, FAILED, newCaller, outcomes, rpcs, SERVER, startTracing } from './fixture.ts';

test('an RPC is a span with the ids that the log shows, and its exec is the child', async (t) => {
  const { collector, tracing } = await startTracing(t);
  const { controller, api } = await startStack(t, { tracer: tracing.tracer });
  const before = await api.execs();
  const name = volumeName();
  const volumeId = (await controller.createVolume(volumeRequest(name, MiB))).volume?.volumeId ?? '';
  await publish(controller, volumeId);
  const execs = (await api.execs()) - before;
  await tracing.stop();

  const [create, ...more] = rpcs(collector, 'CreateVolume');
  assert.ok(create && more.length === 0);
  assert.deepEqual([create.name, create.kind, create.parentSpanId], ['csi.v1.Controller/CreateVolume', SERVER, '']);
  assert.deepEqual(create.attributes, {
    'rpc.system': 'grpc',
    'rpc.service': 'csi.v1.Controller',
    'rpc.method': 'CreateVolume',
    'rpc.grpc.status_code': 0,
    'rose_csi.csi_name': name,
    'rose_csi.volume_id': volumeId,
  });
  const [exec, ...others] = collector.children(create);
  assert.ok(exec && others.length === 0);
  assert.deepEqual([exec.name, exec.kind, exec.status.code], ['exec rds1', CLIENT, 0]);
  const {
    'rose_csi.exec.wait_ms': waitMs,
    'rose_csi.exec.run_ms': runMs,
    'rose_csi.exec.bytes': bytes,
    ...rest
  } = exec.attributes;
  const write = { 'rose_csi.exec.kind': 'write', 'rose_csi.exec.attempt': 1, 'rose_csi.exec.outcome': 'ok' };
  assert.deepEqual(rest, { 'rose_csi.backend': 'rds1', ...write });
  assert.ok(Number(waitMs) >= 0 && Number(runMs) > 0 && Number(bytes) > 18);

  const [published] = rpcs(collector, 'ControllerPublishVolume');
  assert.equal(published?.attributes['rose_csi.node_id'], node(1));
  assert.equal([create, published].flatMap((span) => span && collector.children(span)).length, execs);
  assert.deepEqual(
    collector.resources.map((one) => [one['service.name'], one['service.version']]),
    [['a-test', '1.2.3']],
  );
});

test('execs that no RPC asked for are traces of their own, and Probe is none', async (t) => {
  const { collector, tracing } = await startTracing(t);
  await startStack(t, { tracer: tracing.tracer });
  await tracing.stop();
  assert.ok(collector.spans.length > 0);
  assert.deepEqual(
    new Set(collector.spans.map(({ name, parentSpanId }) => `${name}${parentSpanId}`)),
    new Set(['exec rds1']),
  );
});

/** Calls of all sorts, right and wrong, with or without an answer of the RDS. */
const calls: Readonly<Record<string, (stack: Stack, headers: Readonly<Record<string, string>>) => Promise<unknown>>> = {
  create: ({ controller }, headers) => controller.createVolume(volumeRequest(volumeName(), MiB), { headers }),
  capacity: ({ controller }, headers) => controller.getCapacity({}, { headers }),
  volumes: ({ controller }, headers) => controller.listVolumes({}, { headers }),
  snapshots: ({ controller }, headers) => controller.listSnapshots({}, { headers }),
  absent: ({ controller }, headers) =>
    controller.controllerGetVolume({ volumeId: `rds1:${volumeName()}` }, { headers }),
  remove: ({ controller }, headers) => controller.deleteVolume({ volumeId: `rds1:${volumeName()}` }, { headers }),
  snapshot: ({ controller }, headers) => {
    const sourceVolumeId = `rds1:${volumeName()}`;
    return controller.createSnapshot({ name: snapshotName(), sourceVolumeId }, { headers });
  },
};

test('however many calls come at once, each exec is the child of the RPC that asked, in the trace of its caller', async (t) => {
  const { collector, tracing } = await startTracing(t);
  const stack = await startStack(t, { tracer: tracing.tracer });
  const made: ReturnType<typeof newCaller>[] = [];
  const kinds = fc.array(fc.constantFrom(...Object.values(calls)), { minLength: 1, maxLength: 20 });
  await fc.assert(
    fc.asyncProperty(kinds, async (several) => {
      await Promise.all(
        several.map((call) => {
          const caller = newCaller();
          made.push(caller);
          return outcome(call(stack, caller.headers));
        }),
      );
    }),
    { numRuns: 15 },
  );
  await tracing.stop();
  for (const { traceId, spanId } of made) {
    const [rpc, ...others] = collector.trace(traceId).filter(({ kind }) => kind === SERVER);
    assert.ok(rpc && others.length === 0);
    assert.equal(rpc.parentSpanId, spanId);
    const execs = collector.children(rpc);
    assert.equal(collector.trace(traceId).length, 1 + execs.length, 'nothing else is in the trace');
    assert.equal(execs.length + rpc.links.length, 1, `${rpc.name} asks the RDS once`);
    for (const link of rpc.links) {
      const [shared] = collector.trace(link.traceId).filter((one) => one.spanId === link.spanId);
      assert.deepEqual([shared?.kind, shared?.attributes['rose_csi.exec.kind']], [CLIENT, 'read']);
    }
  }
});

test('of callers that share a read the first has the exec, and the others a link to it', async (t) => {
  const { collector, tracing } = await startTracing(t);
  const faults = new Faults();
  const { controller } = await startStack(t, { tracer: tracing.tracer, simulator: { hooks: faults.hooks } });
  const gate = faults.hold({ path: '/disk', command: 'add' });
  const creation = makeVolume(controller);
  await gate.reached;
  const reads = [1, 2, 3].map(() => controller.getCapacity({}));
  // In the queue by then: gRPC delivers the calls of one connection in their order.
  await outcome(controller.deleteVolume({ volumeId: 'malformed' }));
  gate.release();
  await Promise.all([creation, ...reads]);
  await tracing.stop();
  const rpcSpans = rpcs(collector, 'GetCapacity');
  const execs = rpcSpans.flatMap((span) => collector.children(span));
  assert.deepEqual([rpcSpans.length, execs.length], [3, 1]);
  const links = rpcSpans.flatMap((span) => span.links.map(({ spanId }) => spanId));
  assert.deepEqual(links, [execs[0]?.spanId, execs[0]?.spanId]);
  assert.ok(Number(execs[0]?.attributes['rose_csi.exec.wait_ms']) > 0);
});

test('a connection that breaks shows as an attempt that failed and one that did not', async (t) => {
  const { collector, tracing } = await startTracing(t);
  const { controller, api } = await startStack(t, { tracer: tracing.tracer });
  await api.arm({ kind: 'drop', at: {}, when: 'before', scriptRunsOn: false });
  await makeVolume(controller);
  await tracing.stop();
  const [rpc] = rpcs(collector, 'CreateVolume');
  assert.ok(rpc);
  assert.deepEqual([outcomes(collector, rpc), rpc.status.code], [['unknown', 'ok'], 0]);
  const attempts = collector.children(rpc);
  assert.deepEqual(
    attempts.map(({ attributes, status: { code } }) => [attributes['rose_csi.exec.attempt'], code]),
    [
      [1, FAILED],
      [2, 0],
    ],
  );
});

test('an error of the caller is reported by its code, one of the driver or the RDS marks the span', async (t) => {
  const { collector, tracing } = await startTracing(t);
  const faults = new Faults();
  const { controller } = await startStack(t, { tracer: tracing.tracer, simulator: { hooks: faults.hooks } });
  assert.equal(await outcome(controller.controllerGetVolume({ volumeId: `rds1:${volumeName()}` })), 'NOT_FOUND');
  faults.fail({ path: '/disk', command: 'add' });
  const code = await outcome(makeVolume(controller));
  await tracing.stop();
  const told = ['ControllerGetVolume', 'CreateVolume'].map((method) => rpcs(collector, method)[0]);
  assert.deepEqual(
    told.map((span) => status[Number(span?.attributes['rpc.grpc.status_code'])]),
    ['NOT_FOUND', code],
  );
  assert.deepEqual([told[0]?.status.code, told[1]?.status.code], [0, FAILED]);
  assert.match(told[1]?.status.message ?? '', /no luck today/);
});

test('no trace holds secrets, parameters, scripts or keys', async (t) => {
  const { collector, tracing } = await startTracing(t);
  const { controller } = await startStack(t, { tracer: tracing.tracer });
  const secrets = { password: 'correct-horse-battery' };
  const parameters = { wrong: 'stapled-parameter' };
  await outcome(controller.createVolume(volumeRequest(volumeName(), MiB, { secrets, parameters })));
  const { volume } = await controller.createVolume(volumeRequest(volumeName(), MiB, { secrets }));
  await controller.deleteVolume({ volumeId: volume?.volumeId ?? '', secrets });
  const longId = `rds1:${'x'.repeat(100_000)}`;
  await outcome(controller.deleteVolume({ volumeId: longId, secrets }));
  await tracing.stop();
  const sent = collector.bodies.join();
  assert.match(sent, /DeleteVolume/);
  assert.doesNotMatch(sent, /correct-horse|stapled|:onerror|subvolume|PRIVATE KEY|SHA256:/);
  assert.ok(!sent.includes('x'.repeat(300)));
});

test('a caller who does not sample is not sampled, and always_off samples no one', async (t) => {
  for (const [name, sampled, expected] of [
    ['parentbased_always_on', false, 0],
    ['always_off', true, 0],
    ['always_on', false, 2],
    ['parentbased_always_off', true, 2],
  ] as const) {
    const { collector, tracing } = await startTracing(t, { name, ratio: 1 });
    const { controller } = await startStack(t, { tracer: tracing.tracer });
    const { traceId, headers } = newCaller(sampled);
    await controller.getCapacity({}, { headers });
    await tracing.stop();
    assert.equal(collector.trace(traceId).length, expected, name);
  }
});
