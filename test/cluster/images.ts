import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Built, Say } from './building.ts';
import { buildImages, type DescribedImage } from './built-images.ts';
import { CACHE } from './cache.ts';
import { answer } from './commands.ts';
import { driverImages } from './driver-images.ts';
import { type PlainImage, writeImage } from './oci.ts';
import { imageOf } from './versions.ts';

/** What containerd starts in each pod before its containers. */
export const PAUSE_IMAGE = 'registry.k8s.io/pause:3.10.1';
/** A shell and its tools, for pods that read and write. */
export const BUSYBOX_IMAGE = 'docker.io/library/busybox:1.37';

/** The chart's image of each sidecar: the program in it. */
const SIDECARS = {
  provisioner: 'csi-provisioner',
  attacher: 'csi-attacher',
  resizer: 'csi-resizer',
  snapshotter: 'csi-snapshotter',
  registrar: 'registrar',
  livenessprobe: 'livenessprobe',
};

/** What a cluster has beside the images that all have. */
export interface MoreImages {
  readonly plain: readonly PlainImage[];
  readonly described: readonly DescribedImage[];
}

/** Makes every image that a pod may name, unless it was made before. @param also beside them. @returns their archives. */
export async function makeImages(programs: Built, say: Say, also: MoreImages): Promise<readonly string[]> {
  const single = (name: string, program: string): PlainImage => ({
    name,
    entrypoint: [`/${program}`],
    files: { [program]: programs.path(program) },
  });
  const images = [
    single(PAUSE_IMAGE, 'pause'),
    ...Object.entries(SIDECARS).map(([key, program]) => single(imageOf(key), program)),
    await busybox(BUSYBOX_IMAGE),
    ...also.plain,
  ];
  const archives: string[] = [];
  for (const image of images) archives.push(await make(image, say));
  return [...archives, ...buildImages([...(await driverImages()), ...also.described], say)];
}

async function make(image: PlainImage, say: Say): Promise<string> {
  const hash = createHash('sha256')
    .update(JSON.stringify(image))
    .update(readFileSync(join(import.meta.dirname, 'oci.ts')));
  for (const file of Object.values(image.files)) hash.update(readFileSync(file));
  const archive = join(CACHE, 'images', `${hash.digest('hex').slice(0, 16)}.tar`);
  if (!existsSync(archive)) {
    await writeImage(image, archive);
    say(`image ${image.name} is made`);
  }
  return archive;
}

/** An image of this machine's busybox: a shell and its tools. */
export async function busybox(name: string): Promise<PlainImage> {
  const program = (await answer('sh', ['-c', 'command -v busybox'])).trim();
  const applets = (await answer(program, ['--list']))
    .split('\n')
    .filter((applet) => applet !== '' && applet !== 'busybox');
  const links = Object.fromEntries(applets.map((applet) => [`bin/${applet}`, 'busybox']));
  return { name, files: { 'bin/busybox': program }, links };
}
