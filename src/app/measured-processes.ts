import { ProcessError, type Processes } from '../host/processes.ts';
import type { Metrics } from '../observability/metrics.ts';
import { aroundPrograms } from './around-programs.ts';

/**
 * Runs programs, and counts and times them by name. `done`: it ended as it had to, which for one that is asked is any exit
 * status. `killed`: it took too long, or the caller had gone. `failed`: anything else.
 */
export function measuredProcesses(host: Processes, metrics: Metrics): Processes {
  return aroundPrograms(host, async (program, run) => {
    const begin = performance.now();
    const ended = (outcome: 'done' | 'failed' | 'killed') => {
      metrics.count('programs', { program, outcome });
      metrics.observe('programSeconds', { program }, (performance.now() - begin) / 1000);
    };
    try {
      const output = await run();
      ended('done');
      return output;
    } catch (error) {
      ended(error instanceof ProcessError && error.timedOut ? 'killed' : 'failed');
      throw error;
    }
  });
}
