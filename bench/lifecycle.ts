import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { filesystem, fromSnapshot, fromVolume, GiB, volumeRequest } from '../test/support/requests.ts';
import { BACKEND, type Rig } from './rig.ts';

/** Callers that fill a pool. */
const AT_ONCE = 16;

/** What a step calls. */
export type CsiClients = Pick<Rig, 'controller' | 'identity'>;

/** One caller and the objects that it made in this round. */
export interface Caller {
  readonly nodeId: string;
  volumeId: string;
  snapshotId: string;
  restoredId: string;
  cloneId: string;
}

/** One RPC; what it needs was made by the steps before it, by the same caller. */
export interface Step {
  readonly rpc: string;
  call(doors: CsiClients, caller: Caller): Promise<unknown>;
}

export function newCaller(): Caller {
  const nodeId = `nqn.2014-08.org.nvmexpress:uuid:${randomUUID()}`;
  return { nodeId, volumeId: '', snapshotId: '', restoredId: '', cloneId: '' };
}

/** Every RPC of the controller once, in an order in which each has something to work on and nothing is left at the end. */
export const LIFECYCLE: readonly Step[] = [
  { rpc: 'Probe', call: ({ identity }) => identity.probe({}) },
  { rpc: 'GetCapacity', call: ({ controller }) => controller.getCapacity({ parameters: { backend: BACKEND } }) },
  { rpc: 'CreateVolume new', call: async (doors, caller) => (caller.volumeId = await createVolume(doors)) },
  {
    rpc: 'ValidateVolumeCapabilities',
    call: ({ controller }, { volumeId }) =>
      controller.validateVolumeCapabilities({ volumeId, volumeCapabilities: [filesystem] }),
  },
  { rpc: 'ControllerGetVolume', call: ({ controller }, { volumeId }) => controller.controllerGetVolume({ volumeId }) },
  {
    rpc: 'ControllerPublish',
    call: ({ controller }, { volumeId, nodeId }) =>
      controller.controllerPublishVolume({ volumeId, nodeId, volumeCapability: filesystem }),
  },
  {
    rpc: 'CreateSnapshot',
    call: async ({ controller }, caller) => {
      const request = { name: `snap-${randomUUID()}`, sourceVolumeId: caller.volumeId };
      caller.snapshotId = idOf((await controller.createSnapshot(request)).snapshot?.snapshotId);
    },
  },
  {
    rpc: 'ControllerExpand',
    call: ({ controller }, { volumeId }) =>
      controller.controllerExpandVolume({ volumeId, capacityRange: { requiredBytes: 2n * GiB } }),
  },
  {
    rpc: 'ControllerUnpublish',
    call: ({ controller }, { volumeId, nodeId }) => controller.controllerUnpublishVolume({ volumeId, nodeId }),
  },
  { rpc: 'GetSnapshot', call: ({ controller }, { snapshotId }) => controller.getSnapshot({ snapshotId }) },
  {
    rpc: 'CreateVolume restore',
    call: async (doors, caller) => (caller.restoredId = await createVolume(doors, fromSnapshot(caller.snapshotId))),
  },
  {
    rpc: 'CreateVolume clone',
    call: async (doors, caller) => (caller.cloneId = await createVolume(doors, fromVolume(caller.restoredId))),
  },
  { rpc: 'ListVolumes', call: ({ controller }) => controller.listVolumes({}) },
  { rpc: 'ListSnapshots', call: ({ controller }) => controller.listSnapshots({}) },
  { rpc: 'DeleteSnapshot', call: ({ controller }, { snapshotId }) => controller.deleteSnapshot({ snapshotId }) },
  { rpc: 'DeleteVolume', call: ({ controller }, { volumeId }) => controller.deleteVolume({ volumeId }) },
  { rpc: 'DeleteVolume', call: ({ controller }, caller) => controller.deleteVolume({ volumeId: caller.restoredId }) },
  { rpc: 'DeleteVolume', call: ({ controller }, caller) => controller.deleteVolume({ volumeId: caller.cloneId }) },
];

/**
 * Makes a volume.
 *
 * @param bytes 0 for the size of the source.
 * @returns its id.
 */
export async function createVolume(
  { controller }: Pick<CsiClients, 'controller'>,
  source = {},
  bytes = GiB,
): Promise<string> {
  const { volume } = await controller.createVolume(volumeRequest(`pvc-${randomUUID()}`, bytes, source));
  return idOf(volume?.volumeId);
}

/** Makes so many volumes, some at a time. */
export async function makeVolumes(rig: Rig, volumes: number, progress: (made: number) => void): Promise<void> {
  for (let made = 0; made < volumes; made += AT_ONCE) {
    progress(made);
    await Promise.all(Array.from({ length: Math.min(AT_ONCE, volumes - made) }, () => createVolume(rig)));
  }
}

function idOf(id: string | undefined): string {
  assert.ok(id, 'the driver answered without an id');
  return id;
}
