import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { mountOptions } from './mount-options.ts';

test('what people and kubelet write', () => {
  const context = 'context="system_u:object_r:container_file_t:s0:c1,c2"';
  const flags = ['noatime', 'discard', 'commit=30', 'data=ordered', 'logbsize=256k', 'stripe=8', context];
  assert.deepEqual(mountOptions('f', flags), { options: flags, readOnly: false });
});

test('ro belongs to the published mount, not to the one that replays the journal', () => {
  assert.deepEqual(mountOptions('f', ['ro', 'noatime']), { options: ['noatime'], readOnly: true });
});

for (const flag of [
  ...['', '-o', '--bind', 'noatime,remount', 'a b', 'x-systemd.automount', 'context="a', 'k="a"b"', 'A', 'a=', '=b'],
  ...['bind', 'remount', 'loop=/dev/loop0', 'norecovery', 'noload', 'logdev=/dev/sda', 'shared', 'offset=4096'],
]) {
  test(`refused: ${JSON.stringify(flag)}`, () => {
    assert.throws(() => mountOptions('mount_flags', [flag]), { kind: 'invalid', message: /^mount_flags: / });
  });
}

test('whatever passes is one option: no second one, no blank, no leading dash', () => {
  fc.assert(
    fc.property(fc.string(), (flag) => {
      try {
        mountOptions('f', [flag]);
      } catch {
        return;
      }
      assert.match(flag.replace(/"[^"]*"$/, ''), /^[a-z][^,\s"]*$/);
    }),
  );
});
