import type { BackendConfig } from '../config/schema.ts';
import { mountPointOf } from '../rds/index.ts';
import { RouterOsError, type Script, text } from '../routeros/index.ts';
import type { PairContext, PoolContext, RdsContext } from './check.ts';
import { problemOf, readPools } from './checks/pools.ts';
import { receivingRows, removeReceiving } from './checks/receiving.ts';
import { PAIR_CHECKS } from './checks/replicas.ts';
import { cleanUpFinding } from './clean-up.ts';
import { type NamedFinding, untested } from './finding.ts';
import { guarded } from './guarded-console.ts';
import { perform } from './perform.ts';
import { Scratch, ScratchRegistry } from './scratch.ts';
import { sweep } from './sweep.ts';

type ReplicaConfig = NonNullable<BackendConfig['pools'][number]['replica']>;

interface PairPlan {
  readonly pools: readonly string[];
  readonly signal: AbortSignal;
  wants(id: string): boolean;
  open(backend: string): RdsContext | undefined;
  onProgress(title: string): void;
}

/**
 * Sends scratch snapshots of a pool to its replica, and removes on the other RDS what came of them. What is on the RDS of the pool is
 * removed with its other scratch objects.
 */
export async function tryOutPair(
  near: PoolContext,
  replica: ReplicaConfig,
  plan: PairPlan,
  findings: NamedFinding[],
): Promise<void> {
  const checks = PAIR_CHECKS.filter(({ id }) => plan.wants(id));
  const isWanted = plan.pools.length === 0 || plan.pools.includes(replica.pool);
  const other = checks.length > 0 && isWanted ? plan.open(replica.backend) : undefined;
  if (other === undefined) return;
  const registry = new ScratchRegistry(near.scratch.run);
  try {
    const context = await pairContext(
      near,
      replica,
      { ...other, console: guarded(other.console, plan.signal) },
      registry,
    );
    if (typeof context === 'string') {
      findings.push(notReached(near.label, `${replica.backend}/${replica.pool}: ${context}`));
      return;
    }
    const before = await receivingRows(context);
    try {
      for (const check of checks) await perform(check, context, plan, findings, near.label);
    } finally {
      findings.push(await cleanUp(context, other, registry, before.length === 0, near));
    }
  } finally {
    other.console.close();
  }
}

/** @returns why the replica cannot be used, where that is so. */
async function pairContext(
  near: PoolContext,
  { pool: label, subvolume, address, port, user }: ReplicaConfig,
  other: RdsContext,
  registry: ScratchRegistry,
): Promise<PairContext | string> {
  const pool = other.backend.pools.find((candidate) => candidate.label === label);
  if (pool === undefined) return 'it is not configured';
  try {
    const rows = await readPools(other.console);
    const problem = problemOf(rows, pool);
    if (problem !== undefined) return problem;
    const mountPoint = mountPointOf(rows.mounted.find((row) => text(row, 'fs-label') === label) ?? {});
    const behind = subvolume === undefined ? '' : `/${subvolume}`;
    return {
      ...near,
      far: { ...other, label, mountPoint, scratch: new Scratch(registry, label) },
      transfer: {
        target: { address, port, user, mount: `${label}${behind}` },
        place: `${mountPoint}${behind}`,
        prefix: subvolume === undefined ? '' : `${subvolume}/`,
      },
    };
  } catch (error) {
    if (error instanceof RouterOsError) return error.detail;
    throw error;
  }
}

function notReached(pool: string, why: string): NamedFinding {
  const [{ id, title, needs } = { id: 'replica', title: '', needs: 'write' as const }] = PAIR_CHECKS;
  return { id, title, needs, pool, ...untested(why, 'makes no copies meanwhile') };
}

/** Removes transfers first: what is being sent may come back. */
async function cleanUp(
  context: PairContext,
  other: RdsContext,
  registry: ScratchRegistry,
  isOurRow: boolean,
  near: PoolContext,
): Promise<NamedFinding> {
  const pool = `${other.backend.name}/${context.far.label}`;
  const swept = await sweep(other.console, registry, near.timing.cleanUpAttempts);
  const row = removeReceiving(context);
  const left = isOurRow && !(await isDone(other, row)) ? [...swept.left, row.text] : swept.left;
  return cleanUpFinding({ removed: swept.removed, left }, pool);
}

async function isDone({ console }: RdsContext, script: Script): Promise<boolean> {
  try {
    await console.run(script);
    return true;
  } catch (error) {
    if (error instanceof RouterOsError) return false;
    throw error;
  }
}
