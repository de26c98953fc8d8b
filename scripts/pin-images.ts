/**
 * `node scripts/pin-images.ts COMMAND…`, for a release: writes the digest of every image into the chart's values, and makes
 * its README and the plain manifests again. COMMAND, with an image behind it, prints the digest that its tag leads to, such as
 * `crane digest`. Every image has to be in its registry by then. The result is published and not committed.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import manifest from '../package.json' with { type: 'json' };
import { chartFiles, manifests, write } from './chart/files.ts';
import { CHART } from './chart/helm.ts';
import { digestBy, pinned } from './chart/pinned.ts';

const [program, ...args] = process.argv.slice(2);
if (program === undefined) throw new Error('usage: node scripts/pin-images.ts COMMAND...');
const VALUES = join(CHART, 'values.yaml');
await writeFile(VALUES, await pinned(await readFile(VALUES, 'utf8'), manifest.version, digestBy(program, args)));
await write(chartFiles());
await write([await manifests('helm')]);
