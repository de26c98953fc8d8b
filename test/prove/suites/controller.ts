import { join } from 'node:path';
import { Controller, Identity } from '../../../src/csi/gen/csi_pb.js';
import { type Client, createClient } from '../../support/grpc-client.ts';
import { SOURCES } from '../../support/installation.ts';
import { startDriver } from '../../support/programs.ts';
import { until } from '../../support/until.ts';

/** How long the controller may take until it finds the device fit, in ms. */
const READY_MS = 60_000;

/** A controller for the device, in a process of its own. */
export interface RunningController {
  readonly endpoint: string;
  readonly identity: Client<typeof Identity>;
  readonly controller: Client<typeof Controller>;
  log(): string;
  stop(): Promise<void>;
}

/** Starts a controller with its socket in `directory`. @throws Error with its log when it does not find the device fit. */
export async function startController(configFile: string, directory: string): Promise<RunningController> {
  const endpoint = `unix://${join(directory, 'csi.sock')}`;
  const driver = startDriver(SOURCES, configFile, endpoint);
  const identity = createClient(Identity, endpoint);
  const controller = createClient(Controller, endpoint);
  const stop = async () => {
    identity.close();
    controller.close();
    await driver.stop();
  };
  const isReady = async () => (await identity.probe({}).catch(() => undefined))?.ready === true;
  await until(isReady, READY_MS).catch(async (cause) => {
    await stop();
    throw new Error(`the controller did not become ready:\n${driver.log()}`, { cause });
  });
  return { endpoint, identity, controller, log: driver.log, stop };
}

/** Removes every volume and snapshot of the controller's cluster. */
export async function removeAll({ controller }: RunningController): Promise<void> {
  for (const { volume, status } of (await controller.listVolumes({})).entries) {
    const volumeId = volume?.volumeId ?? '';
    for (const nodeId of status?.publishedNodeIds ?? []) {
      await controller.controllerUnpublishVolume({ volumeId, nodeId });
    }
    await controller.deleteVolume({ volumeId });
  }
  for (const { snapshot } of (await controller.listSnapshots({})).entries) {
    await controller.deleteSnapshot({ snapshotId: snapshot?.snapshotId ?? '' });
  }
}
