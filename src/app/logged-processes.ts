import type { Logger } from 'pino';
import { type Output, ProcessError, type Processes, programOf } from '../host/processes.ts';

/** Runs programs with a line for each at level debug: which, how it ended, and how long it took in ms. No arguments. */
export function loggedProcesses(host: Processes, logger: Logger): Processes {
  const logged = async (program: string, args: readonly string[], run: () => Promise<Output>): Promise<Output> => {
    const begin = performance.now();
    const tell = (status: number | undefined) => {
      const ms = Math.round((performance.now() - begin) * 10) / 10;
      logger.debug({ program: programOf(program, args), ms, status }, 'program');
    };
    try {
      const output = await run();
      tell(output.status);
      return output;
    } catch (error) {
      tell(error instanceof ProcessError ? error.status : undefined);
      throw error;
    }
  };
  return {
    run: (program, args, options) => logged(program, args, () => host.run(program, args, options)),
    ask: (program, args, options) => logged(program, args, () => host.ask(program, args, options)),
  };
}
