import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { PAGE_FILES } from './page-names.ts';

/** A file of the page, ready to be sent. */
export interface PageFile {
  readonly type: string;
  readonly etag: string;
  readonly plain: Buffer;
  readonly gzipped: Buffer;
  readonly brotli: Buffer;
}

/**
 * The files of the page by name.
 *
 * @param directory where the build has put them
 * @throws Error when one is not there
 */
export async function readPage(directory: string): Promise<ReadonlyMap<string, PageFile>> {
  const files = Object.entries(PAGE_FILES).map(async ([name, type]): Promise<[string, PageFile]> => {
    const plain = await readFile(join(directory, name));
    const etag = `"${createHash('sha256').update(plain).digest('base64url').slice(0, 22)}"`;
    return [name, { type, etag, plain, gzipped: gzipSync(plain), brotli: brotliCompressSync(plain) }];
  });
  try {
    return new Map(await Promise.all(files));
  } catch (cause) {
    throw new Error(`the page is not in ${directory}: \`npm run build\` makes it`, { cause });
  }
}
