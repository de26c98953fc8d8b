import { hostname } from 'node:os';
import type { Logger } from 'pino';
import type { Config } from '../../config/schema.ts';
import type { OnSnapshot } from '../../csi/controller/snapshots.ts';
import type { Interceptor } from '../../csi/grpc-binding.ts';
import type { Access } from '../../kubernetes/access.ts';
import { KubernetesClient } from '../../kubernetes/client.ts';
import { Leadership } from '../../kubernetes/leadership.ts';
import type { Metrics } from '../../observability/metrics.ts';
import { Annotator } from '../../orphans/annotator.ts';
import type { BackendObject } from '../../orphans/find.ts';
import { describe, OrphanController, type OrphanObserver } from '../../orphans/orphan-controller.ts';
import type { Backend } from '../../storage/backend.ts';
import type { StorageService } from '../../storage/service.ts';
import { controllerEvents } from '../events/controller-events.ts';
import { runPeriodically } from '../run-periodically.ts';
import type { BackendListener } from './backend-poller.ts';
import { clusterReplicas } from './cluster-replicas.ts';
import type { ClusterReplicas } from './replication.ts';
import { watchSnapshotKinds } from './snapshot-kinds.ts';
import type { VolumeReports } from './volume-watch.ts';

/** What the controller does for and with the cluster that it runs in, beside serving CSI. */
export interface BackgroundTasks {
  readonly onSnapshot: OnSnapshot;
  /** To be run around every call. */
  readonly interceptors: readonly Interceptor[];
  /** Tells Kubernetes of an RDS what its poller notices; undefined without Events. */
  readonly watchBackend: ((backend: Backend) => BackendListener) | undefined;
  /** What the cluster adds to copies on other backends. */
  readonly replicas: ClusterReplicas;
  /** Reports volumes that are not well; undefined without Events. */
  readonly volumes: VolumeReports | undefined;
  /** Begins to watch for the snapshot kinds and, if configured, orphans. Call it once. */
  start(): void;
  stop(): Promise<void>;
}

export interface BackgroundTasksOptions {
  readonly config: Config;
  readonly access: Access;
  readonly storage: StorageService;
  /** How long what may pass by itself must last before users are notified, in ms. */
  readonly lastingMs: number;
  readonly logger: Logger;
  readonly metrics: Metrics;
}

/** How long a pass may take, in ms. */
const PASS_MS = 240_000;
/** How long giving the Lease back may take when the controller stops, in ms. */
const RELEASE_MS = 2000;

/**
 * Annotates VolumeSnapshotContents, notices that the cluster lacks the snapshot kinds, writes Events and, if configured,
 * looks for orphans; all in the background.
 *
 * @throws Error when orphans are to be looked for and no namespace is known.
 */
export function backgroundTasks(options: BackgroundTasksOptions): BackgroundTasks {
  const { config, access, storage, logger, metrics } = options;
  const known = config.orphans.namespace ?? access.namespace;
  if (known === undefined && config.orphans.enabled) {
    throw new Error('orphans.namespace is not given, and the namespace of this pod is not known');
  }
  const namespace = known ?? 'default';
  const cluster = new KubernetesClient(access, { namespace });
  const annotator = new Annotator({
    cluster,
    onFailure: (content, error) => logger.warn({ content, err: error }, 'annotations were not written'),
  });
  const events = config.events.enabled
    ? controllerEvents({ ...options, cluster, driver: config.driverName })
    : undefined;
  const replicas = clusterReplicas({ cluster, driver: config.driverName, recorder: events?.recorder, logger });
  let stopOrphanController: (() => Promise<void>) | undefined;
  const stopping = new AbortController();
  let watch: Promise<void> | undefined;
  return {
    onSnapshot(snapshot, contentName) {
      if (contentName !== undefined) annotator.note(snapshot, contentName);
    },
    interceptors: events?.interceptors ?? [],
    watchBackend: events?.watchBackend,
    replicas,
    volumes: events?.volumes,
    start() {
      const onMissing = () => events?.snapshotKindsMissing();
      watch = watchSnapshotKinds({ cluster, logger, metrics, onMissing }, stopping.signal);
      if (config.orphans.enabled)
        stopOrphanController = startOrphanController({ config, cluster, namespace, storage, logger, metrics });
    },
    async stop() {
      stopping.abort();
      await Promise.all([annotator.stop(), events?.stop(), stopOrphanController?.(), replicas.stop(), watch]);
    },
  };
}

interface OrphanControllerParts extends Pick<BackgroundTasksOptions, 'config' | 'storage' | 'logger' | 'metrics'> {
  readonly cluster: KubernetesClient;
  /** Of the Lease, the ConfigMap and the Events. */
  readonly namespace: string;
}

function startOrphanController({
  config,
  cluster,
  namespace,
  storage,
  logger,
  metrics,
}: OrphanControllerParts): () => Promise<void> {
  const { driverName: driver, orphans } = config;
  const name = objectName(driver);
  const intervalMs = orphans.intervalMinutes * 60_000;
  const leadership = new Leadership({
    cluster,
    name,
    holder: `${hostname()}_${crypto.randomUUID()}`,
    seconds: 2 * (intervalMs / 1000),
  });
  const controller = new OrphanController({
    cluster,
    storage,
    leadership,
    driver,
    stateName: name,
    about: { apiVersion: 'v1', kind: 'ConfigMap', namespace, name },
    graceSeconds: orphans.graceMinutes * 60,
    deletePartial: orphans.deletePartial,
    observer: observerOf(config.backends, logger, metrics),
  });
  const stopping = new AbortController();
  const passes = runPeriodically(intervalMs, stopping.signal, async (signal) => {
    await controller.pass(AbortSignal.any([signal, AbortSignal.timeout(PASS_MS)]));
  });
  return async () => {
    stopping.abort();
    await passes;
    await leadership.release(AbortSignal.timeout(RELEASE_MS)).catch((error: unknown) => {
      logger.debug({ err: error }, 'the Lease was not released');
    });
  };
}

/** Name of the Lease and the ConfigMap of a driver. */
export function objectName(driver: string): string {
  return `${driver}-orphans`;
}

const kinds: readonly BackendObject['kind'][] = ['volume', 'snapshot', 'partial'];

/** Logs what a controller finds, and measures it. */
function observerOf(backends: Config['backends'], logger: Logger, metrics: Metrics): OrphanObserver {
  return {
    orphans(all, fresh) {
      for (const { name: backend } of backends) {
        for (const kind of kinds) {
          const found = all.filter((object) => object.backend === backend && object.kind === kind);
          metrics.set('orphans', { backend, kind }, found.length);
        }
      }
      for (const object of fresh)
        logger.warn({ id: object.id, kind: object.kind, what: object.what }, describe(object));
    },
    removed(object) {
      logger.info({ id: object.id, what: object.what }, 'removed what an interrupted call left of a volume');
    },
    ended(outcome, reason) {
      metrics.count('orphanPasses', { outcome });
      if (outcome === 'done') metrics.set('orphanPassTime', {}, Date.now() / 1000);
      // Only one process says how many there are.
      if (outcome === 'follower') metrics.forget('orphans');
      const isWell = outcome === 'done' || outcome === 'follower';
      logger[isWell ? 'debug' : 'warn']({ outcome, reason }, 'orphan report');
    },
    failed(what, error) {
      logger.warn({ what, err: error }, 'a part of the orphan report failed');
    },
  };
}
