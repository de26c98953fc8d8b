import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PoolHealthFacts } from '../rds/index.ts';
import { examinePool } from './pool-health.ts';

/** Of a pool with one disk, of which nothing is shown but what is given. */
function examined(shown: {
  readonly missing?: boolean;
  readonly errors?: Record<string, bigint>;
  readonly warning?: string;
  readonly diskErrors?: Record<string, bigint>;
}) {
  const { missing, errors = {}, warning = '', diskErrors = {} } = shown;
  const facts: PoolHealthFacts = {
    isDeviceMissing: missing,
    errors: new Map(Object.entries(errors)),
    disks: [{ slot: 'nvme1', criticalWarning: warning, errors: new Map(Object.entries(diskErrors)) }],
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
  const warnings = ['4', '0x1', 'true', 'yes', 'reliability', 'spare,temperature', 'Read Only'];
  const none = ['0', '0x00', 'no', 'false', 'none', 'OK'];
  const unknown = ['', '-', 'blue', '1.5'];
  const verdict = (warning: string) => {
    const { examined: codes, conditions } = examined({ warning });
    return codes.length === 0 ? 'unknown' : conditions.length === 0 ? 'none' : 'warning';
  };
  assert.deepEqual(new Set(warnings.map(verdict)), new Set(['warning']));
  assert.deepEqual(new Set(none.map(verdict)), new Set(['none']));
  assert.deepEqual(new Set(unknown.map(verdict)), new Set(['unknown']));
});
