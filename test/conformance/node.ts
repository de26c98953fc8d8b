import type { TestContext } from 'node:test';
import { obstacle } from '../node/fixture.ts';
import type { Installation } from '../support/installation.ts';
import { startNode } from '../support/programs.ts';
import { serveFixtureNode } from './fixture-node.ts';

/** The node that the suite talks to. */
export interface SuiteNode {
  /** Whether it is `rose-csi node`, whose own cases are run too. */
  readonly isReal: boolean;
  stop(): Promise<void>;
}

/** Whether the real node can run here. In CI it must. */
export function canRunNode(t: TestContext): boolean {
  const why = obstacle();
  if (why === undefined) return true;
  if (process.env['CI'] === 'true') throw new Error(`the Node cases cannot run: ${why}, and in CI that is a failure`);
  t.diagnostic(`NOT RUN: the Node cases of csi-sanity: ${why}`);
  return false;
}

/** Starts `rose-csi node`, or a fixture for the controller cases that need a node. */
export async function startSuiteNode(
  main: string,
  directory: string,
  endpoint: string,
  installation: Installation,
  isReal: boolean,
): Promise<SuiteNode> {
  const { api, clusterId } = installation;
  if (isReal) {
    return { isReal, stop: startNode(main, directory, { apiSocket: api.socketPath, clusterId, endpoint }).stop };
  }
  const fixture = await serveFixtureNode(endpoint, clusterId, 'rds.rose-csi.io');
  return { isReal, stop: () => fixture.stop(0) };
}
