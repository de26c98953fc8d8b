import { type Output, type Processes, programOf } from '../../host/processes.ts';

/** Does something around a program of this name that `run` runs. */
export type Around = (program: string, run: () => Promise<Output>) => Promise<Output>;

/** Runs programs with something around each, which learns its name and none of its arguments: they name devices and paths. */
export function aroundPrograms(host: Processes, around: Around): Processes {
  return {
    run: (program, args, options) => around(programOf(program, args), () => host.run(program, args, options)),
    ask: (program, args, options) => around(programOf(program, args), () => host.ask(program, args, options)),
  };
}
