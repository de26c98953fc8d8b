import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parse } from 'yaml';
import * as z from 'zod';
import { CHART } from '../../scripts/chart/helm.ts';
import { digestBy, pinned } from '../../scripts/chart/pinned.ts';

const text = readFileSync(join(CHART, 'values.yaml'), 'utf8');
const schema = z.looseObject({
  images: z.record(z.string(), z.strictObject({ repository: z.string(), tag: z.string(), digest: z.string() })),
});

/** A registry in which the digest of an image is that of its name. */
const REGISTRY = `console.log('sha256:' + require('node:crypto').hash('sha256', process.argv[1]))`;
const digest = (image: string) => `sha256:${createHash('sha256').update(image).digest('hex')}`;

test('a released chart names every image by the digest that its tag leads to, and says all else as before', async () => {
  const found = await pinned(text, '1.2.3', digestBy(process.execPath, ['-e', REGISTRY]));
  const before = schema.parse(parse(text));
  const images = Object.entries(before.images).map(([key, image]) => [
    key,
    { ...image, digest: digest(`${image.repository}:${image.tag || '1.2.3'}`) },
  ]);
  assert.deepEqual(parse(found), { ...before, images: Object.fromEntries(images) });
  const others = (values: string) => values.split('\n').filter((line) => !line.includes(' digest: '));
  assert.deepEqual(others(found), others(text), 'comments included');
});

test('an image without a digest ends the release', async () => {
  for (const [answer, message] of [
    [`console.log('latest')`, /no digest of x:1: latest/],
    [`console.error('not found'); process.exit(1)`, /no digest of x:1: not found/],
  ] as const) {
    await assert.rejects(digestBy(process.execPath, ['-e', answer])('x:1'), message);
  }
});
