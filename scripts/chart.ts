/**
 * Makes the files of the chart that are made from others: schema, README, plain manifests and golden renderings. Run it
 * after a change to the chart, to the configuration, or to the version, and look at the difference.
 */
import { chartFiles, differences, renderings, write } from './chart/files.ts';
import { installHelm } from './chart/helm.ts';

await write(chartFiles());
const helm = await installHelm();
await write(await renderings(helm));
await write(await differences(helm));
