import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { connect } from 'node:net';
import { test } from 'node:test';
import { brotliDecompressSync, gunzipSync, gzipSync } from 'node:zlib';
import { answering, clusterOf, contents, sceneOf, volume } from '../../src/web-console/readings.fixture.ts';
import type { Scene } from '../../src/web-console/scene.ts';
import { until } from '../support/until.ts';
import { type Served, serve } from './fixture.ts';

const SCENE: Scene = sceneOf({ backends: [answering(contents([volume(1)], []))], cluster: clusterOf({}) });
/** Bytes of everything that a browser loads before it asks for the scene, compressed by gzip. */
const MOST_BYTES = 150 * 1024;

interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
}

/** One request as it is, which `fetch` would not let be sent with this Host. */
async function ask(
  { port }: Served,
  path: string,
  headers: Readonly<Record<string, string>> = {},
  method = 'GET',
): Promise<Answer> {
  const call = request({ host: '127.0.0.1', port, path, method, headers, agent: false }).end();
  const [answer] = (await once(call, 'response')) as [IncomingMessage];
  const parts: Buffer[] = [];
  for await (const part of answer) parts.push(part as Buffer);
  return { status: answer.statusCode ?? 0, headers: answer.headers, body: Buffer.concat(parts) };
}

/** What comes back for these very words, until the server closes the connection. */
async function converse({ port }: Served, words: string): Promise<string> {
  const socket = connect(port, '127.0.0.1').end(words);
  let text = '';
  for await (const part of socket) text += String(part);
  return text;
}

test('every answer forbids all that the page does not need, and lets no other origin read it', async (t) => {
  const served = await serve(t, async () => SCENE);
  for (const path of ['/', '/page.js', '/api/scene', '/nothing', '/healthz']) {
    const { headers } = await ask(served, path);
    assert.match(
      String(headers['content-security-policy']),
      /^default-src 'none'; script-src 'self'; style-src 'self'/,
    );
    assert.doesNotMatch(String(headers['content-security-policy']), /unsafe|\*|data:|blob:/);
    assert.equal(headers['cross-origin-resource-policy'], 'same-origin');
    assert.equal(headers['cross-origin-opener-policy'], 'same-origin');
    assert.equal(headers['x-content-type-options'], 'nosniff');
    assert.equal(headers['referrer-policy'], 'no-referrer');
    const forbidden = Object.keys(headers).filter((name) => name === 'set-cookie' || name.startsWith('access-control'));
    assert.deepEqual(forbidden, []);
  }
});

