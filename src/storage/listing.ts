import {
  choose,
  type ListedObject,
  type ListedPage,
  parseName,
  parseVolumeName,
  type Rival,
  listVolumes as volumesPage,
} from '../rds/index.ts';
import type { Backend, Backends } from './backend.ts';
import type { Call } from './call.ts';
import { isChosen } from './copies.ts';
import { StorageError } from './errors.ts';
import { failure } from './failures.ts';
import { parsePageToken, printPageToken } from './page-token.ts';
import type { Page, PageRequest, Volume } from './storage.ts';
import { toVolume } from './volumes.ts';

/** Rows of one exec, so that its answer stays below 48 KiB (U21): at most 370 bytes a volume. */
export const VOLUME_ROWS = 130;

type Pool = Backend['rds']['settings']['pools'][number];

interface Section {
  readonly backend: Backend;
  readonly pool: Pool;
}

/** What is listed. */
interface Lister<T> {
  /** Of one exec, so that its answer stays below 48 KiB (U21). */
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
    for (let more = true; more; ) {
      const page = await fetchPage(section, after, limit - entries.length, call, lister);
      const objects = await objectsOf(section, page, call);
      entries.push(...objects.flatMap((row) => lister.read(section, row) ?? []));
      after = page.objects.at(-1)?.subvolume.subvolumeId ?? after;
      ({ more } = page);
      const isLast = !more && index === sections.length - 1;
      if (!isLast && (entries.length >= limit || (more && entries.length > 0))) {
        return { entries, nextToken: tokenOf(section, after) };
      }
    }
    after = 0n;
  }
  return { entries, nextToken: '' };
}

/**
 * The rows of a page that are objects. Of an id that could be several the RDS is asked which it is, as every call asks it; where
 * nothing says so, the first in the order of the list stands for all.
 */
async function objectsOf(section: Section, page: ListedPage, call: Call): Promise<readonly ListedObject[]> {
  const { rds } = section.backend;
  const byId = Map.groupBy(page.objects, ({ subvolume }) => parseName(subvolume.name)?.uuid);
  const labels = rds.settings.pools.map(({ label }) => label);
  const others = new Set<ListedObject>();
  for (const rows of byId.values()) {
    const [first] = rows;
    const object = first && parseName(first.subvolume.name);
    const rivals = page.rivals.filter(({ uuid }) => uuid === object?.uuid);
    if (object === undefined || rows.length + rivals.length === 1) continue;
    const chosen = await ask(section, call, () => rds.run((settings) => choose(settings, object), call));
    const isEarlier = ({ fs }: Rival) => labels.slice(0, labels.indexOf(section.pool.label)).includes(fs);
    const isListed = (row: ListedObject) =>
      chosen === undefined ? row === first && !rivals.some(isEarlier) : isChosen(row.subvolume, chosen);
    for (const row of rows) if (!isListed(row)) others.add(row);
  }
  return page.objects.filter((row) => !others.has(row));
}

async function fetchPage<T>(section: Section, after: bigint, limit: number, call: Call, lister: Lister<T>) {
  return await ask(section, call, () => lister.fetch(section, after, limit));
}

async function ask<T>({ backend, pool }: Section, call: Call, asking: () => Promise<T>): Promise<T> {
  try {
    return await asking();
  } catch (error) {
    throw failure(error, `list of pool ${pool.label} on ${backend.name}`, call);
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
