import { askedOnce } from '../failures/message.ts';
import { callWithin } from '../storage/call.ts';
import type { Inventory } from '../storage/inventory.ts';
import type { StorageService } from '../storage/service.ts';

/**
 * Everything of our owners on the backends, for a command that ends with it.
 *
 * @param patienceMs with all backends together
 * @throws Error as the storage says it, without a promise to try again.
 */
export async function inventoryOrExplain(storage: StorageService, patienceMs: number): Promise<Inventory> {
  try {
    return await storage.inventory(callWithin(patienceMs));
  } catch (error) {
    throw error instanceof Error ? new Error(askedOnce(error.message), { cause: error }) : error;
  }
}
