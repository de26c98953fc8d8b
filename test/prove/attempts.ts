import type { DoctorReport } from '../../src/doctor/doctor.ts';
import { type Answer, answersFrom, type Observation } from './answers.ts';
import type { SuiteResult } from './report.ts';
import { failed, type Ground, type Outcome, type Suite } from './suites/suite.ts';
import type { Source } from './unknowns.ts';

/** Runs suites one after the other and keeps what came of them. */
export class Attempts {
  readonly results: SuiteResult[] = [];
  /** By suite. */
  readonly transcripts = new Map<string, string>();
  doctor: DoctorReport | undefined;
  readonly #ground: Ground;
  readonly #signal: AbortSignal;
  readonly #observations: Observation[] = [];
  readonly #obstacles: Partial<Record<Source, string>> = {};

  /** @param signal once it is aborted, no suite is begun. */
  constructor(ground: Ground, signal: AbortSignal) {
    this.#ground = ground;
    this.#signal = signal;
  }

  /** All unknowns, by what was seen so far. */
  get answers(): Answer[] {
    return answersFrom(this.#observations, this.#obstacles);
  }

  /** Why what these suites would have told is missing. */
  leaveOut(suites: readonly Suite[]): void {
    for (const { name, tells } of suites) this.#silence(tells, `${name} was left out by --only`);
  }

  /** A suite that throws has failed. */
  async run(suite: Suite): Promise<void> {
    const { show } = this.#ground;
    show(suite.name);
    const begin = performance.now();
    const { state, said, more, transcript, observations, doctor } = await this.#outcome(suite);
    const seconds = Math.round((performance.now() - begin) / 1000);
    this.results.push({ name: suite.name, state, said, seconds, ...(more !== undefined && { more }) });
    this.transcripts.set(suite.name.replaceAll(' ', '-'), transcript);
    this.#observations.push(...(observations ?? []));
    this.doctor ??= doctor;
    if (state !== 'passed') this.#silence(suite.tells, `${suite.name}: ${said}`);
    show(`  ${state} in ${seconds} s: ${said}`);
  }

  async #outcome(suite: Suite): Promise<Outcome> {
    if (this.#signal.aborted) return failed(new Error('interrupted'));
    try {
      return await suite.run(this.#ground);
    } catch (error) {
      return failed(error, error instanceof Error ? (error.stack ?? '') : '');
    }
  }

  #silence(sources: readonly Source[], why: string): void {
    for (const source of sources) this.#obstacles[source] = why;
  }
}
