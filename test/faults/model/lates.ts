import { targetOf } from './commands.ts';
import type { Done } from './done.ts';
import { commandsOf, type LateWrite } from './late-writes.ts';
import { joined, type Marks, NO_MARKS } from './world.ts';

/** A script that stands still. */
type Standing = Omit<LateWrite, 'tooLate'> & { /** Unix seconds of its batch. */ readonly begin: number };

/** A script that stood still and has gone on. */
export type Moved = Standing & LateWrite & { /** Objects that it may have made. */ readonly made: readonly string[] };

/** The scripts of one run that stand still, and how many have gone on. */
export class Lates {
  readonly #run: number;
  #standing: ReadonlyMap<string, Standing> = new Map();
  /** Scripts that went on in time, and too late. */
  inTime = 0;
  tooLate = 0;
  /** Objects that came into being after their deletion. */
  leftovers = 0;

  /** @param run whose objects they are about. */
  constructor(run: number) {
    this.#run = run;
  }

  /** How many stand still. */
  get count(): number {
    return this.#standing.size;
  }

  /** How many have gone on. */
  get moves(): number {
    return this.inTime + this.tooLate;
  }

  /** @param moved the scripts that have gone on, as they were sent, and whether they were too late to write. */
  collect(moved: ReadonlyMap<string, boolean>): Moved[] {
    return [...moved].flatMap(([line, tooLate]) => {
      const standing = this.#standing.get(line);
      if (standing === undefined) return [];
      if (tooLate) this.tooLate += 1;
      else this.inTime += 1;
      return [{ ...standing, tooLate, made: tooLate ? [] : madeBy(standing) }];
    });
  }

  /**
   * Notes what a batch did beside the scripts that stand still, and which those are now.
   *
   * @param begin Unix seconds
   */
  note(
    marks: Marks,
    lines: readonly string[],
    done: readonly Done[],
    processes: readonly number[],
    begin: number,
  ): void {
    const entries = lines.map((line): [string, Standing] => {
      const known = this.#standing.get(line);
      if (known !== undefined) return [line, { ...known, since: joined(known.since, marks) }];
      // What was deleted while it came to a stand may have been deleted afterwards, and so with nothing else.
      const since = { ...NO_MARKS, deletions: marks.deletions };
      return [line, { commands: commandsOf(line, this.#run, done), processes, since, begin }];
    });
    this.#standing = new Map(entries);
  }
}

function madeBy({ commands }: Standing): string[] {
  return commands.flatMap(({ command }) =>
    command.do === 'create' || command.do === 'snapshot' ? (targetOf(command) ?? []) : [],
  );
}
