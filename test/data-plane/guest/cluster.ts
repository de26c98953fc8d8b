/** What stands for Kubernetes in the node guest: controller and node service, and the calls of sidecars and kubelet. */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import type { MessageInitShape } from '@bufbuild/protobuf';
import {
  Controller,
  Identity,
  VolumeCapability_AccessMode_Mode as Mode,
  type VolumeCapabilitySchema,
} from '../../../src/csi/gen/csi_pb.js';
import { nodeIdOf } from '../../../src/storage/ids.ts';
import { type Client, createClient } from '../../support/grpc-client.ts';
import { until } from '../../support/until.ts';
import { LOOK_MS, NodeService } from './node.ts';
import { ask, SSH_PORT, STORAGE_ADDRESS } from './wire.ts';

export const MiB = 2 ** 20;

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

/** What the storage guest says of its RDS. */
interface Rds {
  readonly hostKeyFingerprint: string;
  readonly privateKey: string;
  readonly pools: readonly { label: string; uuid: string; mountPoint: string }[];
}

/** A configuration of the controller, with one backend. */
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

/**
 * A configuration for the RDS of the storage guest.
 *
 * @param allowHostName whether exports are limited to the node's own host NQN.
 */
export async function storageConfiguration(allowHostName = false): Promise<Configuration> {
  const rds = await ask<Rds>('rds');
  mkdirSync('/run/rose', { recursive: true });
  writeFileSync('/run/rose/key', rds.privateKey, { mode: 0o600 });
  const ssh = { host: STORAGE_ADDRESS, port: SSH_PORT, user: 'csi', privateKeyFile: '/run/rose/key' };
  const backend = {
    name: 'rds1',
    ssh: { ...ssh, hostKeys: [rds.hostKeyFingerprint] },
    reserve: '64MiB',
    nvme: { address: STORAGE_ADDRESS, allowHostName },
    pools: rds.pools.map(({ label, uuid, mountPoint }) => ({ label, uuid, mountPoint })),
  };
  return { clusterId: 'data-plane', backends: [backend] };
}

export class Cluster {
  readonly controller: Client<typeof Controller>;
  readonly nodeId: string;
  readonly #node: NodeService;
  readonly #process: ChildProcess;

  private constructor(controller: Client<typeof Controller>, running: ChildProcess, nodeId: string, node: NodeService) {
    this.controller = controller;
    this.nodeId = nodeId;
    this.#node = node;
    this.#process = running;
  }

  /**
   * @param configuration of the controller; for the storage guest unless given.
   */
  static async start(name: string, configuration?: Configuration): Promise<Cluster> {
    const document = configuration ?? (await storageConfiguration());
    const { clusterId } = document;
    mkdirSync('/run/rose', { recursive: true });
    const config = `/run/rose/${name}.json`;
    writeFileSync(config, JSON.stringify(document));
    const endpoint = `unix:///run/rose/${name}.sock`;
    const running = spawn(
      process.execPath,
      ['/rose/main.js', 'controller', '--config', config, '--endpoint', endpoint],
      {
        stdio: ['ignore', 'inherit', 'inherit'],
      },
    );
    const identity = createClient(Identity, endpoint);
    const isReady = async () => (await identity.probe({}).catch(() => undefined))?.ready === true;
    await until(isReady, 60_000, LOOK_MS);
    identity.close();
    const node = await NodeService.start(name, clusterId);
    return new Cluster(createClient(Controller, endpoint), running, nodeIdOf(clusterId, name), node);
  }

  async stop(): Promise<void> {
    await this.#node.stop();
    this.controller.close();
    this.#process.kill('SIGTERM');
    await once(this.#process, 'exit');
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

  async restore(snapshotId: string, use: Use, bytes: number): Promise<Claim> {
    return await this.create(use, bytes, {
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
