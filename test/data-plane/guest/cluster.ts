/** What stands for Kubernetes in the node guest: controller and node service, and the calls of sidecars and kubelet. */

import { mkdirSync, writeFileSync } from 'node:fs';
import type { MessageInitShape } from '@bufbuild/protobuf';
import {
  Controller,
  VolumeCapability_AccessMode_Mode as Mode,
  type VolumeCapabilitySchema,
} from '../../../src/csi/gen/csi_pb.js';
import { nodeIdOf } from '../../../src/storage/ids.ts';
import { type Client, createClient } from '../../support/grpc-client.ts';
import { ControllerProcess } from './controller.ts';
import { NodeService } from './node.ts';
import { ask, SSH_PORT, STORAGE_ADDRESS } from './wire.ts';

export const MiB = 2 ** 20;
/** Name of the cluster of the storage guests. */
export const CLUSTER = 'data-plane';

export type Use = 'ext4' | 'xfs' | 'block';

/** A volume as the cluster knows it. */
export interface Claim {
  readonly id: string;
  readonly use: Use;
  readonly context: Record<string, string>;
}

/** A claim on the node, ready for a pod. */
export interface Mounted extends Claim {
  /** Folder of the filesystem, or the device of a raw block volume. */
  readonly path: string;
}

/** What a storage guest says of its RDS. */
interface Rds {
  readonly hostKeyFingerprint: string;
  readonly privateKey: string;
  readonly pools: readonly { label: string; uuid: string; mountPoint: string }[];
}

/** A configuration of the controller. */
export interface Configuration {
  readonly clusterId: string;
  readonly backends: readonly object[];
}

export function capability(use: Use): MessageInitShape<typeof VolumeCapabilitySchema> {
  const accessMode = { mode: Mode.SINGLE_NODE_WRITER };
  return use === 'block'
    ? { accessMode, accessType: { case: 'block', value: {} } }
    : { accessMode, accessType: { case: 'mount', value: { fsType: use } } };
}

/** A backend of a configuration, and where its key is. */
export async function backendOn(address: string, name: string) {
  const rds = await ask<Rds>('rds', '', address);
  mkdirSync('/run/rose', { recursive: true });
  const privateKeyFile = `/run/rose/${name}-key`;
  writeFileSync(privateKeyFile, rds.privateKey, { mode: 0o600 });
  return {
    name,
    ssh: { host: address, port: SSH_PORT, user: 'csi', privateKeyFile, hostKeys: [rds.hostKeyFingerprint] },
    reserve: '64MiB',
    nvme: { address },
    pools: rds.pools.map(({ label, uuid, mountPoint }) => ({ label, uuid, mountPoint })),
  };
}

/**
 * A configuration for the RDS of the storage guest.
 *
 * @param allowHostName whether exports are limited to the node's own host NQN.
 */
export async function storageConfiguration(allowHostName = false): Promise<Configuration> {
  const backend = await backendOn(STORAGE_ADDRESS, 'rds1');
  return { clusterId: CLUSTER, backends: [{ ...backend, nvme: { ...backend.nvme, allowHostName } }] };
}

export class Cluster {
  readonly controller: Client<typeof Controller>;
  readonly nodeId: string;
  readonly #node: NodeService;
  readonly #process: ControllerProcess;

  private constructor(
    controller: Client<typeof Controller>,
    running: ControllerProcess,
    nodeId: string,
    node: NodeService,
  ) {
    this.controller = controller;
    this.nodeId = nodeId;
    this.#node = node;
    this.#process = running;
  }

  /**
   * @param configuration of the controller; for the storage guest unless given.
   * @param program that takes configuration and socket in place of `rose-csi controller`.
   */
  static async start(name: string, configuration?: Configuration, program?: string): Promise<Cluster> {
    const document = configuration ?? (await storageConfiguration());
    const { clusterId } = document;
    mkdirSync('/run/rose', { recursive: true });
    const config = `/run/rose/${name}.json`;
    writeFileSync(config, JSON.stringify(document));
    const endpoint = `unix:///run/rose/${name}.sock`;
    const usual = ['/rose/main.js', 'controller', '--config', config, '--endpoint', endpoint];
    const command = program === undefined ? usual : [program, config, endpoint];
    const running = await ControllerProcess.start(command, endpoint);
    const node = await NodeService.start(name, clusterId);
    return new Cluster(createClient(Controller, endpoint), running, nodeIdOf(clusterId, name), node);
  }

