import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import type { Controller } from '../../../src/csi/gen/csi_pb.js';
import { MiB, makeSnapshot, makeVolume, node, publish, snapshotName, volumeName } from '../../support/calls.ts';
import { change, look, subvolumes } from '../../support/console.ts';
import type { Client } from '../../support/grpc-client.ts';
import { pattern, write } from '../../support/images.ts';
import { filesystem, fromSnapshot, fromVolume, volumeRequest } from '../../support/requests.ts';
import type { Stack } from '../../support/stack.ts';
import { imagePath } from '../image-path.ts';

type ControllerClient = Client<typeof Controller>;
type Reply = Readonly<Record<string, unknown>>;

/** What stays the same under all cells of a stack: a volume, a snapshot of its earlier bytes, and what is not ours. */
export interface Ground {
  readonly volumeId: string;
  readonly snapshotId: string;
  readonly earlier: Buffer;
  readonly now: Buffer;
}

/** One call with everything that it needs, made fresh for one cell. */
export interface Prepared {
  /** The call as a sidecar makes it, with the same arguments each time. */
  call(controller: ControllerClient): Promise<Reply>;
  /** What must hold once it has succeeded. */
  verify(controller: ControllerClient, reply: Reply): Promise<void>;
  /** Removes what is left, as its users would. */
  cleanUp(controller: ControllerClient): Promise<void>;
  /** How many entries of the inventory the call adds: a subvolume and a disk item for a volume. Negative for a removal. */
  readonly adds: number;
  /** Entries that may go: an image that lies about until it is attached again. */
  readonly mayGo?: RegExp;
}

/** A mutating RPC in one of its forms. */
export interface Scenario {
  readonly name: string;
  /** What it changes is believed when it still stands after a moment: a second exec. */
  readonly looksTwice?: true;
  prepare(stack: Stack, ground: Ground): Promise<Prepared>;
}

const FOREIGN = [
  '/disk/btrfs/subvolume/add fs=pool name=pvc-by-hand',
  '/disk/btrfs/subvolume/add fs=pool name=snap-11111111-2222-4333-8444-555555555555-deadbeef-11111111-2222-4333-8444-555555555556-1700000000-1048576 read-only=yes',
  '/disk/add type=file slot=pvc-by-hand file-path=/pool/pvc-by-hand/volume.img file-size=1M mount-filesystem=no',
];

/** Lays the ground, with neighbours that no call may touch. */
export async function layGround(stack: Stack): Promise<Ground> {
  for (const line of FOREIGN) await look(stack.simulator, line);
  const [earlier, now] = [pattern('earlier'), pattern('now')];
  const volumeId = await makeVolume(stack.controller, MiB);
  await write(stack, volumeId, 0, earlier);
  const snapshotId = await makeSnapshot(stack.controller, volumeId);
  await write(stack, volumeId, 0, now);
  return { volumeId, snapshotId, earlier, now };
}

/** The bytes that belong to an id, read from the pool itself. */
export function bytesOf({ simulator, simulatorOptions }: Stack, id: string): Buffer {
  const prefix = `${id.slice(id.indexOf(':') + 1)}-`;
  const names = subvolumes(simulator).filter((name) => name.startsWith(prefix));
  assert.equal(names.length, 1, `exactly one subvolume for ${id}: ${names.join(', ')}`);
  return readFileSync(imagePath(simulatorOptions, names[0] ?? ''));
}

/** The bytes with zeros behind them, so many in all. */
export function padded(bytes: Buffer, length: bigint): Buffer {
  return Buffer.concat([bytes, Buffer.alloc(Number(length) - bytes.length)]);
}

interface CreatedVolume {
  readonly volumeId: string;
  readonly capacityBytes: bigint;
  readonly contentSource?: { readonly type: { readonly case?: string; readonly value?: object } };
}

