import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type JsonRow, RouterOsError } from '../../routeros/index.ts';
import { contextAnswering } from '../console.fixture.ts';
import type { Finding } from '../finding.ts';
import { DEVICE_CHECKS } from './device.ts';

async function found(id: string, answer: readonly JsonRow[] | Error): Promise<Finding> {
  const check = DEVICE_CHECKS.find((candidate) => candidate.id === id);
  assert.ok(check);
  return check.run(contextAnswering(answer));
}

test('policies: exactly what is needed, more, less, and not to be read', async () => {
  const cases: readonly [string | Error, Finding['verdict'], RegExp][] = [
    ['ssh,read,write,test,!ftp,!policy', 'fits', /exactly ssh, read, write, test/],
    ['local;ssh;read;write;test;sensitive', 'differs', /more than it needs: local, sensitive/],
    ['ssh,read,!write,test', 'unusable', /write are missing/],
    ['', 'untested', /may not read/],
    [new RouterOsError('rejected', 'bad command name user (line 1 column 25)'), 'untested', /may not read/],
  ];
  for (const [policy, verdict, device] of cases) {
    const finding = await found('policies', policy instanceof Error ? policy : [{ policy }]);
    assert.equal(finding.verdict, verdict, String(policy));
    assert.match(finding.device, device);
  }
});

test('policies given as a list', async () => {
  assert.equal((await found('policies', [{ policy: ['ssh', 'read', 'write', 'test'] }])).verdict, 'fits');
});

test('versions: too old, not recommended, good, and not to be read', async () => {
  const verdicts = {
    unusable: ['', '6.49.10 (long-term)', '7.20.8 (stable)'],
    differs: ['7.21 (stable)', '7.22.1 (stable)', '7.23.4 (stable)', '7.24 (stable)', '7.24rc1 (testing)'],
    fits: ['7.23.5 (stable)', '7.24.1 (stable)', '7.30 (stable)', '8.0 (stable)'],
  };
  for (const [verdict, versions] of Object.entries(verdicts)) {
    for (const version of versions) {
      assert.equal((await found('version', [{ version, board: 'RDS2216' }])).verdict, verdict, version);
    }
  }
  assert.equal((await found('version', new RouterOsError('failed', 'not enough permissions (9)'))).verdict, 'untested');
});

test('a package that is missing or disabled cannot be used', async () => {
  const routeros = { name: 'routeros', version: '7.24.5', disabled: false };
  assert.equal((await found('package', [routeros])).verdict, 'unusable');
  assert.equal((await found('package', [routeros, { name: 'rose-storage', disabled: 'yes' }])).verdict, 'unusable');
  assert.equal((await found('package', [routeros, { name: 'Storage', version: '7.24.5' }])).verdict, 'fits');
});

test('the clock is compared in its own zone, however the offset is written', async () => {
  for (const [offset, hours] of [
    ['7200', 2],
    ['+02:00', 2],
    ['-03:30', -3.5],
    ['02:00:00', 2],
    ['0', 0],
  ] as const) {
    const local = new Date(Date.now() + hours * 3_600_000).toISOString();
    const row = { date: local.slice(0, 10), time: local.slice(11, 19), offset };
    assert.equal((await found('clock', [row])).verdict, 'fits', offset);
  }
  const old = await found('clock', [{ date: 'jan/02/2026', time: '03:04:05', offset: '0' }]);
  assert.equal(old.verdict, 'differs');
  const late = new Date(Date.now() - 3 * 3_600_000).toISOString();
  const off = await found('clock', [{ date: late.slice(0, 10), time: late.slice(11, 19), offset: '0' }]);
  assert.match(off.device, /off by 3 hours/);
});
