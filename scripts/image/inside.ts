/**
 * Runs inside of an image, with the sources mounted: drives the program of the image through the story of the demo.
 * `node inside.ts MAIN`, where MAIN is the program in the image.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Steps } from '../../test/demo/steps.ts';
import { tell } from '../../test/demo/story.ts';
import { install } from '../../test/support/installation.ts';

const [main] = process.argv.slice(2);
if (main === undefined) throw new Error('usage: node inside.ts MAIN');
const directory = await mkdtemp(join(tmpdir(), 'rose-csi-image-'));
const installation = await install(directory, { main });
try {
  const { difference, leaked } = await tell(
    installation,
    new Steps(installation.api, (text) => process.stdout.write(text)),
  );
  if (difference !== undefined) throw new Error(`the demo found a difference: ${difference}`);
  if (leaked.length > 0) throw new Error(`the demo left over: ${leaked.join(', ')}`);
} finally {
  await installation.stop();
  await rm(directory, { recursive: true, force: true });
}
