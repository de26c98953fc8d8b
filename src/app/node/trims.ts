import type { Logger } from 'pino';
import type { NodeVolumes } from '../../host/node-volumes.ts';
import type { Trim, TrimOutcome } from '../../host/trimming.ts';
import type { Metrics } from '../../observability/metrics.ts';
import { runPeriodically } from '../run-periodically.ts';

const HOUR_MS = 3_600_000;
const outcomes: readonly TrimOutcome[] = ['done', 'interrupted', 'failed', 'skipped', 'unsupported'];

/**
 * Trims the filesystems of the node at intervals, and counts what became of each. The first time is at random within the first
 * interval: so the nodes of a cluster do not do it together, and one that is started again each day does it all the same.
 *
 * @param hours between the end of one time and the beginning of the next
 * @returns what ends it, with what is under way
 */
export function startTrims(
  volumes: Pick<NodeVolumes, 'trim'>,
  hours: number,
  metrics: Metrics,
  logger: Logger,
): () => Promise<void> {
  // Known from the start, so that the first one is seen as a change.
  for (const outcome of outcomes) metrics.count('trims', { outcome }, 0);
  metrics.count('trimmedBytes', {}, 0);
  const onTrim = ({ outcome, bytes }: Trim) => {
    metrics.count('trims', { outcome });
    metrics.count('trimmedBytes', {}, Number(bytes));
  };
  const stop = new AbortController();
  const trimAll = (signal: AbortSignal) =>
    volumes
      .trim(signal, onTrim)
      .catch((error: unknown) => logger.warn({ err: error }, 'nothing was trimmed this time'));
  const ended = runPeriodically(hours * HOUR_MS, stop.signal, trimAll, Math.random() * hours * HOUR_MS);
  return async () => {
    stop.abort();
    await ended;
  };
}
