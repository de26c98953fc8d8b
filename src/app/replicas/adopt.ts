import { parseSnapshotName, readReceived } from '../../rds/index.ts';
import { callWithin } from '../../storage/call.ts';
import { failure } from '../../storage/failures.ts';
import { parseHandle } from '../../storage/handle.ts';
import type { InventorySnapshot } from '../../storage/inventory.ts';
import { snapshotRef } from '../../storage/refs.ts';
import type { ReplicaPair } from '../../storage/replication/pair.ts';

/**
 * The copies of these ids, as snapshots of the backends that they are on. Only those are asked.
 *
 * @throws Error when one is no copy on a replica of the configuration, or a backend cannot be asked.
 */
export async function adoptable(
  ids: readonly string[],
  pairs: readonly ReplicaPair[],
  patienceMs: number,
): Promise<InventorySnapshot[]> {
  const found: InventorySnapshot[] = [];
  for (const id of ids) found.push(await copyNamed(id, pairs, patienceMs));
  return found;
}

async function copyNamed(id: string, pairs: readonly ReplicaPair[], patienceMs: number): Promise<InventorySnapshot> {
  const handle = parseHandle('snap', id);
  if (handle === undefined) throw new Error(`${id} is not the id of a snapshot`);
  const call = callWithin(patienceMs);
  for (const { to, replica } of pairs.filter((pair) => pair.to.name === handle.backend)) {
    const rows = await to.rds
      .run(() => readReceived(replica, snapshotRef(handle.uuid)), call)
      .catch((error: unknown) => {
        throw failure(error, id, call);
      });
    const copy = rows.find(({ kind }) => kind === 'copy');
    const name = parseSnapshotName(copy?.name ?? '');
    if (copy === undefined || name === undefined) continue;
    return { id, backend: to.name, pool: replica.label, subvolume: copy.name, name, duplicates: [] };
  }
  throw new Error(`${id} is no whole copy on a replica of the configuration (rose-csi replicas ls)`);
}
