import { mountPointOf } from '../rds/index.ts';
import { NEVER_SENT, RouterOsError, text } from '../routeros/index.ts';
import type { PoolCheck, PoolContext, RdsCheck, RdsContext } from './check.ts';
import { ACCESS_CHECKS } from './checks/access.ts';
import { READ_CHECKS, WRITE_CHECKS } from './checks/all.ts';
import { CONNECTIVITY_CHECKS, KEY_CHECK, LOGIN_CHECK } from './checks/connectivity.ts';
import { SETTLED_MS } from './checks/leftovers.ts';
import { problemOf, readPools } from './checks/pools.ts';
import { differs, type Finding, fits, type NamedFinding, untested, unusable } from './finding.ts';
import { guarded } from './guarded-console.ts';
import { Obstacle } from './objects.ts';
import { Scratch, ScratchRegistry } from './scratch.ts';
import { removeAll, type Swept, sweep } from './sweep.ts';

export interface Examination {
  /** Whether scratch objects may be made. */
  readonly write: boolean;
  readonly removeLeftovers: boolean;
  /** Labels of the pools to write in; all when empty. */
  readonly pools: readonly string[];
  /** Whether a test was asked for; those that others rest on are made in any case. */
  wants(id: string): boolean;
  readonly signal: AbortSignal;
  onProgress(title: string): void;
}

/** One RDS with what was found. */
export interface RdsReport {
  readonly name: string;
  /** False when it could not be examined to the end: not reached, lost, or interrupted. */
  readonly complete: boolean;
  readonly findings: readonly NamedFinding[];
}

/**
 * Examines one RDS: the key and the door first, without which there is nothing; then what reading tells; then, if that is wanted, what
 * scratch objects tell, which are removed in any case.
 *
 * @param context with a console that sends on even after an interruption, for the clean-up
 */
export async function examine(context: RdsContext, plan: Examination): Promise<RdsReport> {
  const findings: NamedFinding[] = [];
  const name = context.backend.name;
  const quiet: RdsContext = { ...context, console: guarded(context.console, plan.signal) };
  try {
    const hasKey = !isBad(await perform(KEY_CHECK, quiet, plan, findings));
    for (const check of CONNECTIVITY_CHECKS) {
      if (check === LOGIN_CHECK && !hasKey) return { name, complete: false, findings };
      if (isBad(await perform(check, quiet, plan, findings))) return { name, complete: false, findings };
    }
    const reads = READ_CHECKS.filter((check) => plan.wants(check.id) || isBase(check, plan));
    for (const check of reads) await perform(check, quiet, plan, findings);
    if (plan.removeLeftovers) findings.push(await leftoversRemoved(context));
    const complete = !plan.write || (await tryOut(context, quiet, plan, findings));
    return { name, complete, findings };
  } catch (error) {
    if (plan.signal.aborted || isLost(error)) return { name, complete: false, findings };
    throw error;
  } finally {
    context.console.close();
  }
}

/**
 * All that makes scratch objects, and the removal of them.
 *
 * @returns false when the RDS could not be asked what is left.
 */
async function tryOut(
  { console }: RdsContext,
  context: RdsContext,
  plan: Examination,
  findings: NamedFinding[],
): Promise<boolean> {
  let asked = true;
  const registry = new ScratchRegistry();
  try {
    // Where they cannot be read, the finding about pools says so.
    const rows = await readPools(context.console).catch(nothingIfRefused);
    for (const pool of context.backend.pools) {
      if (plan.pools.length > 0 && !plan.pools.includes(pool.label)) continue;
      // The finding about pools says why not.
      if (rows === undefined || problemOf(rows, pool) !== undefined) continue;
      const disk = rows.mounted.find((row) => text(row, 'fs-label') === pool.label) ?? {};
      const scratch = new Scratch(registry, pool.label);
      const place = { ...context, label: pool.label, mountPoint: mountPointOf(disk), scratch };
      await tryOutPool(place, plan, findings);
    }
  } finally {
    if (registry.objects.length > 0) {
      plan.onProgress('removing the scratch objects');
      const swept = await sweep(console, registry, context.timing.cleanUpAttempts);
      findings.push(cleanUpFinding(swept));
      asked = swept.asked;
    }
  }
  return asked;
}

async function tryOutPool(place: PoolContext, plan: Examination, findings: NamedFinding[]): Promise<void> {
  for (const check of ACCESS_CHECKS) {
    const { verdict } = await perform(check, place, plan, findings, place.label);
    if (verdict === 'unusable' || verdict === 'untested') return;
  }
  for (const check of WRITE_CHECKS) if (plan.wants(check.id)) await perform(check, place, plan, findings, place.label);
}

async function perform<C extends RdsContext>(
  check: (RdsCheck | PoolCheck) & { run(context: C): Promise<Finding> },
  context: C,
  plan: Examination,
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

/** Whether tests that were asked for rest on this one. */
function isBase({ id }: RdsCheck, { write }: Examination): boolean {
  return write && id === 'pools';
}

function nothingIfRefused(error: unknown): undefined {
  if (!(error instanceof RouterOsError) || isLost(error)) throw error;
}

const NOT_TESTED = 'could not be tested, for that reason';

function isBad({ verdict }: Finding): boolean {
  return verdict === 'unusable' || verdict === 'untested';
}

function isLost(error: unknown): boolean {
  return error instanceof RouterOsError && (NEVER_SENT.has(error.kind) || error.kind === 'unknown');
}

function cleanUpFinding({ removed, left }: Swept): NamedFinding {
  const named = { id: 'clean-up', title: 'removing the scratch objects', needs: 'write' } as const;
  if (left.length === 0) {
    const said = removed === 0 ? 'there was nothing to remove' : `all ${removed} are gone`;
    return { ...named, ...fits(said, 'leaves nothing behind either', { removed }) };
  }
  return {
    ...named,
    ...unusable(`${left.length} are still there, or may be`, 'does not touch them. Remove them as below', {
      removed,
      left: left.length,
    }),
    lines: ['To remove by hand what could not be removed:', ...left.map((command) => `  ${command}`)],
  };
}

async function leftoversRemoved({ console, timing }: RdsContext): Promise<NamedFinding> {
  const named = { id: 'leftovers-removed', title: 'removing remains of earlier doctors', needs: 'write' } as const;
  const isSettled = ({ begunMs }: { readonly begunMs: number }) => Date.now() - begunMs >= SETTLED_MS;
  const { removed, asked, left } = await removeAll(console, timing.cleanUpAttempts, isSettled);
  if (!asked) return { ...named, ...untested('the RDS could not be asked', 'never touches them') };
  if (left.length === 0) return { ...named, ...fits(`${removed} removed`, 'never touches them', { removed }) };
  return {
    ...named,
    ...differs(`${removed} removed, ${left.length} not`, 'never touches them. Remove them as below', {
      removed,
      left: left.length,
    }),
    lines: ['To remove by hand what could not be removed:', ...left.map((command) => `  ${command}`)],
  };
}
