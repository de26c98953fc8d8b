import type { Built } from '../building.ts';
import { answer } from '../commands.ts';
import { BUSYBOX_IMAGE, busybox } from '../images.ts';
import type { PlainImage } from '../oci.ts';
import { imageOf } from '../versions.ts';

/** What the suite's pods run, under the names that it uses. */
export interface SuiteImages {
  readonly images: readonly PlainImage[];
  readonly aliases: readonly Alias[];
}

/** A second name of an image that is there. */
export interface Alias {
  readonly name: string;
  readonly alias: string;
}

/** For a cluster in which the suite does not run. */
export const NO_IMAGES: SuiteImages = { images: [], aliases: [] };

/** Upstream's own program, with a shell beside it. */
const AGNHOST = 'rose-csi.invalid/agnhost:built';

/**
 * What stands in for each image that specs of storage use, since no registry is asked: for most a shell will do. Of
 * jessie-dnsutils they want a dd that reads past the cache, which busybox has not, and Debian has.
 */
const STAND_INS: Readonly<Record<string, string>> = {
  agnhost: AGNHOST,
  busybox: BUSYBOX_IMAGE,
  nginx: BUSYBOX_IMAGE,
  'jessie-dnsutils': imageOf('node'),
};

/** The images for a suite that was built. */
export async function suiteImages(programs: Built): Promise<SuiteImages> {
  const shell = await busybox(AGNHOST);
  const files = { ...shell.files, agnhost: programs.path('agnhost') };
  const listed = await answer(programs.path('e2e.test'), ['--list-images']);
  return { images: [{ ...shell, files, entrypoint: ['/agnhost'] }], aliases: aliasesFor(listed.split('\n')) };
}

/**
 * The names by which the suite asks for the stand-ins; it may use several versions of one.
 *
 * @param listed lines of `e2e.test --list-images`.
 * @throws Error when there is a stand-in for what is not listed.
 */
export function aliasesFor(listed: readonly string[]): readonly Alias[] {
  return Object.entries(STAND_INS).flatMap(([repository, name]) => {
    const asked = listed.filter((one) => one.startsWith(`registry.k8s.io/e2e-test-images/${repository}:`));
    if (asked.length === 0) throw new Error(`the suite uses no image ${repository}`);
    return [...new Set(asked)].sort().map((alias) => ({ name, alias }));
  });
}
