import type { Logger } from 'pino';
import { ProcessError, type Processes } from '../../host/processes.ts';
import type { Metrics } from '../../observability/metrics.ts';
import { aroundPrograms } from './around-programs.ts';

/** A program that has ended. */
export interface ProgramRun {
  readonly program: string;
  readonly ms: number;
  /**
   * `done`: it ended as it had to, which for one that is asked is any exit status. `killed`: it took too long, or the
   * caller had gone. `failed`: anything else.
   */
  readonly outcome: 'done' | 'failed' | 'killed';
  /** Exit status; undefined when there is none. */
  readonly status: number | undefined;
}

/** Runs programs and reports each that has ended. @param onProgram must not throw */
export function watchedProcesses(host: Processes, onProgram: (run: ProgramRun) => void): Processes {
  return aroundPrograms(host, async (program, run) => {
    const begin = performance.now();
    const tell = (outcome: ProgramRun['outcome'], status: number | undefined) =>
      onProgram({ program, ms: performance.now() - begin, outcome, status });
    try {
      const output = await run();
      tell('done', output.status);
      return output;
    } catch (error) {
      if (error instanceof ProcessError) tell(error.timedOut ? 'killed' : 'failed', error.status);
      else tell('failed', undefined);
      throw error;
    }
  });
}

/** Counts and times programs by name, and logs each at level debug; without arguments, which name devices and paths. */
export function programsTo(logger: Logger, metrics: Metrics): (run: ProgramRun) => void {
  return ({ program, ms, outcome, status }) => {
    // Prometheus sees no increase in a series that begins with 1.
    metrics.count('programs', { program, outcome: 'killed' }, 0);
    metrics.count('programs', { program, outcome });
    metrics.observe('programSeconds', { program }, ms / 1000);
    logger.debug({ program, ms: Math.round(ms * 10) / 10, outcome, status }, 'program');
  };
}
