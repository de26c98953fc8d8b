import { NEVER_SENT, RouterOsError } from '../routeros/index.ts';
import type { PairCheck, PoolCheck, RdsCheck, RdsContext } from './check.ts';
import { type Finding, type NamedFinding, untested, unusable } from './finding.ts';
import { Obstacle } from './objects.ts';

const NOT_TESTED = 'could not be tested, for that reason';

/** What a test needs of an examination. */
interface Performance {
  readonly signal: AbortSignal;
  onProgress(title: string): void;
}

/**
 * Makes one test and enters what it came to.
 *
 * @throws RouterOsError when the RDS can no longer be reached; the reason of the signal once that aborts.
 */
export async function perform<C extends RdsContext>(
  check: (RdsCheck | PoolCheck | PairCheck) & { run(context: C): Promise<Finding> },
  context: C,
  plan: Performance,
  findings: NamedFinding[],
  pool?: string,
): Promise<Finding> {
  plan.signal.throwIfAborted();
  plan.onProgress(check.title);
  const { finding, lost } = await outcome(check.needs, () => check.run(context), plan.signal);
  const { id, title, unknown, needs } = check;
  findings.push({
    id,
    title,
    needs,
    ...(unknown === undefined ? {} : { unknown }),
    ...(pool === undefined ? {} : { pool }),
    ...finding,
  });
  if (lost !== undefined) throw lost;
  return finding;
}

/** What a test came to, errors of the conversation included; `lost` when the RDS can no longer be reached. */
async function outcome(
  needs: 'read' | 'write',
  run: () => Promise<Finding>,
  signal: AbortSignal,
): Promise<{ readonly finding: Finding; readonly lost?: RouterOsError }> {
  try {
    return { finding: await run() };
  } catch (error) {
    if (signal.aborted) throw error;
    if (error instanceof Obstacle) return { finding: untested(error.message, NOT_TESTED) };
    if (!(error instanceof RouterOsError)) throw error;
    const { kind, detail } = error;
    if (NEVER_SENT.has(kind)) return { finding: unusable(detail, 'nothing works without an answer'), lost: error };
    if (kind === 'unknown') return { finding: untested(detail, 'could not be tested: no whole answer came back') };
    return {
      finding: needs === 'read' ? unusable(detail, 'cannot work without this answer') : untested(detail, NOT_TESTED),
    };
  }
}
