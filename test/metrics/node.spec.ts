/** What a scrape of a node tells, from gRPC to the programs. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import manifest from '../../package.json' with { type: 'json' };
import { startNode } from '../../src/app/node/node.ts';
import { createLogger } from '../../src/observability/log.ts';
import { serveMetrics } from '../../src/observability/metrics-server.ts';
import { prometheusMetrics } from '../../src/observability/prometheus.ts';
import { startFixture } from '../node/fixture.ts';
import { outcome } from '../support/calls.ts';
import { scrape } from './scrape.ts';

test('programs are reported by name and end, and what became of formats', async (t) => {
  const fixture = await startFixture(t);
  if (fixture === undefined) return;
  assert.equal(fixture.node.metricsPort, undefined, 'off unless a port is given');
  const node = await fixture.anotherNode('measured', { metricsPort: 0, metricsAddress: '127.0.0.1' });
  const formats = (found: Awaited<ReturnType<typeof scrape>>) =>
    ['done', 'refused', 'failed'].map((how) => found.value('formats', { outcome: how }));
  const before = await scrape(node.metricsPort);
  assert.deepEqual(formats(before), [0, 0, 0]);
  assert.equal(before.value('trims', { outcome: 'done' }), undefined, 'trims are off unless an interval is given');

  await node.stage(await fixture.claim('ext4'));
  // Not said to be blank, and without a filesystem.
  const adopted = { ...(await fixture.claim('ext4')), volumeContext: { formatVersion: '1' } };
  assert.equal(await outcome(node.stage(adopted)), 'FAILED_PRECONDITION');

  const found = await scrape(node.metricsPort);
  assert.deepEqual(formats(found), [1, 1, 0]);
  assert.equal(found.value('buildInfo', { component: 'node', version: manifest.version }), 1);
  const rpcs = (code: string) => found.value('rpcs', { method: 'NodeStageVolume', code });
  assert.deepEqual([rpcs('OK'), rpcs('FAILED_PRECONDITION')], [1, 1]);
  assert.equal(found.count('rpcSeconds', { method: 'NodeStageVolume', code: 'OK' }), 1);
  assert.equal(found.value('programs', { program: 'mount', outcome: 'killed' }), 0);
  assert.equal(found.value('programs', { program: 'mkfs.ext4', outcome: 'done' }), 1);
  assert.equal(found.value('programs', { program: 'mount', outcome: 'done' }), 1);
  assert.equal(found.value('programs', { program: 'mount', outcome: 'failed' }), undefined);
  assert.equal(found.count('programSeconds', { program: 'mkfs.ext4' }), 1);
  assert.doesNotMatch(found.text, /loop\d|nqn\.|setpriv/, 'no arguments, and no starter of others');
  assert.ok(![...found.names].some((name) => /pool|exec|breaker|orphan/.test(name)), 'nothing of the controller');
});

test('a port that is taken is an error at start that names it, and nothing is left of the node', async (t) => {
  const metrics = prometheusMetrics();
  const holder = await serveMetrics(metrics, { address: '127.0.0.1', port: 0 });
  t.after(() => holder.close());
  const socket = join(import.meta.dirname, 'never.sock');
  const options = {
    endpoint: `unix://${socket}`,
    nodeName: 'n',
    clusterId: 'c',
    driverName: 'rds.rose-csi.io',
    stateDir: '/nowhere',
    hostTools: 'direct',
    maxVolumes: 0,
    networks: ['default'],
    unstagePatience: 1,
    trimInterval: 0,
    attach: 'nvme-tcp' as const,
  };
  const place = { metricsPort: holder.port, metricsAddress: '127.0.0.1' };
  await assert.rejects(
    startNode({ ...options, ...place }, createLogger('fatal')),
    new RegExp(`metrics cannot be served on 127\\.0\\.0\\.1, port ${holder.port}: .*EADDRINUSE`),
  );
  assert.ok(!existsSync(socket));
  const wrong = { ...options, ...place, metricsPort: 0, nodeName: ' ' };
  await assert.rejects(startNode(wrong, createLogger('fatal')), /the node name is empty/);
});
