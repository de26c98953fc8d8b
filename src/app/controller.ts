import type { Logger } from 'pino';
import type { Config } from '../config/schema.ts';
import { controllerHandlers } from '../csi/controller/controller.ts';
import { Controller, Identity } from '../csi/gen/csi_pb.js';
import { implement } from '../csi/grpc-binding.ts';
import { identityHandlers } from '../csi/identity.ts';
import { rpcLog } from '../csi/log.ts';
import { type RunningServer, serve } from '../csi/server.ts';
import type { Access } from '../kubernetes/access.ts';
import { identity } from '../storage/identity.ts';
import { StorageService } from '../storage/service.ts';
import { openBackend, type Patience } from './backends.ts';
import type { ClusterDuties } from './cluster-duties.ts';
import { proveBackend } from './proving.ts';
import { VERSION } from './version.ts';

export interface RunningController {
  /** Absolute path of the socket. */
  readonly path: string;
  /** Finishes running calls within the time limit, then closes the connections to the boxes. */
  stop(): Promise<void>;
}

/**
 * Serves the CSI Identity and Controller services on a unix socket. The boxes are looked at in the background.
 *
 * @param patience with boxes that do not answer; replaced in tests
 * @param access to the API server of the cluster that this runs in; undefined outside of one
 * @throws Error when the endpoint cannot be served.
 */
export async function startController(
  config: Config,
  endpoint: string,
  logger: Logger,
  patience: Patience = {},
  access?: Access,
): Promise<RunningController> {
  const owner = identity(config.driverName, config.clusterId, config.adoptedClusterIds);
  const backends = config.backends.map((backend) => openBackend(backend, owner.owners, logger, patience));
  const { ratePerMinute, burst } = config.snapshots;
  const storage = new StorageService({
    ...{ backends, identity: owner },
    ...(ratePerMinute === undefined ? {} : { snapshotRate: { ratePerMinute, burst } }),
  });
  const duties = access && (await dutiesIn(access, config, storage, logger));
  if (duties === undefined && config.orphans.enabled) logger.warn('no orphan report: this is not in a cluster');
  const services = [
    implement(
      Identity,
      identityHandlers({ name: config.driverName, version: VERSION }, () => storage.ready()),
    ),
    implement(Controller, controllerHandlers(storage, duties?.onSnapshot)),
  ];
  const server = await serve({ endpoint, services, interceptors: [rpcLog(logger)] });
  logger.info({ version: VERSION, driver: config.driverName, owner: owner.owner, endpoint }, 'serving');
  duties?.start();
  const stopping = new AbortController();
  const proofs = backends.map(({ name }) => proveBackend(storage, name, logger, stopping.signal));
  return { path: server.path, stop: () => stop(server, storage, stopping, proofs, duties, logger) };
}

/** What is needed for it is loaded in a cluster only. */
async function dutiesIn(
  access: Access,
  config: Config,
  storage: StorageService,
  logger: Logger,
): Promise<ClusterDuties> {
  const [{ clusterDuties }, { createMetrics }] = await Promise.all([
    import('./cluster-duties.ts'),
    import('../observability/metrics.ts'),
  ]);
  return clusterDuties({ config, access, storage, logger, metrics: createMetrics() });
}

async function stop(
  server: RunningServer,
  storage: StorageService,
  stopping: AbortController,
  proofs: readonly Promise<void>[],
  duties: ClusterDuties | undefined,
  logger: Logger,
): Promise<void> {
  stopping.abort();
  await Promise.all([server.stop(), duties?.stop()]);
  await storage.close();
  await Promise.all(proofs);
  logger.info('stopped');
}
