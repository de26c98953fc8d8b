import { pathKey } from './records.ts';
import type { State } from './state.ts';
import type { UsageTable } from './usage.ts';
import type { VolumeStore } from './volume-store.ts';

/**
 * Brings a pool's directory to what the journal says. A creation writes the journal last and a removal writes it first,
 * so a simulator that was killed leaves too much, never too little: what no record knows is removed here. Whether a
 * subvolume can be written is set as the journal has it.
 *
 * @throws Error when something that the journal knows is missing, which no crash of the simulator explains.
 */
export async function reconcile(pool: string, state: State, store: VolumeStore, usage: UsageTable): Promise<void> {
  const missing = new Set<string>();
  for (const [key, subvolume] of state.table('subvolume')) {
    if (subvolume.pool === pool && subvolume.fullname !== '') missing.add(key);
  }
  for (const [key, file] of state.table('file')) if (file.pool === pool) missing.add(key);

  const unknown: string[] = [];
  for (const entry of await store.list(pool)) {
    const key = pathKey(pool, entry.path);
    if (missing.delete(key)) {
      if (entry.kind === 'file') usage.set(pool, entry.path, entry.usage);
    } else if (!unknown.some((path) => entry.path.startsWith(`${path}/`))) {
      unknown.push(entry.path);
    }
  }
  if (missing.size > 0) {
    throw new Error(`the state directory lost ${[...missing].join(', ')}; start again with an empty one`);
  }
  for (const subvolume of state.table('subvolume').values()) {
    if (subvolume.pool === pool) await store.setReadOnly(pool, subvolume.fullname, subvolume.readOnly);
  }
  for (const path of unknown) await store.remove(pool, path);
}
