import assert from 'node:assert/strict';
import { once } from 'node:events';
import { lstat } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { status } from '@grpc/grpc-js';
import { createClient } from '../../test/support/grpc-client.ts';
import { Controller, GroupController, Identity } from './gen/csi_pb.js';
import { type CallContext, implement } from './grpc-binding.ts';
import { serve } from './server.ts';
import { grpcStatus, staleSocket, startServer, temporaryDirectory } from './services.fixture.ts';

const nothing = implement(Identity, {});

test('the socket is for owner and group, and gone after stop', async (t) => {
  const server = await startServer(t, [nothing]);
  assert.equal((await lstat(server.path)).mode & 0o777, 0o660);
  const stopped = server.stop();
  assert.equal(server.stop(), stopped);
  await stopped;
  await assert.rejects(lstat(server.path), { code: 'ENOENT' });
});

test('a method without a handler, and a service that is not served, are UNIMPLEMENTED', async (t) => {
  const { path } = await startServer(t, [nothing]);
  const identity = createClient(Identity, `unix://${path}`);
  const group = createClient(GroupController, `unix://${path}`);
  t.after(() => identity.close());
  t.after(() => group.close());
  await assert.rejects(identity.probe({}), grpcStatus(status.UNIMPLEMENTED, /Probe/i));
  await assert.rejects(
    group.groupControllerGetCapabilities({}),
    grpcStatus(status.UNIMPLEMENTED, /GroupControllerGetCapabilities/),
  );
});

test('a message above 4 MiB is refused in either direction', async (t) => {
  const large = 'x'.repeat(4 * 1024 * 1024);
  const getPluginInfo = async () => ({ name: large });
  const services = [implement(Identity, { getPluginInfo }), implement(Controller, { deleteVolume: async () => ({}) })];
  const { path } = await startServer(t, services);
  const identity = createClient(Identity, `unix://${path}`);
  const controller = createClient(Controller, `unix://${path}`);
  t.after(() => identity.close());
  t.after(() => controller.close());
  await assert.rejects(identity.getPluginInfo({}), grpcStatus(status.RESOURCE_EXHAUSTED, /^Sent message larger/));
  await assert.rejects(
    controller.deleteVolume({ volumeId: large }),
    grpcStatus(status.RESOURCE_EXHAUSTED, /^Received/),
  );
});

test('stop waits for a running call', async (t) => {
  const { server, client, started } = await startWithCall(t);
  const reply = client.probe({});
  const { finish } = await started;
  const stopped = server.stop();
  finish();
  assert.equal((await reply).ready, true);
  await stopped;
});

test('stop aborts a call that takes too long, and calls that come later fail', async (t) => {
  const { server, client, started } = await startWithCall(t);
  const reply = assert.rejects(client.probe({}), (error: { code?: number }) =>
    [status.UNAVAILABLE, status.CANCELLED].some((code) => code === error.code),
  );
  const { call, finish } = await started;
  const aborted = once(call.signal, 'abort');
  await server.stop(0);
  await aborted;
  await reply;
  finish();
  await assert.rejects(client.probe({}), grpcStatus(status.UNAVAILABLE, /./));
});

test('a stale socket is taken over, a live one is refused', async (t) => {
  const path = join(await temporaryDirectory(t), 'csi.sock');
  await staleSocket(path);
  const endpoint = `unix://${path}`;
  const server = await serve({ endpoint, services: [nothing] });
  await assert.rejects(serve({ endpoint, services: [nothing] }), { message: /another process already serves/ });
  await server.stop();
  await (await serve({ endpoint, services: [nothing] })).stop();
});

test('a client that leaks connections does not take all of the memory: further ones are closed, and calls on old ones go on', async (t) => {
  const { path } = await startServer(t, [implement(Identity, { probe: async () => ({ ready: true }) })]);
  const client = createClient(Identity, `unix://${path}`);
  t.after(() => client.close());
  await client.probe({});
  const leaked = Array.from({ length: 600 }, () => connect(path));
  t.after(() => {
    for (const connection of leaked) connection.destroy();
  });
  let closed = 0;
  const excess = leaked.length + 1 - 512;
  await new Promise<void>((resolve) => {
    for (const connection of leaked) {
      connection.resume().on('error', () => undefined);
      connection.on('close', () => {
        closed += 1;
        if (closed === excess) resolve();
      });
    }
  });
  assert.equal((await client.probe({})).ready, true);
  assert.equal(closed, excess);
});

test('an endpoint that cannot be bound is an error that names it', async (t) => {
  await assert.rejects(serve({ endpoint: 'tcp://127.0.0.1:0', services: [] }), { message: /TCP is not offered/ });
  const directory = await temporaryDirectory(t);
  const missing = { endpoint: `unix://${directory}/no/csi.sock`, services: [] };
  await assert.rejects(serve(missing), { message: /does not exist/ });
});

/** A server whose Probe says that it started and waits until the test lets it finish. */
async function startWithCall(t: Parameters<typeof startServer>[0]) {
  const started = Promise.withResolvers<{ call: CallContext; finish: () => void }>();
  const probe = async (_: unknown, call: CallContext) => {
    const { promise, resolve } = Promise.withResolvers<void>();
    started.resolve({ call, finish: resolve });
    await promise;
    return { ready: true };
  };
  const server = await startServer(t, [implement(Identity, { probe })]);
  const client = createClient(Identity, `unix://${server.path}`);
  t.after(() => client.close());
  return { server, client, started: started.promise };
}
