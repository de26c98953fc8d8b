import { hasCode } from '../plain-files.ts';
import type { Rds } from '../rds.ts';
import { type FileRecord, pathKey, type SubvolumeRecord } from '../records.ts';
import type { Change } from '../state.ts';
import type { StoredEntry } from '../volume-store.ts';

/** What becomes of a subvolume once nothing more is received in it. */
export type Outcome = Partial<Pick<SubvolumeRecord, 'readOnly' | 'receivedUuid' | 'receivedAt'>>;

/**
 * Ends the receiving of a subvolume: what lies in it, whole or half, is taken into the state as it is.
 *
 * @param texts Texts of files, by their paths in the subvolume.
 */
export async function settle(
  rds: Rds,
  { receiving: _, ...subvolume }: SubvolumeRecord,
  outcome: Outcome = {},
  texts: Readonly<Record<string, string>> = {},
): Promise<void> {
  const { pool, fullname } = subvolume;
  const key = pathKey(pool, fullname);
  const entries = await entriesOf(rds, pool, fullname);
  if (entries === undefined) return rds.state.commit({ remove: 'subvolume', key });
  await rds.store.setReadOnly(pool, fullname, outcome.readOnly ?? subvolume.readOnly);
  const files = entries
    .filter(({ path }) => !rds.state.table('file').has(pathKey(pool, path)))
    .map(({ path, kind }): FileRecord => {
      const contents = texts[path.slice(fullname.length + 1)];
      const record = { id: rds.state.nextId('file'), pool, path, kind, created: rds.timestamp() };
      return contents === undefined ? record : { ...record, contents };
    });
  for (const { path, kind, usage } of entries) if (kind === 'file') rds.usage.set(pool, path, usage);
  rds.state.commit(
    { put: 'subvolume', key, record: { ...subvolume, ...outcome } },
    ...files.map((record): Change => ({ put: 'file', key: pathKey(pool, record.path), record })),
  );
}

/** As {@link settle}, for what a simulator was receiving when it was killed: that stays half. */
export async function settleAll(rds: Rds, pool: string): Promise<void> {
  const half = [...rds.state.table('subvolume').values()].filter((subvolume) => subvolume.receiving === true);
  for (const subvolume of half) if (subvolume.pool === pool) await settle(rds, subvolume);
}

/** Undefined when the subvolume never came into being. */
async function entriesOf(rds: Rds, pool: string, fullname: string): Promise<StoredEntry[] | undefined> {
  try {
    return await rds.store.list(pool, fullname);
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined;
    throw error;
  }
}
