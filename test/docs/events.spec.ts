import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { EVENTS, type EventMeaning, type EventReason } from '../../src/kubernetes/reasons.ts';

const page = readFileSync(join(import.meta.dirname, '../../docs/events.md'), 'utf8');
const events: readonly (readonly [string, EventMeaning])[] = Object.entries(EVENTS);

test('docs/events.md tells of exactly the Events that there are, in their order, with the advice that each has', () => {
  const rows = [...page.matchAll(/^\| `([A-Za-z]+)` \| (\w+) \| ([^|]+) \| ([^|]+) \| ([^|]+) \|$/gm)];
  const documented = rows.map(([, reason, type, about, , advice]) => {
    const ownWords = EVENTS[reason as EventReason]?.advice === '';
    return [reason, type, about, ownWords ? '' : advice];
  });
  assert.deepEqual(
    documented,
    events.map(([reason, { type, about, advice }]) => [
      reason,
      type,
      about.join(', '),
      advice === '' ? '' : `${advice}.`,
    ]),
  );
});

test('each Event of the list is told somewhere in the driver', () => {
  const root = join(import.meta.dirname, '../../src');
  const files = globSync('**/*.ts', { cwd: root, exclude: ['kubernetes/reasons.ts', '**/*.spec.ts'] });
  const source = files.map((file) => readFileSync(join(root, file), 'utf8')).join('\n');
  for (const [reason] of events) assert.ok(source.includes(`'${reason}'`), reason);
});
