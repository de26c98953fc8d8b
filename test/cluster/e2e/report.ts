/** What ginkgo says: its report at the end, and its lines while it runs. */
import * as z from 'zod';
import type { SpecName } from './groups.ts';
import type { Outcome } from './spec-list.ts';

/** What all specs of the driver have before their names. */
export const PREFIX = 'External Storage [Driver: rds.rose-csi.io] ';

/** A spec that has ended. */
export interface Result {
  readonly name: SpecName;
  readonly outcome: Outcome;
  readonly seconds: number;
}

const report = z.array(
  z.object({
    SpecReports: z
      .array(
        z.object({
          ContainerHierarchyTexts: z.array(z.string()).nullish(),
          LeafNodeText: z.string(),
          LeafNodeType: z.string(),
          State: z.string(),
          /** Nanoseconds. */
          RunTime: z.number(),
          Failure: z.object({ Message: z.string().optional() }).optional(),
        }),
      )
      .nullish(),
  }),
);

/**
 * The specs of the driver in a JSON report. Those that were not asked for are not among them.
 *
 * @throws Error when what surrounds the specs failed, so that none ran.
 */
export function readReport(text: string): readonly Result[] {
  const specs = report.parse(JSON.parse(text)).flatMap(({ SpecReports }) => SpecReports ?? []);
  const results: Result[] = [];
  for (const spec of specs) {
    const why = firstLine(spec.Failure?.Message ?? '');
    const texts = [...(spec.ContainerHierarchyTexts ?? []), spec.LeafNodeText];
    // As ginkgo does before it looks whether a focus matches.
    const name = texts.filter((text) => text !== '').join(' ');
    const isSkipped = spec.State === 'skipped' || spec.State === 'pending';
    if (spec.LeafNodeType !== 'It') {
      if (spec.State !== 'passed' && !isSkipped) throw new Error(`the suite failed around its specs: ${why}`);
    } else if (name.startsWith(PREFIX) && !(isSkipped && why === '')) {
      const status = isSkipped ? 'skipped' : 'failed';
      const outcome: Outcome = spec.State === 'passed' ? { status: 'passed' } : { status, why: why || spec.State };
      results.push({ name: name.slice(PREFIX.length), outcome, seconds: spec.RunTime / 1e9 });
    }
  }
  return results;
}

/** A regular expression of Go that only these specs match. */
export function focusOn(specs: Iterable<SpecName>): string {
  const quoted = [...specs].map((name) => name.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&'));
  return `${PREFIX.replace(/[.[\]]/g, '\\$&')}(${quoted.join('|')})$`;
}

/** A spec that has ended, by what ginkgo writes of it. */
export interface Ended {
  readonly name: SpecName;
  /** `passed`, `skipped`, `failed` and the like. */
  readonly state: string;
  readonly seconds: number;
}

/** Finds in the lines that ginkgo writes which spec has ended. */
export class Progress {
  #name: SpecName | undefined;
  #end: Omit<Ended, 'name'> | undefined;

  /** @returns the spec that has ended with this line. */
  next(line: string): Ended | undefined {
    // Between empty texts of the hierarchy it leaves the blanks.
    const text = line.trim().replace(/ {2,}/g, ' ');
    if (text.startsWith(PREFIX)) this.#name = text.slice(PREFIX.length);
    const [, state, seconds] = /^(?:[•S] ?)(\[[A-Z ]+\])? ?\[([\d.]+) seconds\]$/.exec(text) ?? [];
    if (seconds !== undefined) {
      this.#end = { state: state?.slice(1, -1).toLowerCase() ?? 'passed', seconds: Number(seconds) };
    }
    // Of specs that run in parallel the name comes after the end, of others before.
    if (this.#name === undefined || this.#end === undefined) return undefined;
    const ended = { ...this.#end, name: this.#name };
    this.#name = undefined;
    this.#end = undefined;
    return ended;
  }
}

/** It is shown in one line, and varies less. */
function firstLine(message: string): string {
  return (message.split('\n')[0] ?? '').trim();
}
