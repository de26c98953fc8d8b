import { BACKEND_NAME } from './ids.ts';

/**
 * Where a listing goes on: after this subvolume-id, in this pool of this backend. The order of a listing is that of the
 * configuration and then of the ids, which Btrfs never reuses, so a token needs no memory in the driver, survives its
 * restart, and neither loses nor repeats a row when others are deleted meanwhile.
 */
export interface PageToken {
  readonly backend: string;
  readonly pool: string;
  readonly after: bigint;
}

const TOKEN = /^([a-z0-9-]+)\/([^/]+)\/(0|[1-9][0-9]{0,18})$/;

/** Numbers of the device have 64 bits, signed. */
const MAX_ID = 2n ** 63n - 1n;

export function printPageToken(token: PageToken): string {
  return `${token.backend}/${token.pool}/${token.after}`;
}

/** @returns undefined for everything that {@link printPageToken} does not print. */
export function parsePageToken(text: string): PageToken | undefined {
  const [, backend, pool, after] = TOKEN.exec(text) ?? [];
  if (backend === undefined || pool === undefined || after === undefined || !BACKEND_NAME.test(backend)) {
    return undefined;
  }
  const id = BigInt(after);
  return id > MAX_ID ? undefined : { backend, pool, after: id };
}
