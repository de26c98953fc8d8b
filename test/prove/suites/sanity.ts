import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { installCsiSanity, runCsiSanity } from '../../conformance/csi-sanity.ts';
import { CONTROLLER_CASES, serveFixtureNode } from '../../conformance/fixture-node.ts';
import { notRun, type Suite } from './suite.ts';

const VOLUME_BYTES = 2 ** 30;

/** The cases of csi-sanity for Identity and Controller; its node is a fixture that attaches nothing. */
export const SANITY: Suite = {
  name: 'csi-sanity',
  tells: [],
  async run(ground) {
    if (spawnSync('go', ['version']).status !== 0) return notRun('Go is not on this machine, which builds csi-sanity');
    const program = await installCsiSanity();
    const { endpoint, log } = await ground.controller();
    const nodeEndpoint = `unix://${join(ground.directory, 'node.sock')}`;
    const node = await serveFixtureNode(nodeEndpoint, ground.clusterId, 'rds.rose-csi.io');
    try {
      const { code, output, passed, failed, skips } = await runCsiSanity(program, [
        '-ginkgo.focus',
        CONTROLLER_CASES,
        '-csi.controllerendpoint',
        endpoint,
        '-csi.endpoint',
        nodeEndpoint,
        '-csi.mountdir',
        join(ground.directory, 'mount'),
        '-csi.stagingdir',
        join(ground.directory, 'staging'),
        '-csi.testvolumesize',
        String(VOLUME_BYTES),
        '-csi.testvolumeexpandsize',
        String(2 * VOLUME_BYTES),
        '-csi.testinvalidlistvolumesstartingtoken',
        'not-a-token',
      ]);
      return {
        state: code === 0 && failed === 0 && passed > 0 ? 'passed' : 'failed',
        said: `${passed} passed, ${failed} failed, ${skips.length} not offered`,
        transcript: `${output}\n${log()}`,
      };
    } finally {
      await node.stop(0);
    }
  },
};
