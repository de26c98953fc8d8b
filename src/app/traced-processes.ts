import { type Output, ProcessError, type Processes, programOf } from '../host/processes.ts';
import type { Tracer } from '../observability/tracing.ts';

/**
 * Runs programs with a span for each. It tells the name and how the program ended, and none of its arguments: they name
 * devices and paths, and what else is put there one day.
 */
export function tracedProcesses(host: Processes, tracer: Tracer): Processes {
  const traced = (program: string, args: readonly string[], run: () => Promise<Output>): Promise<Output> => {
    const name = programOf(program, args);
    const attributes = { 'process.executable.name': name };
    return tracer.span(`run ${name}`, { kind: 'client', attributes }, async (span) => {
      try {
        const output = await run();
        if (output.status !== undefined) span.set({ 'process.exit.code': output.status });
        return output;
      } catch (error) {
        if (error instanceof ProcessError && error.status !== undefined)
          span.set({ 'process.exit.code': error.status });
        span.fail(error instanceof ProcessError && error.timedOut ? 'it was killed' : 'it failed');
        throw error;
      }
    });
  };
  return {
    run: (program, args, options) => traced(program, args, () => host.run(program, args, options)),
    ask: (program, args, options) => traced(program, args, () => host.ask(program, args, options)),
  };
}
