import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { type TestContext, test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import { dataOf, objectsIn, only } from './manifests.ts';

interface Snapshot {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly creationTime?: string;
}

/** A name that is too long for a label. */
const CLAIM = `data-${'x'.repeat(100)}`;
const PATH = '/apis/snapshot.storage.k8s.io/v1/namespaces/shop/volumesnapshots';

/** As much of the API server as the script of the CronJob needs. What it makes becomes ready at once, or never. */
async function serve(t: TestContext, snapshots: Snapshot[], becomesReady: boolean) {
  const requests: string[] = [];
  const server = createServer(async (request, response) => {
    const { method = '', url = '', headers } = request;
    const { pathname, searchParams } = new URL(url, 'http://localhost');
    requests.push(`${method} ${pathname.slice(PATH.length)}`);
    const send = (status: number, body: unknown) => response.writeHead(status).end(JSON.stringify(body));
    const shown = ({ name, creationTime }: Snapshot) => ({
      metadata: { name },
      ...(creationTime ? { status: { readyToUse: true, creationTime } } : {}),
    });
    if (headers.authorization !== 'Bearer the-token' || !pathname.startsWith(PATH)) return send(403, {});
    const found = snapshots.find(({ name }) => pathname === `${PATH}/${name}`);
    if (method === 'POST') {
      const { metadata, spec } = JSON.parse(await text(request));
      const wanted = { volumeSnapshotClassName: 'rose-csi', source: { persistentVolumeClaimName: CLAIM } };
      if (!isDeepStrictEqual(spec, wanted)) return send(422, spec);
      const made = { name: `${metadata.generateName}new`, labels: metadata.labels };
      snapshots.push(becomesReady ? { ...made, creationTime: '2026-11-23T02:15:00Z' } : made);
      return send(201, shown(made));
    }
    if (method === 'DELETE' && found) {
      snapshots.splice(snapshots.indexOf(found), 1);
      return send(200, {});
    }
    if (found) return send(200, shown(found));
    const [key = '', value] = searchParams.get('labelSelector')?.split('=') ?? [];
    return send(200, { items: snapshots.filter(({ labels }) => labels[key] === value).map(shown) });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  return { requests, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

/** Runs the script as the CronJob does. @returns its exit status and what it said. */
async function runScript(t: TestContext, url: string, keep: number | string) {
  const directory = await mkdtemp(join(tmpdir(), 'rose-csi-cronjob-'));
  t.after(() => rm(directory, { recursive: true }));
  const example = await readFile(join(import.meta.dirname, '../../deploy/examples/scheduled-cronjob.yaml'), 'utf8');
  const script = join(directory, 'snapshot.mjs');
  await writeFile(script, dataOf(only(objectsIn(example), 'ConfigMap'), 'snapshot.mjs'));
  await writeFile(join(directory, 'token'), 'the-token\n');
  await writeFile(join(directory, 'namespace'), 'shop');
  const env = {
    PATH: process.env['PATH'],
    API_SERVER: url,
    ACCOUNT: directory,
    CLAIM,
    CLASS: 'rose-csi',
    KEEP: String(keep),
    PATIENCE_SECONDS: '0',
  };
  const child = spawn(process.execPath, [script], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  const [output, complaints, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')]);
  return { code: code as number | null, output: output + complaints };
}

const own = { 'nightly-snapshot': createHash('sha256').update(CLAIM).digest('hex').slice(0, 32) };
const night = (day: number): Snapshot => ({
  name: `data-${day}`,
  labels: own,
  creationTime: `2026-11-0${day}T02:15:00Z`,
});

test('the CronJob makes a snapshot, and deletes the oldest of its own beyond those that are kept', async (t) => {
  const unready = { name: 'data-unready', labels: own };
  const others = [{ name: 'by-hand', labels: {}, creationTime: '2020-01-01T00:00:00Z' }];
  const snapshots = [night(3), night(1), ...others, night(2), unready];
  const { url, requests } = await serve(t, snapshots, true);
  const { code, output } = await runScript(t, url, 2);
  assert.equal(code, 0, output);
  assert.deepEqual(snapshots.map(({ name }) => name).sort(), ['by-hand', 'data-3', 'data-unready', `${CLAIM}-new`]);
  assert.deepEqual(requests, ['POST ', `GET /${CLAIM}-new`, 'GET ', 'DELETE /data-2', 'DELETE /data-1']);
});

test('the CronJob deletes nothing when the new snapshot does not become ready', async (t) => {
  const snapshots = [night(1), night(2), night(3)];
  const { url, requests } = await serve(t, snapshots, false);
  const { code, output } = await runScript(t, url, 1);
  assert.equal(code, 1);
  assert.match(output, /-new is not ready; nothing was deleted/);
  assert.ok(requests.every((request) => !request.startsWith('DELETE')));
});

test('the CronJob says what the API server refuses', async (t) => {
  const { url } = await serve(t, [], true);
  const { code, output } = await runScript(t, `${url}/elsewhere`, 1);
  assert.equal(code, 1);
  assert.match(output, /POST .*: 403/);
});

test('the CronJob deleted every snapshot, the new one too, when the number of those to keep was none', async (t) => {
  for (const keep of ['', 'seven', '0', '-1', '1.5']) {
    const snapshots = [night(1), night(2), night(3)];
    const { url, requests } = await serve(t, snapshots, true);
    const { code, output } = await runScript(t, url, keep);
    assert.equal(code, 1, keep);
    assert.match(output, /KEEP must be a whole number from 1/);
    assert.deepEqual(requests, [], keep);
  }
});
