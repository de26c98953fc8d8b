import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { status } from '@grpc/grpc-js';
import { parse } from 'yaml';
import { parseConfig } from '../../src/config/load.ts';
import { snapshotParameters, volumeParameters } from '../../src/csi/parameters.ts';
import { codes } from '../../src/csi/status.ts';
import { tuningRanges } from '../../src/csi/tuning.ts';

const read = (path: string) => readFileSync(join(import.meta.dirname, '../..', path), 'utf8');

/** First cells of the table rows under a heading, without their back-quotes. */
function firstCells(markdown: string, from: string, to: string): string[] {
  const part = markdown.slice(markdown.indexOf(from), to === '' ? undefined : markdown.indexOf(to));
  const cells = [...part.matchAll(/^\| `?([^|`]+?)`? \|/gm)].map((match) => match[1] ?? '');
  return cells.filter((cell) => !/^(-+|code|key|parameter)$/.test(cell));
}

test('docs/errors.md lists exactly the codes that the driver answers with', () => {
  const documented = firstCells(read('docs/errors.md'), '| code', 'After an error');
  const used = new Set(Object.values(codes).map((code) => status[code] ?? ''));
  assert.deepEqual(new Set(documented), new Set([...used, 'UNIMPLEMENTED']));
});

test('the example in docs/configuration.md is valid and its table lists exactly its keys', () => {
  const markdown = read('docs/configuration.md');
  const example: unknown = parse(/```yaml\n(.*?)```/s.exec(markdown)?.[1] ?? '');
  assert.ok(parseConfig(example, 'the example'));
  const keys = [...new Set(leaves(example, ''))];
  assert.deepEqual(new Set(firstCells(markdown, '| key', '## StorageClass')), new Set(keys));
});

test('docs/configuration.md lists exactly the parameters of both classes, with their ranges', () => {
  const markdown = read('docs/configuration.md');
  const known = (check: () => unknown) => /known: (.*) \[DRV-INVALID\]$/.exec(messageOf(check))?.[1]?.split(', ') ?? [];
  assert.deepEqual(
    firstCells(markdown, '## StorageClass', '## VolumeSnapshotClass'),
    known(() => volumeParameters({ nonsense: '' })),
  );
  assert.deepEqual(
    firstCells(markdown, '## VolumeSnapshotClass', ''),
    known(() => snapshotParameters({ nonsense: '' })),
  );
  for (const [key, [min, max]] of Object.entries(tuningRanges)) {
    assert.ok(markdown.includes(`| \`${key}\` | ${min}–${max} |`), `${key}: ${min}–${max}`);
  }
});

/** Paths of all leaves, and of the lists of objects on the way. */
function leaves(value: unknown, path: string): string[] {
  if (Array.isArray(value)) {
    return value.some((item) => typeof item === 'object')
      ? [path, ...value.flatMap((item) => leaves(item, `${path}[]`))]
      : [path];
  }
  if (typeof value === 'object' && value !== null) {
    return Object.entries(value).flatMap(([key, inner]) => leaves(inner, path === '' ? key : `${path}.${key}`));
  }
  return [path];
}

function messageOf(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  return '';
}
