import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { applied, baseOf, difference } from '../../scripts/chart/difference.ts';

const text = fc.array(fc.constantFrom('a', 'b', '- c', '+ d', '', '@@ e'), { maxLength: 12 });

test('a text comes back from its difference, whatever it and its base are', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'rose-csi-difference-'));
  t.after(() => rm(directory, { recursive: true }));
  const file = join(directory, 'base.yaml');
  const lines = (list: readonly string[]) => list.map((line) => `${line}\n`).join('');
  const property = fc.asyncProperty(text, text, async (one, other) => {
    await writeFile(file, lines(one));
    const found = await difference(file, lines(other));
    assert.equal(baseOf(found), 'base.yaml');
    assert.equal(applied(lines(one), found), lines(other));
  });
  await fc.assert(property, { numRuns: 200 });
});

test('a difference from another text is refused', () => {
  const found = '--- base.yaml\n+++ this\n@@ -1,2 +1,2 @@\n a\n-b\n+c\n';
  assert.equal(applied('a\nb\n', found), 'a\nc\n');
  assert.throws(() => applied('a\nd\n', found), /line 2 is d, and not b/);
  assert.throws(() => baseOf('kind: Pod\n'), /a difference begins with/);
});
