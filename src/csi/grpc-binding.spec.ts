import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:http2';
import { connect as connectSocket } from 'node:net';
import { type TestContext, test } from 'node:test';
import { status } from '@grpc/grpc-js';
import { createClient } from '../../test/support/grpc-client.ts';
import { StorageError } from '../storage/errors.ts';
import { Identity } from './gen/csi_pb.js';
import { type CallContext, type Handlers, type Interceptor, implement } from './grpc-binding.ts';
import { grpcStatus, refusal, startServer } from './services.fixture.ts';

async function start(t: TestContext, handlers: Handlers<typeof Identity>, interceptors: readonly Interceptor[] = []) {
  const { path } = await startServer(t, [implement(Identity, handlers)], interceptors);
  const client = createClient(Identity, `unix://${path}`);
  t.after(() => client.close());
  return { client, path };
}

test('request and reply are typed messages', async (t) => {
  const { client } = await start(t, {
    getPluginInfo: async ({ $typeName }) => ({ name: $typeName, manifest: { a: 'b' } }),
  });
  const { name, vendorVersion, manifest } = await client.getPluginInfo({});
  assert.deepEqual([name, vendorVersion, manifest], ['csi.v1.GetPluginInfoRequest', '', { a: 'b' }]);
});

test('an error becomes its status; a defect says nothing of itself', async (t) => {
  const { client } = await start(t, {
    probe: async () => {
      throw new StorageError('DRV-BUSY', 'volume "x"');
    },
    getPluginInfo: () => {
      throw new TypeError('hunter2');
    },
  });
  await assert.rejects(client.probe({}), refusal(status.ABORTED, /^volume "x": another operation/));
  await assert.rejects(client.getPluginInfo({}), refusal(status.INTERNAL, /^a defect in rose-csi/));
});

test('a message with line breaks and any script arrives whole', async (t) => {
  const text = 'Größe\n50 % — 大';
  const { client } = await start(t, {
    probe: async () => {
      throw new StorageError('DRV-INVALID', '', text);
    },
  });
  await assert.rejects(client.probe({}), refusal(status.INVALID_ARGUMENT, text));
});

test('interceptors run around the handler, the first outermost', async (t) => {
  const order: string[] = [];
  const note =
    (name: string): Interceptor =>
    async ({ method }, next) => {
      order.push(`${name} ${method.name}`);
      const reply = await next();
      order.push(`${name} ${reply.$typeName}`);
      return reply;
    };
  const { client } = await start(t, { probe: async () => ({ ready: true }) }, [note('outer'), note('inner')]);
  await client.probe({});
  assert.deepEqual(order, ['outer Probe', 'inner Probe', 'inner csi.v1.ProbeResponse', 'outer csi.v1.ProbeResponse']);
});

test('a caller that cancels aborts the signal', async (t) => {
  const { handlers, started } = waiting();
  const { client } = await start(t, handlers);
  const caller = new AbortController();
  const reply = assert.rejects(client.probe({}, { signal: caller.signal }), grpcStatus(status.CANCELLED, /./));
  const call = await started;
  assert.equal(call.signal.aborted, false);
  assert.equal(call.deadline, undefined);
  const aborted = once(call.signal, 'abort');
  caller.abort();
  await Promise.all([aborted, reply]);
  assert.equal(call.signal.reason.name, 'AbortError');
});

test('a caller that has cancelled before does not call', async (t) => {
  const { client } = await start(t, {});
  await assert.rejects(client.probe({}, { signal: AbortSignal.abort() }), { name: 'AbortError' });
});

test('a lost connection aborts the signal', async (t) => {
  const { handlers, started } = waiting();
  const { path } = await start(t, handlers);
  const { session, request } = rawCall(t, path, {});
  const call = await started;
  const aborted = once(call.signal, 'abort');
  request.on('error', () => {});
  session.destroy();
  await aborted;
  assert.equal(call.signal.reason.name, 'AbortError');
});

test('the deadline is passed on, in milliseconds since the epoch', async (t) => {
  const deadlines: (number | undefined)[] = [];
  const { client } = await start(t, {
    probe: async (_, { deadline }) => {
      deadlines.push(deadline);
      return {};
    },
  });
  const before = Date.now();
  await client.probe({}, { timeoutMs: 60_000 });
  const after = Date.now();
  const [deadline = 0] = deadlines;
  // The wire carries the time left, in whole milliseconds, so the deadline moves by the time on the way.
  assert.ok(deadline >= before + 59_990 && deadline <= after + 60_010, `${deadline} in ${before}…${after} + 60 s`);
});

test('a deadline that passes aborts the signal as a timeout', async (t) => {
  const { handlers, started } = waiting();
  const { path } = await start(t, handlers);
  const { request } = rawCall(t, path, { 'grpc-timeout': '20m' });
  const answered = once(request, 'response');
  const call = await started;
  if (!call.signal.aborted) await once(call.signal, 'abort');
  assert.equal(call.signal.reason.name, 'TimeoutError');
  const [headers] = await answered;
  assert.equal(headers['grpc-status'], String(status.DEADLINE_EXCEEDED));
  request.resume();
});

test('a finished call is not aborted by the end of its stream', async (t) => {
  const calls: CallContext[] = [];
  const { client, path } = await start(t, {
    probe: async (_, call) => {
      calls.push(call);
      return {};
    },
  });
  await client.probe({});
  const { session, request } = rawCall(t, path, {});
  request.resume();
  await once(request, 'close');
  session.close();
  await once(session, 'close');
  assert.deepEqual(
    calls.map(({ signal }) => signal.aborted),
    [false, false],
  );
});

test('a request that is no message is refused without reaching the handler', async (t) => {
  const { path } = await start(t, {});
  const { request } = rawCall(t, path, {}, Buffer.from([0, 0, 0, 0, 1, 0xff]));
  const [headers] = await once(request, 'response');
  assert.notEqual(headers['grpc-status'], String(status.OK));
  request.resume();
});

/** A Probe that reports its context and never answers by itself. */
function waiting() {
  const started = Promise.withResolvers<CallContext>();
  const handlers: Handlers<typeof Identity> = {
    probe: async (_, call) => {
      started.resolve(call);
      await once(call.signal, 'abort');
      return {};
    },
  };
  return { handlers, started: started.promise };
}

/** One Probe without a gRPC client, so without a timer on its side. */
function rawCall(t: TestContext, path: string, headers: Record<string, string>, body = Buffer.alloc(5)) {
  const session = connect('http://localhost', { createConnection: () => connectSocket(path) });
  t.after(() => session.destroy());
  const request = session.request({
    ':method': 'POST',
    ':path': '/csi.v1.Identity/Probe',
    'content-type': 'application/grpc',
    te: 'trailers',
    ...headers,
  });
  request.end(body);
  return { session, request };
}
