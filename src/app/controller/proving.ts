import { ExponentialBackoff, handleAll, retry } from 'cockatiel';
import type { Logger } from 'pino';
import type { StorageService } from '../../storage/service.ts';

/** One look at a box may take this long, in milliseconds. */
const LOOK_MS = 30_000;

/**
 * Looks at one box until it is fit, reading only, with a pause that grows to a minute. A box that is down does not keep
 * the driver from starting: it serves the others, and this one as soon as it answers.
 */
export async function proveBackend(
  storage: StorageService,
  name: string,
  logger: Logger,
  stopping: AbortSignal,
): Promise<void> {
  const untilFit = retry(handleAll, {
    maxAttempts: Number.POSITIVE_INFINITY,
    backoff: new ExponentialBackoff({ initialDelay: 1_000, maxDelay: 60_000 }),
  });
  untilFit.onFailure(({ reason }) => {
    const error = 'error' in reason ? reason.error : undefined;
    logger.warn(
      { backend: name, error: error instanceof Error ? error.message : String(error) },
      'box is not usable yet',
    );
  });
  const look = async () => {
    const signal = AbortSignal.any([stopping, AbortSignal.timeout(LOOK_MS)]);
    const { version, pools, problems } = await storage.prove(name, { signal, deadline: Date.now() + LOOK_MS });
    if (problems.length > 0) {
      throw new Error(problems.join('; '));
    }
    const facts = pools.map((pool) => ({ ...pool, freeBytes: pool.freeBytes.toString() }));
    logger.info({ backend: name, version, pools: facts }, 'box is fit');
  };
  await untilFit.execute(look, stopping).catch((error: unknown) => {
    if (!stopping.aborted) {
      throw error;
    }
  });
}
