import assert from 'node:assert/strict';
import { once } from 'node:events';
import { rename, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { Counters } from '../counters.ts';
import { MIB, openDevice } from '../device/device.testing.ts';
import { callApi } from './api-client.testing.ts';
import { ApiServer } from './api-server.ts';

const SSH = { host: '127.0.0.1', port: 1, user: 'csi', hostKeyFingerprint: 'SHA256:x', hostPublicKey: 'ssh-ed25519 x' };

async function startApi(t: TestContext) {
  const under = await openDevice(t);
  const counters = new Counters();
  const socketPath = join(under.stateDir, 'api.sock');
  const options = { socketPath, device: under.device, counters, ssh: SSH };
  const api = await ApiServer.start(options);
  t.after(() => api.close());
  const call = (method: string, path: string, body?: Uint8Array, headers?: Record<string, string>) =>
    callApi(socketPath, method, path, body, headers);
  return { under, counters, options, socketPath, call };
}

test('only the owner may open the socket', async (t) => {
  const { socketPath } = await startApi(t);
  const { mode } = await stat(socketPath);
  assert.equal(mode & 0o777, 0o600);
});

test('info, pools and counters', async (t) => {
  const { under, counters, call } = await startApi(t);
  await under.addVolume('v-1', MIB);
  counters.count('execs');
  const info = { identity: 'rds-simulator', version: '7.24.1 (stable)', backend: 'files', ssh: SSH };
  assert.deepEqual((await call('GET', '/v1/info')).json(), info);
  assert.deepEqual((await call('GET', '/v1/pools')).json(), under.device.pools());
  assert.deepEqual((await call('GET', '/v1/counters')).json(), { connections: 0, execs: 1, statements: 0, busyMs: 0 });
  const zero = { connections: 0, execs: 0, statements: 0, busyMs: 0 };
  assert.deepEqual((await call('POST', '/v1/counters/reset')).json(), zero);
  assert.deepEqual(counters.values, zero);
});

test('blocks are written, read and mapped', async (t) => {
  const { under, call } = await startApi(t);
  const nqn = await under.addVolume('v-1', 64 * MIB);
  assert.deepEqual((await call('GET', '/v1/namespaces')).json(), [
    { nqn, size: 64 * MIB, slot: 'v-1', readOnly: false },
  ]);
  const path = `/v1/namespaces/${encodeURIComponent(nqn)}`;
  const data = Buffer.alloc(3 * MIB + 5, 'abc');
  const put = await call('PUT', `${path}/blocks?offset=${7 * MIB - 1}`, data);
  assert.deepEqual([put.status, put.json()], [200, { written: data.length }]);
  const read = await call('GET', `${path}/blocks?offset=${7 * MIB - 2}&length=${data.length + 2}`);
  assert.ok(read.body.equals(Buffer.concat([Buffer.alloc(1), data, Buffer.alloc(1)])));
  const extents = (await call('GET', `${path}/extents`)).json() as { offset: number; length: number }[];
  assert.ok(extents.every(({ offset, length }) => offset >= 6 * MIB && offset + length <= 11 * MIB));
  assert.ok(extents.length > 0);
});

test('what is refused, by status', async (t) => {
  const { under, call } = await startApi(t);
  const nqn = await under.addVolume('v-1', MIB);
  await under.addVolume('v-ro', MIB);
  await under.run('/disk', 'set', 'v-ro', { 'mount-read-only': 'yes' });
  await under.addVolume('v-off', MIB);
  await under.run('/disk', 'set', 'v-off', { 'nvme-tcp-export': 'no' });
  const at = (name: string) => `/v1/namespaces/${name}/blocks`;
  const one = Buffer.from('x');
  const cases: readonly [number, string, string, Buffer?, Record<string, string>?][] = [
    [404, 'GET', '/v2/info'],
    [404, 'DELETE', '/v1/namespaces'],
    [404, 'GET', `${at('nqn.2026-11.test:none')}?offset=0&length=1`],
    [404, 'PUT', `${at('nqn.2026-11.test:none')}?offset=0`, one],
    [403, 'GET', `${at('nqn.2026-11.test:v-off')}?offset=0&length=1`],
    [403, 'PUT', `${at('nqn.2026-11.test:v-ro')}?offset=0`, one],
    [416, 'GET', `${at(nqn)}?offset=${MIB}&length=1`],
    [416, 'PUT', `${at(nqn)}?offset=${MIB}`, one],
    [413, 'GET', `${at(nqn)}?offset=0&length=${65 * MIB}`],
    [400, 'GET', `${at(nqn)}?offset=-1&length=1`],
    [400, 'GET', `${at(nqn)}?offset=0`],
    [400, 'GET', '/v1/namespaces/%zz/extents'],
    [400, 'PUT', `${at(nqn)}?offset=0&length=2`, one],
    [400, 'PUT', `${at(nqn)}?offset=0&length=2`, one, { 'transfer-encoding': 'chunked' }],
    [411, 'PUT', `${at(nqn)}?offset=0`, one, { 'transfer-encoding': 'chunked' }],
  ];
  for (const [status, method, path, body, headers] of cases) {
    const answer = await call(method, path, body, headers);
    assert.equal(answer.status, status, `${method} ${path}: ${answer.body}`);
    assert.deepEqual(Object.keys(answer.json() as object), ['error', 'message']);
  }
});

test('a socket that nobody serves is replaced, anything else is not', async (t) => {
  const { options, under } = await startApi(t);
  await assert.rejects(ApiServer.start(options), /another process serves/);
  const file = join(under.stateDir, 'file');
  await writeFile(file, 'kept');
  await assert.rejects(ApiServer.start({ ...options, socketPath: file }), /is not a socket/);

  const stale = join(under.stateDir, 'stale.sock');
  const other = createServer().listen(stale);
  await once(other, 'listening');
  await rename(stale, `${stale}.kept`);
  other.close();
  await once(other, 'close');
  await rename(`${stale}.kept`, stale);
  const api = await ApiServer.start({ ...options, socketPath: stale });
  t.after(() => api.close());
  assert.equal((await callApi(stale, 'GET', '/v1/info')).status, 200);
});
