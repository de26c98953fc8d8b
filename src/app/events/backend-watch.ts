import type { FailureCode } from '../../failures/catalogue.ts';
import { conditionMessage } from '../../failures/conditions.ts';
import { messageOf } from '../../failures/message.ts';
import type { ObjectReference } from '../../kubernetes/cluster.ts';
import type { EventRecorder } from '../../kubernetes/event-recorder.ts';
import type { RouterOsErrorKind } from '../../routeros/index.ts';
import type { Backend } from '../../storage/backend.ts';
import { type PoolReading, scarcity } from '../../storage/pool-reading.ts';
import type { BackendListener } from '../controller/backend-poller.ts';

export interface BackendWatchOptions {
  readonly recorder: EventRecorder;
  /** What Events about a whole RDS are about. */
  readonly driver: ObjectReference;
  /** How long an RDS must not have answered before it is reported, in ms. */
  readonly lastingMs: number;
}

/** Tells when an RDS does not answer for a while, when it answers again, and when a pool is nearly full or not well. */
export function watchBackend(backend: Backend, options: BackendWatchOptions): BackendListener {
  const reach = new Reach(backend, options);
  return {
    look: () => reach.look(),
    read(reading) {
      for (const pool of reading?.pools ?? []) {
        reportIfScarce(backend.name, pool, options);
        reportConditions(backend.name, pool, options);
      }
    },
  };
}

/** The code of how the last attempt failed; any other way it did not reach the RDS. */
const CODES: ReadonlyMap<RouterOsErrorKind | undefined, FailureCode> = new Map([
  ['unauthenticated', 'RDS-LOGIN'],
  ['unknown', 'RDS-UNKNOWN'],
]);

/** Whether an RDS answers, as its circuit breaker knows it. */
class Reach {
  readonly #backend: Backend;
  readonly #options: BackendWatchOptions;
  #lostSince: number | undefined;
  #reported = false;

  constructor(backend: Backend, options: BackendWatchOptions) {
    this.#backend = backend;
    this.#options = options;
  }

  look(): void {
    const { name, rds } = this.#backend;
    const { recorder, driver, lastingMs } = this.#options;
    const now = performance.now();
    const { breaker, lastFailure } = rds.state();
    if (breaker === 'closed') {
      if (this.#reported)
        recorder.record(driver, { reason: 'BackendReachable', subject: name, message: `${name} answers again` });
      this.#lostSince = undefined;
      this.#reported = false;
      return;
    }
    this.#lostSince ??= now;
    if (now - this.#lostSince < lastingMs) return;
    // At each look: an outage that outlasts its Event is reported again, once in a while.
    this.#reported = true;
    const { kind, detail = '' } = lastFailure ?? {};
    const code = CODES.get(kind) ?? 'RDS-UNREACHABLE';
    const reason = kind === 'unauthenticated' ? 'BackendLoginFailed' : 'BackendUnreachable';
    recorder.record(driver, { reason, subject: name, message: messageOf(code, name, detail) });
  }
}

/** The same tenth as in the alert `RoseCsiPoolNearlyFull` of the chart. */
function reportIfScarce(backend: string, room: PoolReading, { recorder, driver }: BackendWatchOptions): void {
  const message = scarcity(backend, room);
  if (message === undefined) return;
  recorder.record(driver, { reason: 'PoolNearlyFull', subject: `${backend}/${room.pool}`, message });
}

function reportConditions(
  backend: string,
  { pool, health }: PoolReading,
  { recorder, driver }: BackendWatchOptions,
): void {
  for (const condition of health.conditions) {
    const message = conditionMessage(`pool ${pool} of ${backend}`, condition);
    recorder.record(driver, { reason: condition.code, subject: `${backend}/${pool}`, message });
  }
}
