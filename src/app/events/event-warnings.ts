import type { Logger } from 'pino';
import type { EventRecorderOptions } from '../../kubernetes/event-recorder.ts';
import { SpacedWarning } from '../../observability/spaced-warning.ts';

/** Pause between two lines of the log about Events that could not be written, in ms. */
const WARNING_MS = 600_000;

/** Logs Events that are given up, once in a while. */
export function warnOf(logger: Logger): EventRecorderOptions['onFailure'] {
  const spaced = new SpacedWarning(WARNING_MS);
  return ({ reason }, error) => {
    spaced.say((unsaid) => logger.warn({ reason, unsaid, err: error }, 'an Event could not be written'));
  };
}
