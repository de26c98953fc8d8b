/**
 * Makes the files of the chart that are made from others: schema, README, plain manifests and golden renderings. Run it
 * after a change to the chart, to the configuration, or to the version, and look at the difference.
 */
import { writeFile } from 'node:fs/promises';
import { relative } from 'node:path';
import { chartFiles, renderings } from './chart/files.ts';
import { installHelm } from './chart/helm.ts';

for (const { path, content } of chartFiles()) await writeFile(path, content);
const rendered = await renderings(await installHelm());
for (const { path, content } of rendered) await writeFile(path, content);
console.log(`wrote the chart's schema and README, and ${rendered.map(({ path }) => relative('.', path)).join(', ')}`);
