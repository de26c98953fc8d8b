import type { Condition, ConditionCode } from '../failures/conditions.ts';
import { listVolumes, parseVolumeName, readVolume } from '../rds/index.ts';
import type { Backend, Backends } from './backend.ts';
import type { Call } from './call.ts';
import { StorageError } from './errors.ts';
import { failure } from './failures.ts';
import { printHandle, volumeRef } from './ids.ts';
import { everyVolume } from './inventory.ts';
import { listPage, VOLUME_ROWS } from './listing.ts';
import { readPools } from './pool-reading.ts';
import type { Page, PageRequest, VolumeHealth } from './storage.ts';
import { examineVolume } from './volume-conditions.ts';

/** Ids of the volumes and snapshots that this process is working on now. */
export type Running = () => ReadonlySet<string>;

/**
 * What is wrong with a volume and its pool now, whoever owns it, in two execs. Of one that a call is at work on, which may lack a
 * part for a moment, only how its pool is.
 *
 * @throws StorageError `notFound` when an intact answer from the right pools says that there is none.
 */
export async function volumeHealth(
  backends: Backends,
  running: Running,
  volumeId: string,
  call: Call,
): Promise<VolumeHealth> {
  const { handle, backend } = backends.require('pvc', volumeId);
  const before = running();
  try {
    const { subvolumes, disk } = await backend.rds.run((settings) => readVolume(settings, volumeRef(handle)), call);
    const [subvolume] = subvolumes;
    const name = parseVolumeName(subvolume?.name ?? '');
    if (subvolume === undefined || name === undefined) throw new StorageError('RC-NOVOL', volumeId);
    const isBusy = before.has(volumeId) || running().has(volumeId);
    const own = isBusy ? [] : examineVolume(name, disk);
    const pools = await poolConditions(backend, call);
    return { id: volumeId, conditions: [...own, ...(pools.get(subvolume.fs) ?? [])] };
  } catch (error) {
    throw failure(error, volumeId, call);
  }
}

/** A page of the volumes of our owners with which, or with whose pool, something is wrong. It may be empty, and not the last. */
export async function listVolumeHealth(
  backends: Backends,
  running: Running,
  request: PageRequest,
  call: Call,
): Promise<Page<VolumeHealth>> {
  const before = running();
  const pools = new Map<string, ReadonlyMap<string, readonly Condition[]>>();
  return await listPage<VolumeHealth>(backends.all(), request, call, {
    rows: VOLUME_ROWS,
    async fetch({ backend, pool }, after, limit) {
      if (!pools.has(backend.name)) pools.set(backend.name, await poolConditions(backend, call));
      return await backend.rds.run((settings) => listVolumes(settings, { pool, after, limit }), call);
    },
    read({ backend, pool }, { subvolume, disk }) {
      const name = parseVolumeName(subvolume.name);
      if (name === undefined) return undefined;
      const id = printHandle({ kind: 'pvc', backend: backend.name, uuid: name.uuid });
      const isBusy = before.has(id) || running().has(id);
      const own = isBusy ? [] : examineVolume(name, disk);
      const conditions = [...own, ...(pools.get(backend.name)?.get(pool.label) ?? [])];
      return conditions.length === 0 ? undefined : { id, conditions };
    },
  });
}

/** A volume of our owners, as its RDS has it. */
export interface HeldVolume {
  readonly id: string;
  /** Bytes of the image; undefined while the device does not report, and without a disk item. */
  readonly bytes: bigint | undefined;
  readonly conditions: readonly Condition[];
  /** What looks wrong and may be what a call is in the middle of: neither so nor not. */
  readonly inDoubt: readonly ConditionCode[];
}

/**
 * Looks at all volumes of our owners on an RDS: in one exec for each 130 of a pool. Where something is wrong it looks again, as a
 * call that is under way may leave a part out for a moment, and believes what it has seen twice. What it has seen of a volume that
 * this process worked on meanwhile is in doubt.
 *
 * @throws StorageError when any pool cannot be read.
 */
export async function heldVolumes(backend: Backend, running: Running, call: Call): Promise<readonly HeldVolume[]> {
  const busy = new Set(running());
  const first = await lookAtVolumes(backend, call);
  if (first.every(({ conditions }) => conditions.length === 0)) return first;
  for (const id of running()) busy.add(id);
  const second = seenTwice(first, await lookAtVolumes(backend, call));
  for (const id of running()) busy.add(id);
  return second.map((volume) =>
    busy.has(volume.id) ? { ...volume, conditions: [], inDoubt: volume.conditions.map(({ code }) => code) } : volume,
  );
}

/** The volumes of the second of two looks in a row, with those of their conditions that both have seen. */
export function seenTwice<T extends Pick<HeldVolume, 'id' | 'conditions'>>(
  first: readonly Pick<HeldVolume, 'id' | 'conditions'>[],
  second: readonly T[],
): T[] {
  const before = new Map(first.map(({ id, conditions }) => [id, conditions]));
  return second.map((volume) => {
    if (volume.conditions.length === 0) return volume;
    const known = before.get(volume.id) ?? [];
    const conditions = volume.conditions.filter(({ code }) => known.some((one) => one.code === code));
    return { ...volume, conditions };
  });
}

async function lookAtVolumes({ name: backend, rds }: Backend, call: Call): Promise<HeldVolume[]> {
  const held = new Map<string, HeldVolume>();
  try {
    for (const pool of rds.settings.pools) {
      for (const { subvolume, disk } of await everyVolume(rds, pool, call)) {
        const name = parseVolumeName(subvolume.name);
        if (name === undefined) continue;
        const id = printHandle({ kind: 'pvc', backend, uuid: name.uuid });
        const found = examineVolume(name, disk);
        // Of several of one id, which may differ in what they should be, nothing here says which is the volume: what is wrong with
        // each of them is wrong with it.
        const others = held.get(id)?.conditions ?? found;
        const conditions = found.filter(({ code }) => others.some((one) => one.code === code));
        held.set(id, { id, bytes: disk?.size, conditions, inDoubt: [] });
      }
    }
  } catch (error) {
    throw failure(error, `backend ${backend}`, call);
  }
  return [...held.values()];
}

/** By label. */
async function poolConditions(backend: Backend, call: Call): Promise<ReadonlyMap<string, readonly Condition[]>> {
  const pools = await readPools(backend, call);
  return new Map(pools.map(({ pool, health }) => [pool, health.conditions]));
}
