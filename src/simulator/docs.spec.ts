import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Fault, PoolCondition } from './faults/fault.ts';
import { parseCondition, parseFaultOrder } from './faults/fault-schema.ts';
import { QUIRKS } from './quirks/quirks.ts';

const MARKDOWN = readFileSync(join(import.meta.dirname, '../../docs/simulator.md'), 'utf8');

/** The rows of the table under a heading, without the head; cells without their back-quotes. */
function table(heading: string): string[][] {
  const section = MARKDOWN.split(`\n## ${heading}\n`)[1]?.split('\n## ')[0] ?? '';
  const rows = section.split('\n').filter((line) => line.startsWith('|'));
  return rows.slice(2).map((row) =>
    row
      .slice(1, -1)
      .split(' | ')
      .map((cell) => cell.trim()),
  );
}

const unquoted = (cell = '') => cell.replaceAll('`', '');

test('docs/simulator.md lists exactly the quirks, with what they do', () => {
  const documented = table('Quirks').map(([name, unknown, summary]) => [unquoted(name), unknown, summary]);
  assert.deepEqual(
    documented,
    QUIRKS.map(({ name, unknown = '', summary }) => [name, unknown, summary]),
  );
});

/** A value for each property that a fault or a condition can have. */
const SAMPLES: Readonly<Record<string, unknown>> = {
  at: {},
  error: 'x',
  when: 'after',
  scriptRunsOn: true,
  downMs: 1,
  bytes: 1,
  columns: 1,
  where: 'after',
  ms: 1,
  disconnect: true,
  text: 'x',
  line: 'x',
  channels: 1,
  full: true,
  readOnly: true,
  mounted: false,
  swappedFor: null,
  removalMs: 1,
  missingDevice: true,
  deviceErrors: 1,
  criticalWarning: 1,
  ioErrors: 1,
};

test('docs/simulator.md lists exactly the kinds of fault, with their properties', () => {
  const known: Readonly<Record<Fault['kind'], true>> = {
    fail: true,
    kill: true,
    drop: true,
    restart: true,
    stall: true,
    cut: true,
    wrap: true,
    garbage: true,
    flood: true,
    'channel-limit': true,
  };
  const documented = table('Faults').map(([kind, properties]) => ({
    kind: unquoted(kind),
    ...Object.fromEntries(
      unquoted(properties)
        .split(', ')
        .map((name) => [name, SAMPLES[name]]),
    ),
  }));
  assert.deepEqual(
    documented.map(({ kind }) => kind),
    Object.keys(known),
  );
  for (const fault of documented) assert.deepEqual(parseFaultOrder(fault), { fault, times: 1 });
});

test('docs/simulator.md lists exactly the conditions of a pool', () => {
  const known: Readonly<Record<Exclude<keyof PoolCondition, 'pool'>, true>> = {
    full: true,
    readOnly: true,
    mounted: true,
    swappedFor: true,
    removalMs: true,
    missingDevice: true,
    deviceErrors: true,
    criticalWarning: true,
    ioErrors: true,
  };
  const documented = table('Pool conditions').map(([name]) => unquoted(name));
  assert.deepEqual(documented, Object.keys(known));
  const condition = Object.fromEntries(documented.map((name) => [name, SAMPLES[name]]));
  assert.deepEqual(parseCondition(condition), condition);
});
