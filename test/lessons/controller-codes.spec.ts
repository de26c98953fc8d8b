import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MiB, makeSnapshot, makeVolume, node, outcome, publish, refused } from '../support/calls.ts';
import { everyCall } from '../support/every-call.ts';
import { Faults } from '../support/faults.ts';
import { startStack } from '../support/stack.ts';

/** Codes after which the sidecars ask again, and so nothing is forgotten. */
const OPEN = ['UNAVAILABLE', 'ABORTED', 'DEADLINE_EXCEEDED', 'CANCELLED', 'RESOURCE_EXHAUSTED'];

/** What csi-snapshotter gets as final, so that its users may delete the VolumeSnapshot: none was taken. */
const FINAL_FOR_A_CUT = 'FAILED_PRECONDITION';

/** The commands of the RDS that change something, and the one that every answer is made of. */
const COMMANDS = [
  ...['add', 'set', 'remove'].map((command) => ({ path: '/disk', command })),
  ...['add', 'remove', 'print'].map((command) => ({ path: '/disk/btrfs/subvolume', command })),
];

/**
 * Drivers that answered INTERNAL to trouble that passes made their sidecars give up, and volumes and snapshots were left
 * that no one remembered: https://github.com/home-operations/miroir/pull/103,
 * https://github.com/kubernetes-csi/external-snapshotter/issues/134.
 */
test('trouble of the RDS that could have passed ended the retries, and what had been made leaked', async (t) => {
  const faults = new Faults();
  const stack = await startStack(t, { simulator: { hooks: faults.hooks } });
  const { controller } = stack;
  for (const command of COMMANDS) {
    for (const name of Object.keys(everyCall(stack, '', '')) as (keyof ReturnType<typeof everyCall>)[]) {
      const volumeId = await makeVolume(controller);
      const snapshotId = await makeSnapshot(controller, volumeId);
      faults.fail(command);
      const end = await outcome(everyCall(stack, volumeId, snapshotId)[name]());
      faults.heal();
      const isOpen = end === 'OK' || OPEN.includes(end) || (name === 'createSnapshot' && end === FINAL_FOR_A_CUT);
      // An RDS that never grows an image is distinguished from one that fails (docs/routeros.md, U3).
      const cannotGrow = name === 'expand' && end === 'OUT_OF_RANGE';
      assert.ok(isOpen || cannotGrow, `${name} while ${command.path} ${command.command} fails: ${end}`);
    }
  }
});

/**
 * A driver that answers FAILED_PRECONDITION to ControllerExpandVolume tells external-resizer to wait until the volume is
 * offline, and it waits forever: https://github.com/kubernetes-csi/external-resizer/issues/81,
 * https://github.com/kubernetes/kubernetes/pull/92986.
 */
test('an expansion that failed once waited for the volume to be offline, forever', async (t) => {
  const faults = new Faults();
  const { controller } = await startStack(t, { simulator: { hooks: faults.hooks } });
  const volumeId = await makeVolume(controller, MiB);
  await publish(controller, volumeId);
  const grow = () => controller.controllerExpandVolume({ volumeId, capacityRange: { requiredBytes: 2n * MiB } });
  for (const command of COMMANDS) {
    faults.fail(command);
    const end = await outcome(grow());
    faults.heal();
    assert.notEqual(end, 'FAILED_PRECONDITION', `${command.path} ${command.command}`);
    assert.notEqual(end, 'INTERNAL', `${command.path} ${command.command}`);
  }
  assert.equal((await grow()).capacityBytes, 2n * MiB, 'while it is published');
});

/**
 * VolumeAttachments that could not be removed, because the node or the volume was gone and the driver said NOT_FOUND:
 * https://github.com/hpe-storage/csi-driver/issues/68, https://github.com/kubernetes-csi/external-attacher/issues/215.
 */
test('a VolumeAttachment of a node or a volume that was gone could never be removed', async (t) => {
  const { controller } = await startStack(t);
  const volumeId = await makeVolume(controller, MiB);
  await publish(controller, volumeId, node(1));
  await controller.controllerUnpublishVolume({ volumeId, nodeId: 'a-node-that-never-was' });
  await controller.controllerUnpublishVolume({ volumeId, nodeId: node(9) });
  await refused(controller.deleteVolume({ volumeId }), 'FAILED_PRECONDITION', /published/);
  await controller.controllerUnpublishVolume({ volumeId, nodeId: node(1) });
  await controller.deleteVolume({ volumeId });
  await controller.controllerUnpublishVolume({ volumeId, nodeId: node(1) });
});
