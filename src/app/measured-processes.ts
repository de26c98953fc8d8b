import { type Output, ProcessError, type Processes, programOf } from '../host/processes.ts';
import type { Metrics } from '../observability/metrics.ts';

/**
 * Runs programs, and counts and times them by name. `done`: it ended as it had to, which for one that is asked is any exit
 * status. `killed`: it took too long, or the caller had gone. `failed`: anything else.
 */
export function measuredProcesses(host: Processes, metrics: Metrics): Processes {
  const measured = async (name: string, args: readonly string[], run: () => Promise<Output>): Promise<Output> => {
    const program = programOf(name, args);
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
  };
  return {
    run: (program, args, options) => measured(program, args, () => host.run(program, args, options)),
    ask: (program, args, options) => measured(program, args, () => host.ask(program, args, options)),
  };
}
