import type { Logger } from 'pino';
import type { KubernetesClient } from '../../kubernetes/client.ts';
import type { Metrics } from '../../observability/metrics.ts';
import { runPeriodically } from '../run-periodically.ts';

const PAUSE_MS = 300_000;

export interface SnapshotKindsOptions {
  readonly cluster: Pick<KubernetesClient, 'servesSnapshots'>;
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** Called at every look that finds none; must not throw. */
  readonly onMissing: () => void;
  /** Between two looks, in ms; replaced in tests. */
  readonly pauseMs?: number;
}

/**
 * Looks at start, and every five minutes, whether the cluster knows snapshots: their kinds belong to the cluster and not to
 * a driver, and without them csi-snapshotter does nothing at all. Logged when it changes, and by a metric.
 */
export async function watchSnapshotKinds(
  { cluster, logger, metrics, onMissing, pauseMs = PAUSE_MS }: SnapshotKindsOptions,
  signal: AbortSignal,
): Promise<void> {
  let before: boolean | undefined;
  await runPeriodically(pauseMs, signal, async () => {
    try {
      const present = await cluster.servesSnapshots(signal);
      metrics.set('snapshotCrdsPresent', {}, present ? 1 : 0);
      if (!present) onMissing();
      if (present !== before && !present) {
        logger.warn(
          'the cluster has no snapshot kinds, so no snapshot can be taken: install the snapshot CRDs and the ' +
            'snapshot-controller (docs/install.md, "Snapshot CRDs and controller")',
        );
      }
      if (before === false && present) logger.info('the cluster has the snapshot kinds now');
      before = present;
    } catch (error) {
      metrics.forget('snapshotCrdsPresent', {});
      if (!signal.aborted) logger.debug({ err: error }, 'could not ask whether the cluster has the snapshot kinds');
    }
  });
}
