import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sentenceOf } from '../failures/message.ts';
import { judge } from './probe.ts';

const UUID = '11111111-2222-3333-4444-555555555555';
const expected = [{ label: 'pool', uuid: UUID, mountPoint: 'pool' }];
const version = { version: '7.24.1 (stable)' };
const storage = { name: 'rose-storage', version: '7.24.1', disabled: false };
const filesystem = { label: 'pool', uuid: UUID };
const mount = { slot: 'nvme1', fs: 'btrfs', 'fs-label': 'pool', 'mount-point': '/pool', size: 1000, free: 900 };
const language = { 'id-type': 'num', intervals: true, none: 0, one: 1 };
const fit = [version, language, storage, filesystem, mount];

test('an RDS as configured is fit, with its facts', () => {
  const report = judge(fit, expected);
  assert.deepEqual(report.problems, []);
  assert.equal(report.version, '7.24.1 (stable)');
  assert.deepEqual(report.pools, [{ label: 'pool', mountPoint: '/pool', freeBytes: 900n }]);
});

const problems: readonly [string, readonly object[], RegExp][] = [
  [
    'an old RouterOS',
    [{ version: '7.20.8 (stable)' }, language, storage, filesystem, mount],
    /RouterOS 7\.20\.8 .*7\.21 or newer/,
  ],
  ['a version that is missing', [language, storage, filesystem, mount], /unknown version/],
  [
    'ids that are texts',
    [version, { ...language, 'id-type': 'str' }, storage, filesystem, mount],
    /subvolume-id is not a number/,
  ],
  [
    'expressions without intervals',
    [version, { ...language, intervals: false }, storage, filesystem, mount],
    /does not support intervals/,
  ],
  ['no storage package', [version, language, filesystem, mount], /rose-storage is not installed/],
  ['a disabled package', [version, language, { ...storage, disabled: 'yes' }, filesystem, mount], /rose-storage/],
  ['no such filesystem', [version, language, storage, mount], /pool pool: no Btrfs filesystem has this label/],
  ['two filesystems with one label (U18)', [...fit, filesystem], /pool pool: 2 Btrfs filesystems/],
  [
    'another filesystem with the label',
    [version, language, storage, { label: 'pool', uuid: 'x' }, mount],
    /its uuid is x/,
  ],
  ['a pool that is not mounted', [version, language, storage, filesystem], /it is not mounted/],
  [
    'another mount point',
    [version, language, storage, filesystem, { ...mount, 'mount-point': 'b' }],
    /mounted at b, configured is pool/,
  ],
];

for (const [what, rows, message] of problems) {
  test(`an RDS is unfit for ${what}`, () => {
    const report = judge(rows as Parameters<typeof judge>[0], expected);
    assert.equal(report.problems.length, 1);
    const { code, found } = report.problems[0] ?? assert.fail();
    assert.match(sentenceOf(code, found), message);
    assert.equal(code === 'RC-POOL', found.startsWith('pool pool: '));
  });
}

test('newer versions are supported, also a new major one', () => {
  for (const newer of ['7.21 (stable)', '7.100.1', '8.0beta1']) {
    assert.deepEqual(judge([{ version: newer }, language, storage, filesystem, mount], expected).problems, [], newer);
  }
});