test('nothing but GET is answered', async (t) => {
  const served = await serve(t, async () => SCENE);
  for (const method of ['POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'HEAD']) {
    assert.equal((await ask(served, '/api/scene', {}, method)).status, 405, method);
  }
  assert.equal(served.readings(), 0);
});

test('a page of a stranger learns nothing, neither by a name that leads here nor across origins', async (t) => {
  const served = await serve(t, async () => SCENE, { hosts: ['storage.example.net'] });
  for (const path of ['/', '/api/scene', '/api/why?object=pvc/a&namespace=b', '/page.js']) {
    assert.equal((await ask(served, path, { host: 'evil.example' })).status, 403, path);
  }
  for (const site of ['cross-site', 'same-site']) {
    assert.equal((await ask(served, '/api/scene', { 'sec-fetch-site': site })).status, 403, site);
    assert.equal((await ask(served, '/', { 'sec-fetch-site': site })).status, 200, 'a link may lead here');
  }
  assert.equal(served.readings(), 0);
  assert.equal((await ask(served, '/api/scene', { host: 'storage.example.net' })).status, 200);
  assert.equal(
    (await ask(served, '/healthz', { host: '10.1.2.3:8080' })).status,
    200,
    'the kubelet comes by an address',
  );
});

test('the page is compressed, small, and sent once', async (t) => {
  const served = await serve(t, async () => SCENE);
  let bytes = 0;
  for (const path of ['/', '/page.js', '/page.css', '/icon.svg']) {
    const plain = await ask(served, path);
    const packed = await ask(served, path, { 'accept-encoding': 'gzip, deflate' });
    const brotli = await ask(served, path, { 'accept-encoding': 'gzip, br' });
    assert.deepEqual(gunzipSync(packed.body), plain.body);
    assert.deepEqual(brotliDecompressSync(brotli.body), plain.body);
    bytes += packed.body.length;
    const again = await ask(served, path, { 'if-none-match': String(plain.headers.etag) });
    assert.deepEqual([again.status, again.body.length], [304, 0]);
  }
  assert.ok(bytes < MOST_BYTES, `${bytes} bytes`);
});

test('the page names no file of anyone else, and has no script or style in its markup', async (t) => {
  const served = await serve(t, async () => SCENE);
  const html = (await ask(served, '/')).body.toString('utf8');
  const css = (await ask(served, '/page.css')).body.toString('utf8');
  assert.doesNotMatch(html, /\/\/|<style|style=|\son[a-z]+=|<script(?![^>]*\ssrc=)/);
  assert.doesNotMatch(css, /url\(|@import/);
});

test('the scene is sent to who has another one, and that it is the same to who has it', async (t) => {
  const served = await serve(t, async () => SCENE, { pauseMs: 1 });
  const first = await ask(served, '/api/scene?after=0', { 'accept-encoding': 'gzip' });
  assert.deepEqual(JSON.parse(gunzipSync(first.body).toString('utf8')), SCENE);
  assert.equal(first.headers['cache-control'], 'no-store');
  assert.deepEqual(JSON.parse((await ask(served, '/api/scene')).body.toString('utf8')), SCENE);
  const { etag = '', 'x-reading': number = '' } = first.headers;
  const next = await ask(served, `/api/scene?after=${number}`, { 'if-none-match': String(etag) });
  assert.deepEqual([next.status, next.body.length], [304, 0]);
  assert.ok(Number(next.headers['x-reading']) > Number(number));
  assert.ok(Number(next.headers['x-read-ago']) >= 0);
});

test('behind a prefix everything is below it, and nothing beside it', async (t) => {
  const served = await serve(t, async () => SCENE, { basePath: '/storage/rose' });
  assert.equal((await ask(served, '/storage/rose')).headers.location, '/storage/rose/');
  for (const path of ['/storage/rose/', '/storage/rose/page.js', '/storage/rose/api/scene']) {
    assert.equal((await ask(served, path)).status, 200, path);
  }
  for (const path of ['/', '/page.js', '/api/scene', '/storage/rosebud/', '/storage/']) {
    assert.equal((await ask(served, path)).status, 404, path);
  }
});

test('what the path or the query says reaches no file', async (t) => {
  const served = await serve(t, async () => SCENE);
  for (const path of [
    '/../package.json',
    '/..%2f..%2fetc/passwd',
    '//etc/passwd',
    '/page.js/../../x',
    '/%00',
    '/page.tsx',
  ]) {
    assert.equal((await ask(served, path)).status, 404, path);
  }
});

test('a host in the path led past the prefix and to the probe, and what is no path got no answer', async (t) => {
  const served = await serve(t, async () => SCENE, { basePath: '/rose' });
  for (const path of [
    '//evil.example/rose/',
    '//evil.example/healthz',
    '/\\evil.example/rose/',
    '/rose//evil.example/',
  ]) {
    assert.equal((await ask(served, path)).status, 404, path);
  }
  for (const path of ['http://evil.example/rose/', 'http://[::1/', '*']) {
    assert.equal((await ask(served, path)).status, 400, path);
  }
  assert.equal((await ask(served, '//')).status, 404);
  const redirect = await ask(served, '/rose?//evil.example');
  assert.equal(redirect.headers.location, '/rose/');
});

test('of two names in one request, one that is not its own is enough to refuse it', async (t) => {
  const served = await serve(t, async () => SCENE);
  const answer = await converse(
    served,
    'GET / HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\nConnection: close\r\n\r\n',
  );
  assert.match(answer, /^HTTP\/1\.1 403 /);
});

test('two hundred viewers are served by one reading, and the probe is answered beside them', async (t) => {
  const gate = Promise.withResolvers<void>();
  let readings = 0;
  const served = await serve(
    t,
    async () => {
      readings += 1;
      if (readings > 1) await gate.promise;
      return { ...SCENE, version: `${readings}` };
    },
    { pauseMs: 1 },
  );
  const { headers } = await ask(served, '/api/scene');
  const viewers = Array.from({ length: 200 }, () => ask(served, `/api/scene?after=${headers['x-reading']}`));
  await until(async () => served.looking() === 200);
  assert.equal((await ask(served, '/healthz')).status, 200);
  gate.resolve();
  const seen = await Promise.all(viewers);
  assert.deepEqual(
    [...new Set(seen.map(({ status, body }) => `${status} ${JSON.parse(`${body}`).version}`))],
    ['200 2'],
  );
});

test('a viewer that never reads what it asked for is not kept for good', async (t) => {
  const rows = Array.from({ length: 200_000 }, (_, index) => ({
    kind: 'gone' as const,
    id: `rds1:pvc-${index}`,
    level: 0,
  }));
  const served = await serve(t, async () => ({ ...SCENE, rows }), { silenceMs: 200 });
  const open = (): number => process.getActiveResourcesInfo().filter((kind) => kind === 'TCPSocketWrap').length;
  const before = open();
  const socket = connect(served.port, '127.0.0.1').pause();
  t.after(() => socket.destroy());
  socket.write('GET /api/scene HTTP/1.1\r\nHost: localhost\r\n\r\n');
  // Both ends are in this process.
  await until(async () => open() === before + 2 && served.readings() === 1);
  await until(async () => open() === before + 1);
});

test('the chain of an object is asked for by its kind, name and namespace, and a refusal says why', async (t) => {
  const asked: string[] = [];
  const served = await serve(t, async () => SCENE, {
    why: async (object, namespace) => {
      asked.push(`${namespace} ${object}`);
      if (object === 'pvc/no') throw new Error('"no" is not the name of an object');
      return { result: 'fine', chain: [], findings: [], notSeen: [] };
    },
  });
  const good = await ask(served, '/api/why?object=pvc%2Fdata&namespace=apps');
  assert.equal(JSON.parse(good.body.toString('utf8')).result, 'fine');
  const bad = await ask(served, '/api/why?object=pvc%2Fno&namespace=apps');
  assert.deepEqual([bad.status, bad.body.toString('utf8')], [400, '"no" is not the name of an object\n']);
  assert.match(String(bad.headers['content-type']), /^text\/plain/);
  assert.deepEqual(asked, ['apps pvc/data', 'apps pvc/no']);
});

test('a scene of 10,000 snapshots is a few hundred kilobytes on the wire', () => {
  const many = Array.from({ length: 10_000 }, (_, index) => volume(index));
  const { rows } = sceneOf({ backends: [answering(contents(many, []))], cluster: { is: 'off' } });
  assert.equal(rows.length, 10_000);
  assert.ok(gzipSync(JSON.stringify(rows)).length < 700_000);
});
