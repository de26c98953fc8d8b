import assert from 'node:assert/strict';
import { appendFile, readFile, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { temporaryDirectory } from './device.testing.ts';
import { Journal } from './journal.ts';

test('lines are read back in their order', async (t) => {
  const path = join(await temporaryDirectory(t), 'journal');
  const journal = await Journal.rewrite(path, ['kept']);
  journal.append({ a: 1 });
  journal.append({ b: 'ü' });
  journal.close();
  assert.deepEqual(await Journal.read(path), ['kept', { a: 1 }, { b: 'ü' }]);
});

test('a journal that is not there is empty', async (t) => {
  assert.deepEqual(await Journal.read(join(await temporaryDirectory(t), 'journal')), []);
});

test('cut off anywhere, it keeps the whole lines before the cut', async (t) => {
  const directory = await temporaryDirectory(t);
  const source = join(directory, 'source');
  const lines = ['one', { two: 2 }, ['three', 'é']];
  const journal = await Journal.rewrite(source, []);
  const ends: number[] = [(await readFile(source)).length];
  for (const line of lines) {
    journal.append(line);
    ends.push((await readFile(source)).length);
  }
  journal.close();
  const content = await readFile(source);
  const [start = 0, end = 0] = [ends[0], ends.at(-1)];
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: start, max: end }), async (cut) => {
      const path = join(directory, 'cut');
      await writeFile(path, content);
      await truncate(path, cut);
      const whole = ends.filter((position) => position <= cut).length - 1;
      assert.deepEqual(await Journal.read(path), lines.slice(0, whole));
    }),
    { numRuns: 50 },
  );
});

test('a damaged line before the last is an error, not a loss', async (t) => {
  const path = join(await temporaryDirectory(t), 'journal');
  (await Journal.rewrite(path, [])).close();
  await appendFile(path, '{"torn\n["whole"]\n');
  await assert.rejects(Journal.read(path), /line 2: not JSON/);
});

test('another kind of file is not taken for a journal', async (t) => {
  const path = join(await temporaryDirectory(t), 'journal');
  await writeFile(path, '["no header"]\n');
  await assert.rejects(Journal.read(path), /not a journal that this version/);
});
