/** The node service under test, told what kubelet would tell it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { Identity, Node } from '../../../src/csi/gen/csi_pb.js';
import { type Client, createClient } from '../../support/grpc-client.ts';
import { until } from '../../support/until.ts';
import { type Claim, capability, type Mounted } from './cluster.ts';
import { uuidOf } from './hands.ts';

/** Between two looks whether a program is up: in an emulated machine each takes from the program's own time. */
export const LOOK_MS = 200;

/** How long the node waits for a lost RDS. */
const PATIENCE_SECONDS = 15;

export class NodeService {
  readonly #client: Client<typeof Node>;
  readonly #process: ChildProcess;

  private constructor(client: Client<typeof Node>, running: ChildProcess) {
    this.#client = client;
    this.#process = running;
  }

  /** @param name of the node in Kubernetes. */
  static async start(name: string, clusterId: string): Promise<NodeService> {
    const endpoint = `unix:///run/rose/${name}-node.sock`;
    const flags = ['--node-name', name, '--cluster-id', clusterId, '--state-dir', '/run/rose/state'];
    flags.push('--unstage-patience', `${PATIENCE_SECONDS}`);
    const running = spawn(process.execPath, ['/rose/main.js', 'node', '--endpoint', endpoint, ...flags], {
      stdio: ['ignore', 'inherit', 'inherit'],
    });
    const identity = createClient(Identity, endpoint);
    const isReady = async () => (await identity.probe({}).catch(() => undefined))?.ready === true;
    await until(isReady, 60_000, LOOK_MS);
    identity.close();
    return new NodeService(createClient(Node, endpoint), running);
  }

  /** Stages and publishes a volume. @param publishContext From ControllerPublishVolume. */
  async attach(claim: Claim, publishContext: Record<string, string>): Promise<Mounted> {
    const path = targetOf(claim);
    const volume = { volumeId: claim.id, volumeContext: claim.context, publishContext };
    const volumeCapability = capability(claim.use);
    const stagingTargetPath = stagingOf(claim);
    mkdirSync(stagingTargetPath, { recursive: true });
    await this.#client.nodeStageVolume({ ...volume, volumeCapability, stagingTargetPath });
    await this.#client.nodePublishVolume({ ...volume, volumeCapability, stagingTargetPath, targetPath: path });
    return { ...claim, path };
  }

  async detach(claim: Claim): Promise<void> {
    await this.release(claim);
    await this.#client.nodeUnstageVolume({ volumeId: claim.id, stagingTargetPath: stagingOf(claim) });
  }

  /** What is done when the pod has ended, and the volume is still staged. */
  async release(claim: Claim): Promise<void> {
    await this.#client.nodeUnpublishVolume({ volumeId: claim.id, targetPath: targetOf(claim) });
  }

  /** @param bytes What ControllerExpandVolume answered. */
  async grow({ id, path }: Mounted, bytes: bigint): Promise<void> {
    await this.#client.nodeExpandVolume({ volumeId: id, volumePath: path, capacityRange: { requiredBytes: bytes } });
  }

  async measure({ id, path }: Mounted): Promise<void> {
    await this.#client.nodeGetVolumeStats({ volumeId: id, volumePath: path });
  }

  /** What the node reports of a volume and of its storage, by the reasons. */
  async conditions({ id, path }: Mounted): Promise<string[]> {
    const { volumeHealth } = await this.#client.nodeGetVolumeHealth({ volumeId: id, volumePublishPath: path });
    const { backendHealth } = await this.#client.nodeGetStorageHealth({});
    return [
      ...(volumeHealth?.healthStatuses.map(({ reason }) => `volume ${reason}`) ?? []),
      ...backendHealth.map(({ reason, message }) => `storage ${reason} ${message.replace(/^.*: /, '')}`),
    ];
  }

  async stop(): Promise<void> {
    this.#client.close();
    this.#process.kill('SIGTERM');
    await once(this.#process, 'exit');
  }
}

function stagingOf(claim: Claim): string {
  return `/mnt/staging/${uuidOf(claim)}`;
}

function targetOf(claim: Claim): string {
  return `/mnt/pod/${uuidOf(claim)}`;
}
