import assert from 'node:assert/strict';
import { test } from 'node:test';
import { create, type MessageInitShape } from '@bufbuild/protobuf';
import type { StorageError } from '../storage/errors.ts';
import { VolumeCapability_AccessMode_Mode as Mode, VolumeCapabilitySchema } from './gen/csi_pb.js';
import { block, filesystem } from './services.fixture.ts';
import { publishMode, refusalOf, requestedAccess, requireAccess } from './volume-capability.ts';

type Capability = MessageInitShape<typeof VolumeCapabilitySchema>;
const usage = (capability: Capability) => requestedAccess('it', create(VolumeCapabilitySchema, capability));
const modes = Object.values(Mode).filter((mode) => typeof mode === 'number');

test('the access modes that are offered', () => {
  const offered = (capability: (mode: Mode) => Capability) =>
    modes.filter((mode) => mode !== Mode.UNKNOWN && refusalOf(usage(capability(mode))) === undefined);
  const singleNode = [
    Mode.SINGLE_NODE_WRITER,
    Mode.SINGLE_NODE_READER_ONLY,
    Mode.SINGLE_NODE_SINGLE_WRITER,
    Mode.SINGLE_NODE_MULTI_WRITER,
  ];
  assert.deepEqual(new Set(offered(filesystem)), new Set(singleNode));
  assert.deepEqual(new Set(offered(block)), new Set([...singleNode, Mode.MULTI_NODE_MULTI_WRITER]));
});

test('a refusal names the mode and the reason', () => {
  const reason = 'a filesystem of one node must not be mounted by several';
  assert.equal(
    refusalOf(usage(filesystem(Mode.MULTI_NODE_MULTI_WRITER))),
    `access mode MULTI_NODE_MULTI_WRITER is offered for raw block volumes only (live migration): ${reason}`,
  );
  assert.match(
    refusalOf(usage(block(Mode.MULTI_NODE_READER_ONLY))) ?? '',
    /^access mode MULTI_NODE_READER_ONLY is not/,
  );
  assert.equal(refusalOf(usage(block(99 as Mode))), 'access mode 99 is unknown');
});

test('the filesystems that are offered', () => {
  for (const fsType of ['', 'ext4', 'xfs']) {
    assert.equal(refusalOf(usage(filesystem(Mode.SINGLE_NODE_WRITER, fsType))), undefined);
  }
  for (const fsType of ['ext3', 'btrfs', 'XFS', 'ext4 ']) {
    assert.equal(
      refusalOf(usage(filesystem(Mode.SINGLE_NODE_WRITER, fsType))),
      `filesystem "${fsType}" is not offered; offered: "ext4", "xfs"`,
    );
  }
});

test('both parts of a capability must be there, and mount flags must fit', () => {
  const invalid = (message: string) => (error: StorageError) =>
    error.kind === 'invalid' && error.message === `${message} [DRV-INVALID]`;
  const access = { case: 'block', value: {} } as const;
  assert.throws(() => requestedAccess('it', undefined), invalid('it is missing'));
  assert.throws(() => usage({ accessMode: { mode: 1 } }), invalid('it: access_type (block or mount) is missing'));
  assert.throws(() => usage({ accessType: access }), invalid('it: access_mode is missing'));
  assert.throws(() => usage({ accessType: access, accessMode: {} }), invalid('it: access_mode is missing'));
  const flags = { case: 'mount' as const, value: { mountFlags: ['noatime', 'x'.repeat(4090)] } };
  assert.throws(
    () => usage({ accessType: flags, accessMode: { mode: 1 } }),
    invalid('it: mount_flags has 4097 bytes; CSI allows 4096'),
  );
  const refused = create(VolumeCapabilitySchema, filesystem(1, 'zfs'));
  assert.throws(
    () => requireAccess('it', refused),
    invalid('it: filesystem "zfs" is not offered; offered: "ext4", "xfs"'),
  );
});

test('what a node may do with the volume', () => {
  const table = [
    [Mode.SINGLE_NODE_WRITER, false, 'writer'],
    [Mode.SINGLE_NODE_SINGLE_WRITER, false, 'writer'],
    [Mode.SINGLE_NODE_MULTI_WRITER, false, 'writer'],
    [Mode.SINGLE_NODE_READER_ONLY, false, 'reader'],
    [Mode.SINGLE_NODE_WRITER, true, 'reader'],
    [Mode.MULTI_NODE_MULTI_WRITER, false, 'shared'],
    [Mode.MULTI_NODE_MULTI_WRITER, true, 'reader'],
  ] as const;
  for (const [mode, readonly, expected] of table) assert.equal(publishMode(usage(block(mode)), readonly), expected);
});
