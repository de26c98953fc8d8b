import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { BUNDLE, buildBundle } from '../../scripts/build.ts';
import { canGrowExt4 } from '../node/fixture.ts';
import { hasProgram } from '../support/capability.ts';
import { install, SOURCES } from '../support/installation.ts';
import { installCsiSanity, runCsiSanity } from './csi-sanity.ts';
import { CONTROLLER_CASES } from './fixture-node.ts';
import { canRunNode, startSuiteNode } from './node.ts';

/** What the suite skips because the driver does not advertise it, and why not: docs/decisions/0008-not-offered.md. */
const NOT_ADVERTISED = [
  /^GroupControllerService not supported$/,
  /^ControllerModifyVolume not supported$/,
  /^Modify [Vv]olume not supported$/,
  /^ControllerPublishVolume\.readonly field not supported$/,
  /^SNAPSHOT_ACCESSIBILITY_CONSTRAINTS not supported$/,
  /^testnodevolumeattachlimit not enabled$/,
];

type AccessType = 'mount' | 'block';

async function conform(t: TestContext, main: string, accessType: AccessType): Promise<void> {
  const program = await installCsiSanity();
  const isReal = canRunNode(t);
  const directory = await mkdtemp(join(tmpdir(), 'rose-csi-sanity-'));
  t.after(() => rm(directory, { recursive: true, force: true }));
  const installation = await install(directory, { main, simulate: isReal ? ['--loop'] : [] });
  t.after(() => installation.stop());
  const nodeEndpoint = `unix://${join(directory, 'node.sock')}`;
  const node = await startSuiteNode(main, directory, nodeEndpoint, installation, isReal);
  t.after(() => node.stop());
  const parameters = join(directory, 'parameters.yaml');
  await writeFile(parameters, canGrowExt4() ? 'fsType: ext4\n' : 'fsType: xfs\n');
  const { code, output, passed, failed, skips } = await runCsiSanity(program, [
    // Where the machine cannot run the real node.
    ...(node.isReal ? [] : ['-ginkgo.focus', CONTROLLER_CASES]),
    '-csi.controllerendpoint',
    installation.endpoint,
    '-csi.endpoint',
    nodeEndpoint,
    '-csi.mountdir',
    join(directory, 'mount'),
    '-csi.stagingdir',
    join(directory, 'staging'),
    '-csi.testvolumeaccesstype',
    accessType,
    '-csi.testvolumeparameters',
    parameters,
    '-csi.testinvalidlistvolumesstartingtoken',
    'not-a-token',
  ]);
  t.diagnostic(`csi-sanity: ${passed} passed, ${failed} failed, ${skips.length} not advertised`);
  assert.equal(code, 0, output);
  assert.equal(failed, 0, output);
  assert.ok(passed >= (node.isReal ? 85 : 58), `only ${passed} cases ran:\n${output}`);
  const unexplained = skips.filter((reason) => !NOT_ADVERTISED.some((expected) => expected.test(reason)));
  assert.deepEqual(unexplained, [], 'the suite skips something that the driver should offer');
  const pools = await installation.api.pools();
  assert.deepEqual(
    pools.flatMap((pool) => [...pool.subvolumes, ...pool.strayFiles]),
    [],
    'the suite cleans up, so nothing may be left in the pool',
  );
}

test('the driver conforms to CSI with filesystems, run from the sources', { timeout: 600_000 }, async (t) => {
  if (hasProgram(t, 'go', ['version'])) {
    await conform(t, SOURCES, 'mount');
  }
});

test('the driver conforms to CSI with raw block volumes, run from the bundle', { timeout: 600_000 }, async (t) => {
  if (hasProgram(t, 'go', ['version'])) {
    await buildBundle();
    await conform(t, BUNDLE, 'block');
  }
});
