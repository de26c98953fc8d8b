import { mountPointOf } from '../rds/index.ts';
import { NEVER_SENT, RouterOsError, text } from '../routeros/index.ts';
import type { PoolContext, RdsCheck, RdsContext } from './check.ts';
import { ACCESS_CHECKS } from './checks/access.ts';
import { READ_CHECKS, WRITE_CHECKS } from './checks/all.ts';
import { CONNECTIVITY_CHECKS, KEY_CHECK, LOGIN_CHECK } from './checks/connectivity.ts';
import { SETTLED_MS } from './checks/leftovers.ts';
import { problemOf, readPools } from './checks/pools.ts';
import { cleanUpFinding } from './clean-up.ts';
import { differs, type Finding, fits, type NamedFinding, untested } from './finding.ts';
import { guarded } from './guarded-console.ts';
import { tryOutPair } from './pair.ts';
import { perform } from './perform.ts';
import { Scratch, ScratchRegistry } from './scratch.ts';
import { removeAll, sweep } from './sweep.ts';

export interface Examination {
  /** Whether scratch objects may be made. */
  readonly write: boolean;
  readonly removeLeftovers: boolean;
  /** Labels of the pools to write in; all when empty. */
  readonly pools: readonly string[];
  /** Whether a test was asked for; those that others rest on are made in any case. */
  wants(id: string): boolean;
  /** The way into another configured RDS, which whoever opens it closes. */
  open(backend: string): RdsContext | undefined;
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
      const isUsable = await tryOutPool(place, plan, findings);
      if (isUsable && pool.replica !== undefined) await tryOutPair(place, pool.replica, plan, findings);
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

/** @returns false when nothing can be made in the pool. */
async function tryOutPool(place: PoolContext, plan: Examination, findings: NamedFinding[]): Promise<boolean> {
  for (const check of ACCESS_CHECKS) {
    const { verdict } = await perform(check, place, plan, findings, place.label);
    if (verdict === 'unusable' || verdict === 'untested') return false;
  }
  for (const check of WRITE_CHECKS) if (plan.wants(check.id)) await perform(check, place, plan, findings, place.label);
  return true;
}

/** Whether tests that were asked for rest on this one. */
function isBase({ id }: RdsCheck, { write }: Examination): boolean {
  return write && id === 'pools';
}

function nothingIfRefused(error: unknown): undefined {
  if (!(error instanceof RouterOsError) || isLost(error)) throw error;
}

function isBad({ verdict }: Finding): boolean {
  return verdict === 'unusable' || verdict === 'untested';
}

function isLost(error: unknown): boolean {
  return error instanceof RouterOsError && (NEVER_SENT.has(error.kind) || error.kind === 'unknown');
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