function creation(
  name: string,
  bytes: bigint,
  source: (ground: Ground) => Parameters<typeof volumeRequest>[2],
  content: (ground: Ground) => Buffer,
): Scenario {
  return {
    name,
    async prepare(stack, ground) {
      const request = volumeRequest(volumeName(), bytes, source(ground));
      let volumeId = '';
      return {
        adds: 2,
        call: (controller) => controller.createVolume(request),
        async verify(controller, reply) {
          const volume = (reply as { volume: CreatedVolume }).volume;
          volumeId = volume.volumeId;
          assert.equal(volume.capacityBytes, bytes, 'the size that was asked for');
          const wanted = request.volumeContentSource?.type as { value?: object } | undefined;
          assert.deepEqual(
            JSON.stringify(volume.contentSource?.type?.value ?? null)?.replace(/"\$typeName":"[^"]*",?/, ''),
            JSON.stringify(wanted?.value ?? null),
            'the source is echoed',
          );
          assert.ok(bytesOf(stack, volumeId).equals(padded(content(ground), bytes)), 'the bytes of the volume');
          const again = await controller.controllerGetVolume({ volumeId });
          assert.equal(again.volume?.capacityBytes, bytes);
        },
        cleanUp: async (controller) => void (await controller.deleteVolume({ volumeId })),
      };
    },
  };
}

const nothing = () => Buffer.alloc(0);

/** A volume of the cell's own, with bytes in it. */
async function ownVolume(stack: Stack): Promise<string> {
  const volumeId = await makeVolume(stack.controller, MiB);
  await write(stack, volumeId, 0, pattern('own'));
  return volumeId;
}

/** The slot that a volume's disk item is in. */
export function slotOf(volumeId: string): string {
  return `pvc-${volumeId.slice('rds1:pvc-'.length).replaceAll('-', '').slice(0, 28)}`;
}

/** Takes a volume's disk item off the RDS, as a reset of the router does. */
export async function loseItem(stack: Stack, volumeId: string): Promise<void> {
  await change(stack.simulator, `/disk remove [find where slot=${slotOf(volumeId)}]`);
}

/** An image without a disk item: it counts as lying about until it is attached again. */
const UNATTACHED = { mayGo: /\/volume\.img$/ };

function deletion(name: string, isItemLost: boolean): Scenario {
  return {
    name,
    async prepare(stack) {
      const volumeId = await ownVolume(stack);
      const snapshotId = await makeSnapshot(stack.controller, volumeId);
      if (isItemLost) await loseItem(stack, volumeId);
      return {
        // With the item lost, the image counts as lying about in its place.
        adds: -2,
        call: (controller) => controller.deleteVolume({ volumeId }),
        async verify() {
          assert.ok(bytesOf(stack, snapshotId).equals(pattern('own')), 'its snapshot keeps its bytes');
        },
        cleanUp: async (controller) => void (await controller.deleteSnapshot({ snapshotId })),
      };
    },
  };
}

const expansion: Scenario = {
  name: 'ControllerExpandVolume',
  looksTwice: true,
  async prepare(stack) {
    const volumeId = await ownVolume(stack);
    const capacityRange = { requiredBytes: 3n * MiB };
    return {
      adds: 0,
      call: (controller) => controller.controllerExpandVolume({ volumeId, capacityRange }),
      async verify(_, reply) {
        assert.equal(reply['capacityBytes'], 3n * MiB);
        assert.ok(bytesOf(stack, volumeId).equals(padded(pattern('own'), 3n * MiB)), 'it keeps its bytes');
      },
      cleanUp: async (controller) => void (await controller.deleteVolume({ volumeId })),
    };
  },
};

function publication(name: string, isItemLost: boolean): Scenario {
  return {
    name,
    looksTwice: true,
    async prepare(stack) {
      const volumeId = await ownVolume(stack);
      if (isItemLost) await loseItem(stack, volumeId);
      return {
        adds: 0,
        ...(isItemLost ? UNATTACHED : {}),
        call: (controller) =>
          controller.controllerPublishVolume({ volumeId, nodeId: node(1), volumeCapability: filesystem }),
        async verify(controller, reply) {
          const { nqn } = reply['publishContext'] as { nqn: string };
          assert.equal((await stack.api.namespace(nqn)).size, Number(MiB), 'it is exported, whole');
          const { status } = await controller.controllerGetVolume({ volumeId });
          assert.deepEqual(status?.publishedNodeIds, [node(1)]);
          assert.ok(bytesOf(stack, volumeId).equals(pattern('own')), 'it keeps its bytes');
        },
        async cleanUp(controller) {
          await controller.controllerUnpublishVolume({ volumeId, nodeId: node(1) });
          await controller.deleteVolume({ volumeId });
        },
      };
    },
  };
}

