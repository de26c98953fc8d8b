import { parseDocument } from 'yaml';
import * as z from 'zod';
import { run } from './helm.ts';

/** Reports the digest, `sha256:…`, that an image has, of which repository and tag are given. */
export type DigestOf = (image: string) => Promise<string>;

const DIGEST = /^sha256:[0-9a-f]{64}$/;
const images = z.record(z.string(), z.looseObject({ repository: z.string(), tag: z.string() }));

/**
 * Values of the chart with the digest of each image; else they stay as they are, comments included.
 *
 * @param version the tag of images that have none.
 */
export async function pinned(values: string, version: string, digestOf: DigestOf): Promise<string> {
  const document = parseDocument(values);
  for (const [key, { repository, tag }] of Object.entries(images.parse(document.toJS().images))) {
    document.setIn(['images', key, 'digest'], await digestOf(`${repository}:${tag || version}`));
  }
  return document.toString({ lineWidth: 0, flowCollectionPadding: false });
}

/** Asks a program, which is given the image behind its other arguments. @throws Error when it tells no digest. */
export function digestBy(program: string, args: readonly string[]): DigestOf {
  return async (image) => {
    const { code, output, complaints } = await run(program, [...args, image]);
    const digest = output.trim();
    if (code !== 0 || !DIGEST.test(digest)) throw new Error(`no digest of ${image}: ${complaints || output}`);
    return digest;
  };
}
