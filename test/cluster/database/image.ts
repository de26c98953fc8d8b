import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DescribedImage } from '../built-images.ts';

/** What pods name that run the database. */
export const DATABASE_IMAGE = 'rose-csi.invalid/postgresql:debian';

/** PostgreSQL, as Debian has it. */
export function databaseImage(): DescribedImage {
  const directory = import.meta.dirname;
  const hash = createHash('sha256')
    .update(readFileSync(join(directory, 'Dockerfile')))
    .digest('hex');
  return {
    name: DATABASE_IMAGE,
    key: `postgresql-${hash.slice(0, 16)}`,
    how: (base) => ['--build-arg', `BASE=${base}`, directory],
  };
}
