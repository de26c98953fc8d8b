import assert from 'node:assert/strict';
import { once } from 'node:events';
import { request } from 'node:http';
import { connect, type Socket } from 'node:net';
import { type TestContext, test } from 'node:test';
import { until } from '../../test/support/until.ts';
import { noMetrics, type ReadableMetrics } from './metrics.ts';
import { serveMetrics } from './metrics-server.ts';

const LOOPBACK = { address: '127.0.0.1', port: 0 };

async function start(t: TestContext, read: ReadableMetrics['read'] = async () => 'a 1\n') {
  const server = await serveMetrics({ ...noMetrics, contentType: 'text/plain; version=0.0.4', read }, LOOPBACK);
  t.after(() => server.close());
  return { ...server, base: `http://127.0.0.1:${server.port}` };
}

/** Sends bytes as they are, and returns all that comes back until the server ends the connection. */
async function raw(port: number, bytes: string): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  let text = '';
  socket.on('data', (part: Buffer) => {
    text += part.toString('latin1');
  });
  // A server that refuses may cut off what is still being sent.
  socket.on('error', () => undefined);
  const closed = new Promise((resolve) => socket.once('close', resolve));
  socket.write(bytes);
  await closed;
  return text;
}

test('GET /metrics reports the metrics, whatever the query', async (t) => {
  const { base } = await start(t);
  for (const path of ['/metrics', '/metrics?name[]=a']) {
    const response = await fetch(base + path);
    assert.deepEqual([response.status, await response.text()], [200, 'a 1\n']);
    assert.equal(response.headers.get('content-type'), 'text/plain; version=0.0.4');
  }
});

test('everything else is 404, with nothing in it', async (t) => {
  const { base } = await start(t, async () => assert.fail('it was read'));
  for (const [method, path] of [
    ['GET', '/'],
    ['GET', '/metrics/'],
    ['GET', '/metrics/../etc/passwd'],
    ['GET', '//metrics'],
    ['HEAD', '/metrics'],
    ['POST', '/metrics'],
    ['DELETE', '/metrics'],
    ['OPTIONS', '*'],
  ] as const) {
    const asked = request(base, { method, path }).end();
    const [response] = (await once(asked, 'response')) as [import('node:http').IncomingMessage];
    let text = '';
    for await (const part of response) text += part;
    assert.deepEqual([response.statusCode, text], [404, ''], `${method} ${path}`);
  }
});

test('a body is not waited for', async (t) => {
  const { port, base } = await start(t);
  const text = await raw(port, 'POST /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000000\r\n\r\nbegin');
  assert.match(text, /^HTTP\/1\.1 404 .*Connection: close/s);
  assert.equal((await fetch(`${base}/metrics`)).status, 200);
});

test('what is no request is refused, and the next one answered', async (t) => {
  const { port, base } = await start(t);
  const nonsense = [
    '\r\n\r\n\0\0\0',
    'GET /metrics HTTP/1.1\r\n\r\n',
    `GET /${'x'.repeat(100_000)} HTTP/1.1\r\n\r\n`,
    '\x16\x03\x01\x02',
  ];
  for (const bytes of nonsense) assert.match(await raw(port, bytes), /^(HTTP\/1\.1 4\d\d .*)?$/s);
  assert.equal((await fetch(`${base}/metrics`)).status, 200);
});

test('of connections that stay, more than 32 are refused, and a scraper gets in when some go', async (t) => {
  const { port, base } = await start(t);
  const idle: Socket[] = [];
  t.after(() => idle.forEach((socket) => void socket.destroy()));
  for (let number = 0; number < 32; number += 1) {
    const socket = connect(port, '127.0.0.1');
    idle.push(socket);
    await once(socket, 'connect');
    // An answer proves that the server has it among its connections.
    socket.write('GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n');
    await once(socket, 'data');
  }
  await assert.rejects(fetch(`${base}/metrics`));
  const [first] = idle;
  assert.ok(first);
  first.destroy();
  await until(() =>
    fetch(`${base}/metrics`).then(
      ({ ok }) => ok,
      () => false,
    ),
  );
});

test('metrics that cannot be determined are 500, without a word of why', async (t) => {
  const { base } = await start(t, async () => {
    throw new Error('hunter2');
  });
  const response = await fetch(`${base}/metrics`);
  assert.deepEqual([response.status, await response.text()], [500, '']);
});

test('closing takes the port away from all who are connected, once and again', async (t) => {
  const { port, base, close } = await start(t);
  const idle = connect(port, '127.0.0.1').on('error', () => undefined);
  const cut = once(idle, 'close');
  await once(idle, 'connect');
  assert.equal((await fetch(`${base}/metrics`)).status, 200);
  await Promise.all([close(), close(), cut]);
  await assert.rejects(fetch(`${base}/metrics`));
});

test('an address that is not of this machine, or a port that is taken, is an error that names it', async (t) => {
  const { port } = await start(t);
  const metrics = { ...noMetrics, contentType: '', read: async () => '' };
  await assert.rejects(
    serveMetrics(metrics, { address: '127.0.0.1', port }),
    new RegExp(`^Error: metrics cannot be served on 127\\.0\\.0\\.1, port ${port}: listen EADDRINUSE`),
  );
  await assert.rejects(serveMetrics(metrics, { address: '192.0.2.1', port: 0 }), /on 192\.0\.2\.1, port 0: listen E/);
});
