import assert from 'node:assert/strict';
import { status } from '@grpc/grpc-js';
import type { Controller } from '../../src/csi/gen/csi_pb.js';
import type { Client } from './grpc-client.ts';
import { filesystem, volumeRequest } from './requests.ts';

type ControllerClient = Client<typeof Controller>;
type Code = keyof typeof status;

/** Size of most volumes in tests. */
export const MiB = 1024n ** 2n;

/** The CSI id of a node that exists nowhere else; `node(1)` is the same in every test. */
export function node(number: number): string {
  return `nqn.2014-08.org.nvmexpress:uuid:00000000-0000-5000-8000-${String(number).padStart(12, '0')}`;
}

/** A CSI name as the provisioner makes it. */
export function volumeName(): string {
  return `pvc-${crypto.randomUUID()}`;
}

/** A CSI name as the snapshotter makes it. */
export function snapshotName(): string {
  return `snap-${crypto.randomUUID()}`;
}

/** The call must fail with this code and a message that fits. */
export async function refused(call: Promise<unknown>, code: Code, message: RegExp = /./): Promise<void> {
  await assert.rejects(call, (error: { code?: number; details?: string }) => {
    assert.equal(status[error.code ?? -1], code, error.details);
    assert.match(error.details ?? '', message);
    return true;
  });
}

/** How a call ended: `OK` or the name of its code. */
export async function outcome(call: Promise<unknown>): Promise<string> {
  return await call.then(
    () => 'OK',
    (error: { code?: number }) => status[error.code ?? -1] ?? String(error),
  );
}

/** Makes a volume and returns its id. */
export async function makeVolume(
  controller: ControllerClient,
  bytes = 4n * MiB,
  extra: Parameters<typeof volumeRequest>[2] = {},
): Promise<string> {
  const { volume } = await controller.createVolume(volumeRequest(volumeName(), bytes, extra));
  assert.ok(volume);
  return volume.volumeId;
}

/** Takes a snapshot and returns its id. */
export async function makeSnapshot(controller: ControllerClient, sourceVolumeId: string): Promise<string> {
  const { snapshot } = await controller.createSnapshot({ name: snapshotName(), sourceVolumeId });
  assert.ok(snapshot);
  return snapshot.snapshotId;
}

/** Publishes a volume to a node, for one writer unless set otherwise. */
export async function publish(
  controller: ControllerClient,
  volumeId: string,
  nodeId = node(1),
  volumeCapability = filesystem,
): Promise<Record<string, string>> {
  return (await controller.controllerPublishVolume({ volumeId, nodeId, volumeCapability })).publishContext;
}

/** Takes a volume from a node. */
export async function unpublish(controller: ControllerClient, volumeId: string, nodeId = node(1)): Promise<void> {
  await controller.controllerUnpublishVolume({ volumeId, nodeId });
}

/** Ids of all volumes that the driver lists, page after page. */
export async function listedVolumes(controller: ControllerClient, maxEntries = 0): Promise<string[]> {
  const ids: string[] = [];
  let startingToken = '';
  do {
    const page = await controller.listVolumes({ maxEntries, startingToken });
    ids.push(...page.entries.map(({ volume }) => volume?.volumeId ?? ''));
    startingToken = page.nextToken;
  } while (startingToken !== '');
  return ids;
}

/** Ids of all snapshots that the driver lists, page after page. */
export async function listedSnapshots(controller: ControllerClient, maxEntries = 0): Promise<string[]> {
  const ids: string[] = [];
  let startingToken = '';
  do {
    const page = await controller.listSnapshots({ maxEntries, startingToken });
    ids.push(...page.entries.map(({ snapshot }) => snapshot?.snapshotId ?? ''));
    startingToken = page.nextToken;
  } while (startingToken !== '');
  return ids;
}
