import assert from 'node:assert/strict';
import { once } from 'node:events';
import { rename, stat, writeFile } from 'node:fs/promises';
import { Agent, type IncomingMessage, request } from 'node:http';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { Execution } from '../console/execution.ts';
import { Counters } from '../counters.ts';
import { MIB, openDevice } from '../device/device.testing.ts';
import { FaultPlan } from '../faults/fault-plan.ts';
import { QUIRKS, Quirks } from '../quirks/quirks.ts';
import { callApi } from './api-client.testing.ts';
import { ApiServer } from './api-server.ts';

const SSH = { host: '127.0.0.1', port: 1, user: 'csi', hostKeyFingerprint: 'SHA256:x', hostPublicKey: 'ssh-ed25519 x' };

async function startApi(t: TestContext) {
  const under = await openDevice(t);
  const counters = new Counters();
  const socketPath = join(under.stateDir, 'api.sock');
  const { conditions } = under.device;
  const restarts: number[] = [];
  const faults = new FaultPlan({
    restart: () => undefined,
    setPool: (condition) => conditions.set(condition),
    healPools: () => conditions.heal(),
  });
  const trouble = {
    faults,
    quirks: new Quirks(),
    conditionOf: (pool: string) => ({ pool, ...conditions.of(pool) }),
    restart: async (downMs: number) => void restarts.push(downMs),
  };
  const options = { socketPath, device: under.device, counters, ssh: SSH, trouble };
  const api = await ApiServer.start(options);
  t.after(() => api.close());
  const call = (method: string, path: string, body?: Uint8Array, headers?: Record<string, string>) =>
    callApi(socketPath, method, path, body, headers);
  const send = (method: string, path: string, body: unknown) => call(method, path, Buffer.from(JSON.stringify(body)));
  return { under, counters, options, socketPath, call, send, trouble, restarts };
}

test('only the owner may open the socket', async (t) => {
  const { socketPath } = await startApi(t);
  const { mode } = await stat(socketPath);
  assert.equal(mode & 0o777, 0o600);
});

test('a connection that was idle for five seconds was closed while its client began the next request', async (t) => {
  const { socketPath } = await startApi(t);
  const agent = new Agent({ keepAlive: true });
  t.after(() => agent.destroy());
  const call = request({ socketPath, agent, path: '/v1/info' }).end();
  const [response] = (await once(call, 'response')) as [IncomingMessage];
  response.resume();
  assert.equal(response.headers.connection, 'keep-alive');
  assert.equal(response.headers['keep-alive'], undefined, 'no time is set after which this side closes it');
});

