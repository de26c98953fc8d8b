import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { BUNDLE, buildBundle } from '../../scripts/build.ts';
import { hasProgram } from '../support/capability.ts';
import { install, SOURCES } from '../support/installation.ts';
import { installCsiSanity, runCsiSanity } from './csi-sanity.ts';
import { serveFixtureNode } from './fixture-node.ts';

/** What the suite skips because the driver does not advertise it, and why not: docs/decisions/0008-not-offered.md. */
const NOT_ADVERTISED = [
  /^Controller(Get|List)VolumeHealth not supported$/,
  /^ControllerModifyVolume not supported$/,
  /^Modify [Vv]olume not supported$/,
  /^ControllerPublishVolume\.readonly field not supported$/,
  /^SNAPSHOT_ACCESSIBILITY_CONSTRAINTS not supported$/,
  /^testnodevolumeattachlimit not enabled$/,
];

/** Cases of the Identity and Controller services; the fixture node stands in only where a controller case needs one. */
const CONTROLLER_CASES = 'Identity Service|\\[Controller Server\\]';

async function conform(t: TestContext, main: string): Promise<void> {
  const program = await installCsiSanity();
  const directory = await mkdtemp(join(tmpdir(), 'rose-csi-sanity-'));
  t.after(() => rm(directory, { recursive: true, force: true }));
  const installation = await install(directory, { main });
  t.after(() => installation.stop());
  const nodeEndpoint = `unix://${join(directory, 'node.sock')}`;
  const node = await serveFixtureNode(nodeEndpoint, installation.clusterId, 'rds.rose-csi.io');
  t.after(() => node.stop(0));
  const { code, output, passed, failed, skips } = await runCsiSanity(program, [
    ...['-ginkgo.focus', CONTROLLER_CASES],
    ...['-csi.controllerendpoint', installation.endpoint, '-csi.endpoint', nodeEndpoint],
    ...['-csi.mountdir', join(directory, 'mount'), '-csi.stagingdir', join(directory, 'staging')],
    ...['-csi.testinvalidlistvolumesstartingtoken', 'not-a-token'],
  ]);
  t.diagnostic(`csi-sanity: ${passed} passed, ${failed} failed, ${skips.length} not advertised`);
  assert.equal(code, 0, output);
  assert.equal(failed, 0, output);
  assert.ok(passed >= 55, `only ${passed} cases ran:\n${output}`);
  const unexplained = skips.filter((reason) => !NOT_ADVERTISED.some((expected) => expected.test(reason)));
  assert.deepEqual(unexplained, [], 'the suite skips something that the driver should offer');
  const pools = await installation.api.pools();
  assert.deepEqual(
    pools.flatMap((pool) => [...pool.subvolumes, ...pool.strayFiles]),
    [],
    'the suite cleans up, so nothing may be left in the pool',
  );
}

test('the controller conforms to CSI, run from the sources', { timeout: 600_000 }, async (t) => {
  if (hasProgram(t, 'go', ['version'])) {
    await conform(t, SOURCES);
  }
});

test('the controller conforms to CSI, run from the bundle', { timeout: 600_000 }, async (t) => {
  if (hasProgram(t, 'go', ['version'])) {
    await buildBundle();
    await conform(t, BUNDLE);
  }
});