const unpublication: Scenario = {
  name: 'ControllerUnpublishVolume',
  looksTwice: true,
  async prepare(stack) {
    const volumeId = await ownVolume(stack);
    const { nqn = '' } = await publish(stack.controller, volumeId);
    return {
      adds: 0,
      call: (controller) => controller.controllerUnpublishVolume({ volumeId, nodeId: node(1) }),
      async verify(controller) {
        await assert.rejects(stack.api.namespace(nqn), 'it is exported no more');
        const { status } = await controller.controllerGetVolume({ volumeId });
        assert.deepEqual(status?.publishedNodeIds, []);
        assert.ok(bytesOf(stack, volumeId).equals(pattern('own')), 'it keeps its bytes');
      },
      cleanUp: async (controller) => void (await controller.deleteVolume({ volumeId })),
    };
  },
};

interface CutSnapshot {
  readonly snapshotId: string;
  readonly sourceVolumeId: string;
  readonly sizeBytes: bigint;
  readonly readyToUse: boolean;
  readonly creationTime?: { readonly seconds: bigint };
}

function snapshotCall(name: string, isItemLost: boolean): Scenario {
  return {
    name,
    async prepare(stack) {
      const volumeId = await ownVolume(stack);
      if (isItemLost) await loseItem(stack, volumeId);
      const request = { name: snapshotName(), sourceVolumeId: volumeId };
      let snapshotId = '';
      return {
        adds: 1,
        ...(isItemLost ? UNATTACHED : {}),
        call: (controller) => controller.createSnapshot(request),
        async verify(controller, reply) {
          const { snapshot } = reply as { snapshot: CutSnapshot };
          snapshotId = snapshot.snapshotId;
          assert.deepEqual([snapshot.sourceVolumeId, snapshot.sizeBytes, snapshot.readyToUse], [volumeId, MiB, true]);
          assert.ok(bytesOf(stack, snapshotId).equals(pattern('own')), 'the bytes of the snapshot');
          assert.ok(bytesOf(stack, volumeId).equals(pattern('own')), 'the bytes of its source');
          const again = (await controller.createSnapshot(request)).snapshot;
          assert.deepEqual(again, snapshot, 'a repeat gives the same answer, time and all');
          assert.deepEqual((await controller.getSnapshot({ snapshotId })).snapshot, snapshot);
        },
        async cleanUp(controller) {
          await controller.deleteSnapshot({ snapshotId });
          await controller.deleteVolume({ volumeId });
        },
      };
    },
  };
}

const refusedSnapshot: Scenario = {
  name: 'DeleteSnapshot',
  async prepare(stack, { volumeId }) {
    const snapshotId = await makeSnapshot(stack.controller, volumeId);
    return {
      adds: -1,
      call: (controller) => controller.deleteSnapshot({ snapshotId }),
      async verify(controller) {
        assert.deepEqual((await controller.listSnapshots({ snapshotId })).entries, []);
      },
      cleanUp: async () => undefined,
    };
  },
};

/** Every mutating RPC of the controller. */
export const SCENARIOS: readonly Scenario[] = [
  creation('CreateVolume', 2n * MiB, () => ({}), nothing),
  creation(
    'CreateVolume from a snapshot',
    MiB,
    (ground) => fromSnapshot(ground.snapshotId),
    ({ earlier }) => earlier,
  ),
  creation(
    'CreateVolume from a snapshot, larger',
    3n * MiB,
    (ground) => fromSnapshot(ground.snapshotId),
    ({ earlier }) => earlier,
  ),
  creation(
    'CreateVolume from a volume',
    MiB,
    (ground) => fromVolume(ground.volumeId),
    ({ now }) => now,
  ),
  deletion('DeleteVolume', false),
  deletion('DeleteVolume, disk item lost', true),
  expansion,
  publication('ControllerPublishVolume', false),
  publication('ControllerPublishVolume, disk item lost', true),
  unpublication,
  snapshotCall('CreateSnapshot', false),
  snapshotCall('CreateSnapshot, disk item lost', true),
  refusedSnapshot,
];
