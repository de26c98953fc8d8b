import { mkdir, rm } from 'node:fs/promises';
import { DEFAULT_NETWORK } from '../../src/config/network-name.ts';
import { Identity, Node } from '../../src/csi/gen/csi_pb.js';
import { implement } from '../../src/csi/grpc-binding.ts';
import { identityHandlers } from '../../src/csi/identity.ts';
import { NetworkTopology } from '../../src/csi/network-topology.ts';
import { type RunningServer, serve } from '../../src/csi/server.ts';
import { nodeIdOf } from '../../src/storage/ids.ts';

/** Cases of the Identity and Controller services, which are those that can be run against the fixture. */
export const CONTROLLER_CASES = 'Identity Service|\\[Controller Server\\]';

/**
 * A node that csi-sanity can talk to while it tests the controller: it knows its id and makes the directories that it is
 * told to publish to. It attaches nothing; the Node cases of the suite are not run against it.
 */
export async function serveFixtureNode(
  endpoint: string,
  clusterId: string,
  driverName: string,
): Promise<RunningServer> {
  const node = implement(Node, {
    nodeGetCapabilities: async () => ({ capabilities: [] }),
    nodeGetInfo: async () => ({
      nodeId: nodeIdOf(clusterId, 'fixture'),
      accessibleTopology: new NetworkTopology(driverName).of(DEFAULT_NETWORK),
    }),
    nodePublishVolume: async ({ targetPath }) => {
      await mkdir(targetPath, { recursive: true });
      return {};
    },
    nodeUnpublishVolume: async ({ targetPath }) => {
      await rm(targetPath, { recursive: true, force: true });
      return {};
    },
  });
  const identity = implement(
    Identity,
    identityHandlers({ name: driverName, version: '0.0.0' }, () => true),
  );
  return await serve({ endpoint, services: [identity, node] });
}
