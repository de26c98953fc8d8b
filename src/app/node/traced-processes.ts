import { ProcessError, type Processes } from '../../host/processes.ts';
import type { Tracer } from '../../observability/tracing.ts';
import { aroundPrograms } from './around-programs.ts';

/** Runs programs with a span for each, which reports the name and how the program ended. */
export function tracedProcesses(host: Processes, tracer: Tracer): Processes {
  return aroundPrograms(host, (name, run) => {
    const attributes = { 'process.executable.name': name };
    return tracer.span(`run ${name}`, { kind: 'client', attributes }, async (span) => {
      try {
        const output = await run();
        if (output.status !== undefined) span.set({ 'process.exit.code': output.status });
        return output;
      } catch (error) {
        if (error instanceof ProcessError && error.status !== undefined) {
          span.set({ 'process.exit.code': error.status });
        }
        span.fail(error instanceof ProcessError && error.timedOut ? 'it was killed' : 'it failed');
        throw error;
      }
    });
  });
}
