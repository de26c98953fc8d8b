import type { Logger } from 'pino';
import type { Config } from '../../config/schema.ts';
import { controllerHandlers } from '../../csi/controller/controller.ts';
import type { OnSnapshot } from '../../csi/controller/snapshots.ts';
import { Controller, Identity } from '../../csi/gen/csi_pb.js';
import { implement } from '../../csi/grpc-binding.ts';
import { identityHandlers } from '../../csi/identity.ts';
import { rpcLog } from '../../csi/log.ts';
import { serve } from '../../csi/server.ts';
import type { Access } from '../../kubernetes/access.ts';
import { noTracer, type Tracer } from '../../observability/tracing.ts';
import { defaultBreaker } from '../../routeros/index.ts';
import { identity } from '../../storage/ids.ts';
import { Replicator } from '../../storage/replication/replicator.ts';
import { StorageService } from '../../storage/service.ts';
import { openBackends, type Patience } from '../backends.ts';
import { type Monitoring, startMonitoring } from '../monitoring.ts';
import { replicaPairs } from '../replicators.ts';
import { rpcTracing } from '../rpc-tracing.ts';
import { VERSION } from '../version.ts';
import { pollBackend } from './backend-poller.ts';
import type { BackgroundTasks, BackgroundTasksOptions } from './background-tasks.ts';
import { poolMetrics } from './pool-metrics.ts';
import { proveBackend } from './proving.ts';
import { measureQueues } from './queue-metrics.ts';
import { Replication, replicaObserver } from './replication.ts';
import { onRoomRefused } from './room-refusals.ts';
import { watchVolumes } from './volume-watch.ts';

/** Trouble that may pass is reported when it has lasted for so many of the longest breaks that an RDS is left alone. */
const LASTING_BREAKS = 2;
/** Looks at an RDS within the time after which users are notified of its trouble. */
const LOOKS = 6;

export interface RunningController {
  /** Absolute path of the socket. */
  readonly path: string;
  /** Port that the metrics are served on; undefined when they are off. */
  readonly metricsPort: number | undefined;
  /** Finishes running calls within the time limit, then closes the connections to the backends. */
  stop(): Promise<void>;
}

export interface ControllerStart {
  readonly config: Config;
  /** The socket, as `unix:///path`. */
  readonly endpoint: string;
  readonly logger: Logger;
  /** With backends that do not answer; set in tests. */
  readonly patience?: Patience | undefined;
  /** To the API server of the cluster that this runs in; undefined outside of one. */
  readonly access?: Access | undefined;
  readonly tracer?: Tracer | undefined;
}

/**
 * Serves the CSI Identity and Controller services on a unix socket. The backends are looked at in the background.
 *
 * @throws Error when the endpoint or the metrics cannot be served.
 */
export async function startController(options: ControllerStart): Promise<RunningController> {
  const monitoring = await startMonitoring(options.config.metrics, 'controller', options.logger);
  try {
    return await start(options, monitoring);
  } catch (error) {
    await monitoring.stop();
    throw error;
  }
}

async function start(
  { config, endpoint, logger, patience = {}, access, tracer = noTracer }: ControllerStart,
  monitoring: Monitoring,
): Promise<RunningController> {
  const owner = identity(config.driverName, config.clusterId, config.adoptedClusterIds);
  const backends = openBackends(config.backends, {
    owners: owner.owners,
    logger,
    patience,
    tracer,
    metrics: monitoring.metrics,
  });
  const { ratePerMinute, burst } = config.snapshots;
  const { metrics } = monitoring;
  // Told before there are tasks, and of nothing until passes begin.
  let tasks: BackgroundTasks | undefined;
  const observer = replicaObserver(logger, metrics, () => tasks?.replicas);
  const isNeeded = async (uuid: string, signal: AbortSignal) => (await tasks?.replicas.isNeeded(uuid, signal)) ?? false;
  const { stillMs, ...pace } = patience.replication ?? {};
  const replicators = replicaPairs(config.backends, backends).map(
    (pair) => new Replicator(pair, { observer, backends, isNeeded, ...(stillMs !== undefined && { stillMs }) }),
  );
  const storage = new StorageService({
    backends,
    identity: owner,
    replicators,
    ...(patience.clock === undefined ? {} : { clock: patience.clock }),
    ...(ratePerMinute === undefined ? {} : { snapshotRate: { ratePerMinute, burst } }),
  });
  const lastingMs = LASTING_BREAKS * (patience.breaker ?? defaultBreaker).maxBreakMs;
  tasks = access && (await openBackgroundTasks({ config, access, storage, lastingMs, logger, metrics }));
  if (tasks === undefined && config.orphans.enabled) logger.warn('no orphan report: this is not in a cluster');
  const replications = replicators.map(
    (replicator) => new Replication(replicator, { ...pace, logger, metrics, tasks: tasks?.replicas }),
  );
  const onSnapshot: OnSnapshot = (snapshot, contentName) => {
    tasks?.onSnapshot(snapshot, contentName);
    for (const replication of replications) replication.note(snapshot);
  };
  const services = [
    implement(
      Identity,
      identityHandlers({ name: config.driverName, version: VERSION }, () => storage.ready()),
    ),
    implement(Controller, controllerHandlers(storage, { driverName: config.driverName, onSnapshot })),
  ];
  let refusedAt = Number.NEGATIVE_INFINITY;
  const interceptors = [
    ...monitoring.interceptors,
    rpcTracing(tracer),
    rpcLog(logger, () => tracer.traceId()),
    ...(tasks?.interceptors ?? []),
    onRoomRefused(() => {
      refusedAt = performance.now();
    }),
  ];
  const server = await serve({ endpoint, services, interceptors });
  logger.info({ version: VERSION, driver: config.driverName, owner: owner.owner, endpoint }, 'serving');
  tasks?.start();
  const stopping = new AbortController();
  const { signal } = stopping;
  const work = backends.map(({ name }) => proveBackend({ storage, name, logger, stopping: signal }));
  if (monitoring.on) measureQueues(backends, metrics);
  for (const backend of backends) {
    const reports = tasks?.volumes;
    const volumes = monitoring.on || reports !== undefined;
    const listeners = [
      monitoring.on ? poolMetrics(backend, metrics) : [],
      tasks?.watchBackend?.(backend) ?? [],
      volumes ? watchVolumes(backend, { storage, metrics, reports, logger, signal }) : [],
    ].flat();
    const polling = { lookMs: lastingMs / LOOKS, refusedAt: () => refusedAt, inventories: monitoring.on, volumes };
    work.push(pollBackend(backend, { ...polling, running: () => storage.running(), listeners, logger, signal }));
  }
  work.push(...replications.map((replication) => replication.run(signal)));
  const close = async () => {
    stopping.abort();
    await Promise.all([server.stop(), tasks?.stop(), monitoring.stop()]);
    await storage.close();
    await Promise.all(work);
    logger.info('stopped');
  };
  return { path: server.path, metricsPort: monitoring.port, stop: close };
}

/** What is needed for it is loaded in a cluster only. */
async function openBackgroundTasks(options: BackgroundTasksOptions): Promise<BackgroundTasks> {
  const { backgroundTasks } = await import('./background-tasks.ts');
  return backgroundTasks(options);
}
