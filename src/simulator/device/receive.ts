import { newSubvolume } from './menus/subvolume-add.ts';
import type { Rds } from './rds.ts';
import { type FileRecord, leafName, pathKey, type SubvolumeRecord } from './records.ts';
import type { Change } from './state.ts';
import { copyByUuid, uuidForReceivers } from './transfer/subvolumes.ts';

/** One Btrfs send and receive, and how it ends. */
export interface Transfer {
  /** Label of the pool and full name of the subvolume that is sent, which must be read-only. */
  readonly from: { readonly pool: string; readonly name: string };
  /** Label of the pool that receives, and full name of the subvolume there to receive in; without it, at the root. */
  readonly to: { readonly pool: string; readonly container?: string };
  /**
   * Full name, in the pool that sends, of what this is incremental to. The receiving pool must have a complete copy of it,
   * or be the same pool.
   */
  readonly parent?: string;
  /** Whether it comes to its end. */
  readonly complete: boolean;
}

/**
 * Makes what Btrfs receive makes (docs/routeros.md, 6.1): a subvolume of the same leaf name. A complete one has all files
 * of what was sent, is read-only, and carries its uuid. An incomplete one has the first half of each file, or with a
 * parent all that the parent has; it is writable and carries no uuid.
 *
 * @returns the id of the new row.
 * @throws Error when something is missing, not read-only or there already; DeviceFailure when the pool takes nothing.
 */
export function receive(rds: Rds, transfer: Transfer): Promise<string> {
  return rds.changes.run(() => carryOut(rds, transfer));
}

async function carryOut(rds: Rds, { from, to, parent, complete }: Transfer): Promise<string> {
  const source = named(rds, from.pool, from.name);
  if (!source.readOnly) throw new Error(`only what is read-only can be sent, and ${from.name} is not`);
  const base = parent === undefined ? undefined : copyOf(rds, named(rds, from.pool, parent), to.pool);
  const path = pathAt(rds, to, leafName(source.fullname));
  rds.requireWritable(to.pool, true);
  if (rds.exists({ pool: to.pool, path })) throw new Error(`the pool ${to.pool} has ${path} already`);

  const made = newSubvolume(rds, to.pool, path, base, complete);
  const received = complete ? { ...made, receivedUuid: uuidForReceivers(source), receivedAt: rds.timestamp() } : made;
  const isCut = !complete && base === undefined;
  const originals = filesOf(rds, complete || base === undefined ? source : base);
  const copies = originals.map((file) => copyRecord(rds, file, received, isCut));
  try {
    await rds.store.createSubvolume(to.pool, path);
    for (const { original, copy } of copies) await copyContent(rds, original, copy, isCut);
    if (complete) await rds.store.setReadOnly(to.pool, path, true);
    rds.state.commit(
      { put: 'subvolume', key: pathKey(to.pool, path), record: received },
      ...copies.map(({ copy }): Change => ({ put: 'file', key: pathKey(copy.pool, copy.path), record: copy })),
    );
  } catch (error) {
    for (const { copy } of copies) rds.usage.delete(copy.pool, copy.path);
    await rds.store.remove(to.pool, path);
    throw error;
  }
  return received.id;
}

function named(rds: Rds, pool: string, fullname: string): SubvolumeRecord {
  const found = fullname === '' || rds.isAway(pool) ? undefined : rds.subvolumeAt(pool, fullname);
  if (found === undefined) throw new Error(`the pool ${pool} has no subvolume "${fullname}"`);
  return found;
}

function pathAt(rds: Rds, { pool, container }: Transfer['to'], leaf: string): string {
  return container === undefined ? leaf : `${named(rds, pool, container).fullname}/${leaf}`;
}

/** The subvolume itself, or a complete copy of it, in this pool. */
function copyOf(rds: Rds, original: SubvolumeRecord, pool: string): SubvolumeRecord {
  const copy = copyByUuid(rds, pool, uuidForReceivers(original));
  if (copy === undefined) throw new Error(`the pool ${pool} has no copy of ${original.fullname}`);
  return copy;
}

/** The plain files and directories of a subvolume, containers first; what is in subvolumes inside does not go along. */
function filesOf(rds: Rds, subvolume: SubvolumeRecord): readonly FileRecord[] {
  const files = [...rds.state.table('file').values()];
  return files.filter((file) => file.pool === subvolume.pool && rds.subvolumeOf(file).id === subvolume.id);
}

function copyRecord(rds: Rds, original: FileRecord, target: SubvolumeRecord, isCut: boolean) {
  const { fullname } = rds.subvolumeOf(original);
  const { contents, ...rest } = original;
  const path = `${target.fullname}${original.path.slice(fullname.length)}`;
  const whole = isCut || contents === undefined ? rest : { ...rest, contents };
  const copy: FileRecord = { ...whole, id: rds.state.nextId('file'), pool: target.pool, path };
  return { original, copy };
}

async function copyContent(rds: Rds, original: FileRecord, copy: FileRecord, isCut: boolean): Promise<void> {
  if (original.kind === 'directory') return rds.store.createDirectory(copy.pool, copy.path);
  await rds.store.copyFile(original, copy);
  const { length } = await rds.refreshUsage(copy);
  if (!isCut) return;
  await rds.store.truncate(copy.pool, copy.path, Math.floor(length / 2));
  await rds.refreshUsage(copy);
}
