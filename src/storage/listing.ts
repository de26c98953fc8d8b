import {
  type ListedObject,
  type ListedPage,
  parseSnapshotName,
  parseVolumeName,
  listSnapshots as snapshotsPage,
  listVolumes as volumesPage,
} from '../rds/index.ts';
import type { Backend, Backends } from './backend.ts';
import type { Call } from './call.ts';
import { StorageError } from './errors.ts';
import { failure } from './failures.ts';
import { parsePageToken, printPageToken } from './page-token.ts';
import { toSnapshot } from './snapshots.ts';
import type { Page, PageRequest, Snapshot, Volume } from './storage.ts';
import { toVolume } from './volumes.ts';

/** Rows of one exec, so that its answer stays below 48 KiB (U21): at most 220 bytes a snapshot, 370 a volume. */
const SNAPSHOT_ROWS = 200;
export const VOLUME_ROWS = 130;

type Pool = Backend['rds']['settings']['pools'][number];

interface Section {
  readonly backend: Backend;
  readonly pool: Pool;
}

/** What is listed. */
interface Lister<T> {
  readonly rows: number;
  fetch(section: Section, after: bigint, limit: number): Promise<ListedPage>;
  /** The entry for a row; undefined for a row that is left out, as a name that this driver did not make. */
  read(section: Section, row: ListedObject): T | undefined;
}

/** A page of our volumes over all backends and pools. */
export async function listVolumes(backends: Backends, request: PageRequest, call: Call): Promise<Page<Volume>> {
  return await listPage(backends.all(), request, call, {
    rows: VOLUME_ROWS,
    fetch: ({ backend, pool }, after, limit) =>
      backend.rds.run((settings) => volumesPage(settings, { pool, after, limit }), call),
    read: ({ backend }, { subvolume, disk }) => {
      const name = parseVolumeName(subvolume.name);
      return name === undefined ? undefined : toVolume(backend, name.uuid, { subvolumes: [subvolume], disk });
    },
  });
}

/** A page of our snapshots over all backends and pools, or of those of one source. */
export async function listSnapshots(
  backends: readonly Backend[],
  sourceUuid: string | undefined,
  request: PageRequest,
  call: Call,
): Promise<Page<Snapshot>> {
  return await listPage(backends, request, call, {
    rows: SNAPSHOT_ROWS,
    fetch: ({ backend, pool }, after, limit) =>
      backend.rds.run((settings) => snapshotsPage(settings, { pool, after, limit }, sourceUuid), call),
    read: ({ backend }, { subvolume }) => {
      const name = parseSnapshotName(subvolume.name);
      return name === undefined ? undefined : toSnapshot(backend.name, subvolume.fs, name);
    },
  });
}

function sectionsOf(backends: readonly Backend[]): Section[] {
  return backends.flatMap((backend) => backend.rds.settings.pools.map((pool) => ({ backend, pool })));
}

/**
 * Fills a page from one section after the other. A section that cannot be read fails the call: a list that is short
 * without saying so makes its reader believe that objects are gone.
 */
export async function listPage<T extends { readonly id: string }>(
  backends: readonly Backend[],
  request: PageRequest,
  call: Call,
  lister: Lister<T>,
): Promise<Page<T>> {
  const sections = sectionsOf(backends);
  const limit = request.maxEntries === 0 ? lister.rows : Math.min(request.maxEntries, lister.rows);
  const start = startOf(sections, request.token);
  const entries: T[] = [];
  let after = start.after;
  for (const [index, section] of sections.entries()) {
    if (index < start.index) {
      continue;
    }
    const page = await fetchPage(section, after, limit - entries.length, call, lister);
    entries.push(...firstOfEach(page.objects.flatMap((row) => lister.read(section, row) ?? [])));
    const last = page.objects.at(-1)?.subvolume.subvolumeId ?? after;
    if (page.more || (entries.length >= limit && index < sections.length - 1)) {
      return { entries, nextToken: tokenOf(section, last) };
    }
    after = 0n;
  }
  return { entries, nextToken: '' };
}

/** Rows that a lost race left of an id come soon after the row that is the object; on its page they are left out. */
function firstOfEach<T extends { readonly id: string }>(entries: readonly T[]): T[] {
  return entries.filter(({ id }, index) => entries.findIndex((entry) => entry.id === id) === index);
}

async function fetchPage<T>(section: Section, after: bigint, limit: number, call: Call, lister: Lister<T>) {
  try {
    return await lister.fetch(section, after, limit);
  } catch (error) {
    throw failure(error, `list of pool ${section.pool.label} on ${section.backend.name}`, call);
  }
}

function startOf(sections: readonly Section[], token: string): { readonly index: number; readonly after: bigint } {
  if (token === '') {
    return { index: 0, after: 0n };
  }
  const parsed = parsePageToken(token);
  const index = sections.findIndex(
    ({ backend, pool }) => backend.name === parsed?.backend && pool.label === parsed.pool,
  );
  if (parsed === undefined || index < 0) {
    throw new StorageError('DRV-TOKEN', '');
  }
  return { index, after: parsed.after };
}

function tokenOf({ backend, pool }: Section, after: bigint): string {
  return printPageToken({ backend: backend.name, pool: pool.label, after });
}
