import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PoolHealthFacts } from '../rds/index.ts';
import { examinePool } from './pool-health.ts';

/** Of a pool with one disk, or two, of which nothing is shown but what is given. */
function examined(shown: {
  readonly missing?: boolean;
  readonly errors?: Record<string, bigint | undefined>;
  readonly warning?: string;
  readonly diskErrors?: Record<string, bigint | undefined>;
  /** A second disk, by its critical warning and its counters. */
  readonly other?: readonly [warning: string, errors: Record<string, bigint>];
}) {
  const { missing, errors = {}, warning = '', diskErrors = {}, other } = shown;
  const diskOf = (slot: string, criticalWarning: string, counters: object) => ({
    slot,
    criticalWarning,
    errors: new Map(Object.entries(counters)),
  });
  const facts: PoolHealthFacts = {
    isDeviceMissing: missing,
    errors: new Map(Object.entries(errors)),
    disks: [diskOf('nvme1', warning, diskErrors), ...(other ? [diskOf('nvme2', ...other)] : [])],
  };
  const { conditions, examined } = examinePool(facts);
  return { examined, conditions: conditions.map(({ code, detail }) => `${code} ${detail}`.trim()) };
}

test('a pool of which nothing is shown is neither well nor not', () => {
  assert.deepEqual(examined({}), { examined: [], conditions: [] });
});

test('a pool that is well was examined for all', () => {
  assert.deepEqual(
    examined({ missing: false, errors: { 'read-errors': 0n }, warning: '0', diskErrors: { 'io-errors': 0n } }),
    { examined: ['PoolDeviceMissing', 'PoolDeviceErrors', 'PoolDiskWarning', 'PoolDiskErrors'], conditions: [] },
  );
});

test('each thing that is wrong is a condition with what was counted', () => {
  assert.deepEqual(
    examined({
      missing: true,
      errors: { 'read-errors': 0n, 'corruption-errors': 3n, 'write-errors': 1n },
      warning: '0x04',
      diskErrors: { 'io-errors': 7n },
    }).conditions,
    [
      'PoolDeviceMissing',
      'PoolDeviceErrors corruption-errors 3, write-errors 1',
      'PoolDiskWarning nvme1: 0x04',
      'PoolDiskErrors nvme1: io-errors 7',
    ],
  );
});

test('a critical warning may be a number or a word, and a word that no one knows says nothing', () => {
  const warnings = [
    '4',
    '0x1',
    'true',
    'yes',
    'reliability',
    'spare,temperature',
    'Read Only',
    'available-spare',
    'ok,spare',
  ];
  const none = ['0', '0x00', 'no', 'false', 'none', 'OK', '0, 0'];
  const unknown = ['', '-', 'blue', '1.5', 'none,blue'];
  assert.deepEqual(new Set(warnings.map(verdict)), new Set(['warning']));
  assert.deepEqual(new Set(none.map(verdict)), new Set(['none']));
  assert.deepEqual(new Set(unknown.map(verdict)), new Set(['unknown']));
});

test('words in which a warning is said not to be were taken for that warning', () => {
  const said = ['spare ok', 'temperature: normal', 'not degraded', 'no backup failed', 'spare 100%', 'read-only no'];
  assert.deepEqual(
    said.map(verdict),
    said.map(() => 'unknown'),
  );
});

test('one disk that is well spoke for another of which nothing is known', () => {
  const known = { warning: '0', diskErrors: { 'io-errors': 0n } };
  assert.deepEqual(examined({ ...known, other: ['', {}] }).examined, []);
  assert.deepEqual(examined({ ...known, other: ['spare ok', { 'io-errors': 0n }] }).examined, ['PoolDiskErrors']);
  assert.deepEqual(examined({ ...known, other: ['1', { 'io-errors': 2n }] }), {
    examined: ['PoolDiskWarning', 'PoolDiskErrors'],
    conditions: ['PoolDiskWarning nvme2: 1', 'PoolDiskErrors nvme2: io-errors 2'],
  });
});

test('a counter in a form that is not known was passed over, and the pool called well by the others', () => {
  assert.deepEqual(examined({ errors: { 'read-errors': 0n, 'write-errors': undefined } }).examined, []);
  assert.deepEqual(examined({ errors: { 'read-errors': 1n, 'write-errors': undefined } }), {
    examined: ['PoolDeviceErrors'],
    conditions: ['PoolDeviceErrors read-errors 1'],
  });
});

function verdict(warning: string): string {
  const { examined: codes, conditions } = examined({ warning });
  return codes.length === 0 ? 'unknown' : conditions.length === 0 ? 'none' : 'warning';
}
