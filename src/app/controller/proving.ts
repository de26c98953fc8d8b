import { setTimeout as pause } from 'node:timers/promises';
import type { Logger } from 'pino';
import { messageOf } from '../../failures/message.ts';
import { callWithin } from '../../storage/call.ts';
import type { StorageService } from '../../storage/service.ts';

/** One look at an RDS may take this long, in milliseconds. */
const LOOK_MS = 30_000;

/** Before the second look, and the most before any further one, in milliseconds. */
const FIRST_PAUSE_MS = 1_000;
const MAX_PAUSE_MS = 60_000;

interface Proof {
  readonly storage: Pick<StorageService, 'prove'>;
  /** Of the backend. */
  readonly name: string;
  readonly logger: Logger;
  readonly stopping: AbortSignal;
  /** Set in tests. */
  readonly firstPauseMs?: number;
}

/**
 * Looks at one RDS until it is fit, reading only, with a pause that grows to a minute. An RDS that is down does not keep
 * the driver from starting: it serves the others, and this one as soon as it answers. Nor from stopping: the pause ends then.
 */
export async function proveBackend({
  storage,
  name,
  logger,
  stopping,
  firstPauseMs = FIRST_PAUSE_MS,
}: Proof): Promise<void> {
  for (let pauseMs = firstPauseMs; !stopping.aborted; pauseMs = Math.min(2 * pauseMs, MAX_PAUSE_MS)) {
    try {
      const { version, pools, problems } = await storage.prove(name, callWithin(LOOK_MS, stopping));
      if (problems.length > 0) {
        throw new Error(problems.map(({ code, found }) => messageOf(code, `backend ${name}`, found)).join('; '));
      }
      const facts = pools.map((pool) => ({ ...pool, freeBytes: pool.freeBytes.toString() }));
      logger.info({ backend: name, version, pools: facts }, 'RDS is fit');
      return;
    } catch (error) {
      if (stopping.aborted) return;
      const why = error instanceof Error ? error.message : String(error);
      logger.warn({ backend: name, error: why }, 'RDS is not usable yet');
    }
    await pause(pauseMs, undefined, { signal: stopping }).catch(() => undefined);
  }
}
