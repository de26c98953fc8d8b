import { AbsentError } from '../cli/absent-error.ts';
import { parseSnapshotName } from '../rds/index.ts';
import type { Backend } from '../storage/backend.ts';
import { callWithin } from '../storage/call.ts';
import { failure } from '../storage/failures.ts';
import { parseHandle } from '../storage/ids.ts';
import type { InventorySnapshot } from '../storage/inventory.ts';
import type { Replicas } from '../storage/replication/replicas.ts';

/**
 * The copies of these ids, as snapshots of the backends that they are on. Only those are asked.
 *
 * @param patienceMs with each
 * @throws AbsentError when one is no copy on a replica of the configuration, Error when a backend cannot be asked.
 */
export async function adoptable(
  ids: readonly string[],
  replicas: Replicas,
  backends: readonly Backend[],
  patienceMs: number,
): Promise<InventorySnapshot[]> {
  const found: InventorySnapshot[] = [];
  for (const id of ids) found.push(await copyNamed(id, replicas, backends, patienceMs));
  return found;
}

async function copyNamed(
  id: string,
  replicas: Replicas,
  backends: readonly Backend[],
  patienceMs: number,
): Promise<InventorySnapshot> {
  const handle = parseHandle('snap', id);
  const backend = backends.find(({ name }) => name === handle?.backend);
  const call = callWithin(patienceMs);
  const copy =
    handle &&
    backend &&
    (await replicas.copyOn(backend, handle.uuid, call).catch((error: unknown) => {
      throw failure(error, id, call);
    }));
  const name = copy && parseSnapshotName(copy.name);
  if (backend === undefined || copy === undefined || name === undefined) {
    throw new AbsentError(`${id} is no whole copy on a replica of the configuration (rose-csi replicas ls)`);
  }
  return { id, backend: backend.name, pool: copy.fs, subvolume: copy.name, name, duplicates: [] };
}