  async stop(): Promise<void> {
    await this.#node.stop();
    this.controller.close();
    await this.#process.stop();
  }

  async create(use: Use, bytes: number, source: object = {}): Promise<Claim> {
    const { volume } = await this.controller.createVolume({
      name: `pvc-${crypto.randomUUID()}`,
      capacityRange: { requiredBytes: BigInt(bytes) },
      volumeCapabilities: [capability(use)],
      ...source,
    });
    if (volume === undefined) throw new Error('CreateVolume returned no volume');
    return { id: volume.volumeId, use, context: volume.volumeContext };
  }

  async snapshot(claim: Claim): Promise<string> {
    const name = `snap-${crypto.randomUUID()}`;
    const { snapshot } = await this.controller.createSnapshot({ name, sourceVolumeId: claim.id });
    if (snapshot?.readyToUse !== true) throw new Error('the snapshot is not ready');
    return snapshot.snapshotId;
  }

  /** Waits for the copy of a snapshot. @returns bytes that were sent for it. */
  async copied(snapshotId: string): Promise<number> {
    return await this.#process.copied(snapshotId);
  }

  /** @param elsewhere parameters of a StorageClass of another backend. */
  async restore(snapshotId: string, use: Use, bytes: number, elsewhere: object = {}): Promise<Claim> {
    return await this.create(use, bytes, {
      ...elsewhere,
      volumeContentSource: { type: { case: 'snapshot', value: { snapshotId } } },
    });
  }

  async clone(claim: Claim, bytes: number): Promise<Claim> {
    return await this.create(claim.use, bytes, {
      volumeContentSource: { type: { case: 'volume', value: { volumeId: claim.id } } },
    });
  }

  async publish(claim: Claim, nodeId = this.nodeId): Promise<Record<string, string>> {
    const volumeCapability = capability(claim.use);
    const { publishContext } = await this.controller.controllerPublishVolume({
      volumeId: claim.id,
      nodeId,
      volumeCapability,
    });
    return publishContext;
  }

  /** What is done before a pod starts. */
  async mount(claim: Claim): Promise<Mounted> {
    return await this.#node.attach(claim, await this.publish(claim));
  }

  /** What is done when the pod is gone. */
  async unmount(claim: Claim): Promise<void> {
    await this.detach(claim);
    await this.unpublish(claim);
  }

  /** The node's part of it. */
  async detach(claim: Claim): Promise<void> {
    await this.#node.detach(claim);
  }

  /** The pod has ended, and the volume is still staged. */
  async release(claim: Claim): Promise<void> {
    await this.#node.release(claim);
  }

  async unpublish(claim: Claim, nodeId = this.nodeId): Promise<void> {
    await this.controller.controllerUnpublishVolume({ volumeId: claim.id, nodeId });
  }

  /** Only the node's part of {@link mount}. */
  async attach(claim: Claim, publishContext: Record<string, string>): Promise<Mounted> {
    return await this.#node.attach(claim, publishContext);
  }

  /** What kubelet measures every minute. */
  async measure(volume: Mounted): Promise<void> {
    await this.#node.measure(volume);
  }

  /** What the node reports of a volume and of its storage. */
  async conditions(volume: Mounted): Promise<string[]> {
    return await this.#node.conditions(volume);
  }

  async grow(volume: Mounted, bytes: number): Promise<void> {
    const capacityRange = { requiredBytes: BigInt(bytes) };
    const grown = await this.controller.controllerExpandVolume({ volumeId: volume.id, capacityRange });
    if (!grown.nodeExpansionRequired) throw new Error('the node is not asked to grow the filesystem');
    await this.#node.grow(volume, grown.capacityBytes);
  }

  async delete(claim: Claim): Promise<void> {
    await this.controller.deleteVolume({ volumeId: claim.id });
  }

  async deleteSnapshot(snapshotId: string): Promise<void> {
    await this.controller.deleteSnapshot({ snapshotId });
  }
}
