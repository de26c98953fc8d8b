import { RdsError } from '../rds/index.ts';
import type { Backend } from '../storage/backend.ts';
import { callWithin } from '../storage/call.ts';
import type { Inventory } from '../storage/inventory.ts';
import type { StorageService } from '../storage/service.ts';

/** How long a question about what is wrong may take, in ms. */
const PROBE_MS = 10_000;

/**
 * Everything of our owners on these backends, for a person.
 *
 * @param patienceMs with all backends together
 * @throws Error as the storage says it; where a pool is not the configured one, with what the backends have in its place.
 */
export async function inventoryOrExplain(
  storage: StorageService,
  backends: readonly Backend[],
  patienceMs: number,
): Promise<Inventory> {
  try {
    return await storage.inventory(callWithin(patienceMs));
  } catch (error) {
    if (!(error instanceof Error && error.cause instanceof RdsError && error.cause.code === 'RC-POOL')) throw error;
    const problems = await problemsOf(storage, backends);
    throw new Error([error.message, ...problems.map((problem) => `  ${problem}`)].join('\n'), { cause: error });
  }
}

/** What does not fit the configuration, of each RDS that answers. */
async function problemsOf(storage: StorageService, backends: readonly Backend[]): Promise<string[]> {
  const all = await Promise.all(
    backends.map(async ({ name }) => {
      const found = await storage.prove(name, callWithin(PROBE_MS)).catch(() => undefined);
      return (found?.problems ?? []).map((problem) => `${name}: ${problem}`);
    }),
  );
  return all.flat();
}
