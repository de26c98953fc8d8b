import type { Logger } from 'pino';
import { ProcessError, type Processes } from '../host/processes.ts';
import { aroundPrograms } from './around-programs.ts';

/** Runs programs with a line for each at level debug: which, how it ended, and how long it took in ms. */
export function loggedProcesses(host: Processes, logger: Logger): Processes {
  return aroundPrograms(host, async (program, run) => {
    const begin = performance.now();
    const tell = (status: number | undefined) => {
      const ms = Math.round((performance.now() - begin) * 10) / 10;
      logger.debug({ program, ms, status }, 'program');
    };
    try {
      const output = await run();
      tell(output.status);
      return output;
    } catch (error) {
      tell(error instanceof ProcessError ? error.status : undefined);
      throw error;
    }
  });
}