test('info, pools and counters', async (t) => {
  const { under, counters, call } = await startApi(t);
  await under.addVolume('v-1', MIB);
  counters.count('execs');
  const info = { identity: 'rds-simulator', version: '7.24.1 (stable)', backend: 'files', ssh: SSH };
  assert.deepEqual((await call('GET', '/v1/info')).json(), info);
  assert.deepEqual((await call('GET', '/v1/pools')).json(), under.device.pools());
  assert.deepEqual((await call('GET', '/v1/counters')).json(), {
    connections: 0,
    execs: 1,
    statements: 0,
    busyMs: 0,
    outputBytes: 0,
  });
  const zero = { connections: 0, execs: 0, statements: 0, busyMs: 0, outputBytes: 0 };
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

test('a socket that no one serves is replaced, anything else is not', async (t) => {
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

test('faults are armed, listed and cleared', async (t) => {
  const { call, send, trouble } = await startApi(t);
  const kill = { kind: 'kill', at: { path: '/disk', command: 'add', nth: 2 }, when: 'after' };
  assert.deepEqual((await call('GET', '/v1/faults')).json(), []);
  assert.deepEqual((await send('POST', '/v1/faults', kill)).json(), [{ fault: kill, fired: 0, standing: 0 }]);
  const cut = { kind: 'cut', bytes: 10 };
  await send('POST', '/v1/faults', { fault: cut, times: 'always' });
  for (let i = 0; i < 5; i += 1) assert.equal(trouble.faults.filters('x').length, 1);
  const listed = [
    { fault: kill, fired: 0, standing: 0 },
    { fault: cut, fired: 5, standing: 0 },
  ];
  assert.deepEqual((await call('GET', '/v1/faults')).json(), listed);
  trouble.faults.setPool({ pool: 'pool', full: true });
  assert.deepEqual((await call('DELETE', '/v1/faults')).json(), []);
  assert.equal(trouble.conditionOf('pool').full, false);
});

test('a script that stands still is listed, and released', async (t) => {
  const { call, send, trouble } = await startApi(t);
  const stall = { kind: 'stall', at: { path: '/disk' }, ms: 'untilReleased', disconnect: true };
  await send('POST', '/v1/faults', stall);
  const held = trouble.faults.beforeStatement({ path: '/disk', text: '/disk/add' }, new Execution(''));
  assert.deepEqual((await call('GET', '/v1/faults')).json(), [{ fault: stall, fired: 1, standing: 1 }]);
  assert.equal((await call('POST', '/v1/faults/release')).status, 200);
  await held;
  assert.deepEqual((await call('GET', '/v1/faults')).json(), []);
});

test('conditions, quirks and restarts', async (t) => {
  const { call, send, trouble, restarts } = await startApi(t);
  const well = trouble.conditionOf('pool');
  const changed = await send('PUT', '/v1/pools/pool/condition', { readOnly: true, removalMs: 5 });
  assert.deepEqual(changed.json(), { ...well, readOnly: true, removalMs: 5 });

  assert.deepEqual((await send('PUT', '/v1/quirks', { names: ['one-session'] })).status, 200);
  assert.deepEqual(trouble.quirks.names, ['one-session']);
  const { names, quirks } = (await call('GET', '/v1/quirks')).json() as { names: unknown; quirks: unknown };
  assert.deepEqual([names, quirks], [['one-session'], JSON.parse(JSON.stringify(QUIRKS))]);

  await send('POST', '/v1/restart', { downMs: 70 });
  await call('POST', '/v1/restart');
  assert.deepEqual(restarts, [70, 0]);
});

test('what is wrong with trouble is said', async (t) => {
  const { call, send } = await startApi(t);
  const cases: readonly [number, RegExp, string, string, unknown][] = [
    [400, /kind/, 'POST', '/v1/faults', { kind: 'explode' }],
    [400, /fault.at: /, 'POST', '/v1/faults', { kind: 'fail', error: 'x' }],
    [400, /ms/, 'POST', '/v1/faults', { kind: 'stall', at: {}, ms: 'forever', disconnect: true }],
    [400, /times/, 'POST', '/v1/faults', { fault: { kind: 'cut', bytes: 1 }, times: 0 }],
    [400, /where/, 'POST', '/v1/faults', { kind: 'kill', at: { where: 'x' }, when: 'after' }],
    [400, /downMs/, 'POST', '/v1/restart', { downMs: -1 }],
    [400, /full/, 'PUT', '/v1/pools/pool/condition', { full: 'yes' }],
    [400, /swappedFor: write a lower-case UUID/, 'PUT', '/v1/pools/pool/condition', { swappedFor: 'x' }],
    [404, /there is no pool other/, 'PUT', '/v1/pools/other/condition', { full: true }],
    [400, /there is no quirk "nonsense"/, 'PUT', '/v1/quirks', { names: ['nonsense'] }],
    [400, /names/, 'PUT', '/v1/quirks', {}],
    [413, /at most/, 'PUT', '/v1/quirks', { names: ['x'.repeat(70_000)] }],
    [404, /there is no PUT/, 'PUT', '/v1/faults', {}],
  ];
  for (const [status, message, method, path, body] of cases) {
    const answer = await send(method, path, body);
    assert.equal(answer.status, status, `${method} ${path}: ${answer.body}`);
    assert.match((answer.json() as { message: string }).message, message);
  }
  assert.equal((await call('POST', '/v1/faults', Buffer.from('{'))).status, 400);
});
