import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { flagsProblem, mountOptions } from './mount-options.ts';

test('what users and kubelet write', () => {
  const context = 'context="system_u:object_r:container_file_t:s0:c1,c2"';
  const flags = ['noatime', 'discard', 'commit=30', 'data=ordered', 'logbsize=256k', 'stripe=8', context];
  assert.equal(flagsProblem(flags), undefined);
  assert.deepEqual(mountOptions(flags), { options: flags, readOnly: false });
});

test('what users copy from /etc/fstab must work: lists, and words for systemd', () => {
  const flags = ['_netdev', 'nofail,noatime, discard', 'defaults,ro', 'context="a:s0:c1,c2",noexec'];
  assert.equal(flagsProblem(flags), undefined);
  const options = ['noatime', 'discard', 'context="a:s0:c1,c2"', 'noexec'];
  assert.deepEqual(mountOptions(flags), { options, readOnly: true });
});

test('ro belongs to the published mount, not to the one that replays the journal', () => {
  assert.deepEqual(mountOptions(['ro', 'noatime']), { options: ['noatime'], readOnly: true });
});

for (const flag of [
  '',
  '-o',
  '--bind',
  'noatime,remount',
  'a b',
  'x-mount.mkdir',
  '_rnetdev',
  'noatime,',
  'context="a',
  'k="a"b"',
  'A',
  'a=',
  '=b',
  'bind',
  'remount',
  'loop=/dev/loop0',
  'norecovery',
  'noload',
  'logdev=/dev/sda',
  'shared',
  'offset=4096',
]) {
  test(`refused: ${JSON.stringify(flag)}`, () => {
    assert.match(flagsProblem([flag]) ?? '', /does not look like a mount option|is not offered/);
  });
}

test('whatever passes is one option: no second one, no blank, no leading dash', () => {
  fc.assert(
    fc.property(fc.string(), (flag) => {
      if (flagsProblem([flag]) !== undefined) return;
      for (const option of mountOptions([flag]).options)
        assert.match(option.replace(/"[^"]*"$/, ''), /^[a-z][^,\s"]*$/);
    }),
  );
});
