import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import * as z from 'zod';
import { CHART } from '../../scripts/chart/helm.ts';

/** The Kubernetes that is built unless another is asked for. Its module is committed: go/kubernetes. */
export const KUBERNETES = '1.35.4';

const values = z.looseObject({
  images: z.record(z.string(), z.looseObject({ repository: z.string(), tag: z.string() })),
});
const { images } = values.parse(parse(readFileSync(join(CHART, 'values.yaml'), 'utf8')));
const { appVersion } = z
  .looseObject({ appVersion: z.string() })
  .parse(parse(readFileSync(join(CHART, 'Chart.yaml'), 'utf8')));

/**
 * Name and tag of an image as the chart gives it to a pod.
 *
 * @param key below `images` in the chart's values.
 * @throws Error when the chart has no such image.
 */
export function imageOf(key: string): string {
  const image = images[key];
  if (image === undefined) throw new Error(`the chart has no image ${key}`);
  return `${image.repository}:${image.tag || appVersion}`;
}
