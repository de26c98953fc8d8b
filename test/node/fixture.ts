/** An RDS, a controller and nodes on this machine, with real loop devices, filesystems and mounts between them. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import type { MessageInitShape } from '@bufbuild/protobuf';
import { type NodeOptions, startNode } from '../../src/app/node/node.ts';
import {
  VolumeCapability_AccessMode_Mode as Mode,
  Node,
  type VolumeCapabilitySchema,
} from '../../src/csi/gen/csi_pb.js';
import { type Mount, parseMountinfo } from '../../src/host/mountinfo.ts';
import { createLogger } from '../../src/observability/log.ts';
import { LoopTarget } from '../../src/simulator/attach/loop.ts';
import { volumeName } from '../support/calls.ts';
import { lack } from '../support/capability.ts';
import { type Client, createClient } from '../support/grpc-client.ts';
import { volumeRequest } from '../support/requests.ts';
import { CLUSTER_ID, type Stack, type StackOptions, startStack } from '../support/stack.ts';
import { until } from '../support/until.ts';

export const MiB = 2 ** 20;

export type Kind = 'ext4' | 'xfs' | 'block';
/** Small, but large enough for what mkfs.xfs makes at least. */
export const SIZES: Readonly<Record<Kind, bigint>> = { ext4: 64n << 20n, xfs: 384n << 20n, block: 16n << 20n };

const FLUSHED_MS = 60_000;

type Capability = MessageInitShape<typeof VolumeCapabilitySchema>;

/** How a claim of this kind asks for its volume. */
export function capability(kind: Kind, mode = Mode.SINGLE_NODE_WRITER, mountFlags: readonly string[] = []): Capability {
  const accessMode = { mode };
  if (kind === 'block') return { accessMode, accessType: { case: 'block', value: {} } };
  return { accessMode, accessType: { case: 'mount', value: { fsType: kind, mountFlags: [...mountFlags] } } };
}

/** A volume as Kubernetes keeps it. */
export interface Claim {
  readonly volumeId: string;
  readonly kind: Kind;
  readonly volumeContext: Readonly<Record<string, string>>;
}

/** One node, spoken to as kubelet does. */
export class TestNode {
  readonly directory: string;
  readonly client: Client<typeof Node>;
  readonly nodeId: string;
  /** Where it serves its metrics, if this process runs it and they are on. */
  readonly metricsPort: number | undefined;
  readonly #stack: Stack;

  constructor(stack: Stack, directory: string, client: Client<typeof Node>, nodeId: string, metricsPort?: number) {
    this.#stack = stack;
    this.metricsPort = metricsPort;
    this.directory = directory;
    this.client = client;
    this.nodeId = nodeId;
  }

  stagingPath({ volumeId }: Claim): string {
    return join(this.directory, 'staging', volumeId.replace(':', '-'), 'globalmount');
  }

  targetPath({ volumeId }: Claim, pod = 'pod'): string {
    return join(this.directory, 'pods', pod, volumeId.replace(':', '-'), 'mount');
  }

  async controllerPublish(claim: Claim, volumeCapability = capability(claim.kind)): Promise<Record<string, string>> {
    const { volumeId } = claim;
    const request = { volumeId, nodeId: this.nodeId, volumeCapability };
    return (await this.#stack.controller.controllerPublishVolume(request)).publishContext;
  }

  /** @returns what both calls of the node get about the publication. */
  async stage(claim: Claim, volumeCapability = capability(claim.kind)): Promise<Record<string, string>> {
    const publishContext = await this.controllerPublish(claim, volumeCapability);
    await this.client.nodeStageVolume(this.stageRequest(claim, publishContext, volumeCapability));
    return publishContext;
  }

  stageRequest(claim: Claim, publishContext: Record<string, string>, volumeCapability = capability(claim.kind)) {
    const { volumeId, volumeContext } = claim;
    const stagingTargetPath = this.stagingPath(claim);
    mkdirSync(stagingTargetPath, { recursive: true });
    return { volumeId, volumeContext: { ...volumeContext }, publishContext, stagingTargetPath, volumeCapability };
  }

  publishRequest(claim: Claim, pod = 'pod', volumeCapability = capability(claim.kind), readonly = false) {
    return {
      volumeId: claim.volumeId,
      volumeContext: { ...claim.volumeContext },
      volumeCapability,
      readonly,
      stagingTargetPath: this.stagingPath(claim),
      targetPath: this.targetPath(claim, pod),
    };
  }

  /** What kubelet and attach-detach controller do before a pod starts. @returns where the pod finds the volume */
  async mount(claim: Claim, volumeCapability = capability(claim.kind)): Promise<string> {
    const publishContext = await this.stage(claim, volumeCapability);
    await this.client.nodePublishVolume({ ...this.publishRequest(claim, 'pod', volumeCapability), publishContext });
    return this.targetPath(claim);
  }

  /** What they do when the pod is gone. */
  async unmount(claim: Claim): Promise<void> {
    await this.client.nodeUnpublishVolume({ volumeId: claim.volumeId, targetPath: this.targetPath(claim) });
    // The kubelet asks again while this machine's disk takes its time.
    await until(async () => {
      try {
        await this.unstage(claim);
        return true;
      } catch (error) {
        if (/still being flushed/.test(`${error}`)) return false;
        throw error;
      }
    }, FLUSHED_MS);
    await this.#stack.controller.controllerUnpublishVolume({ volumeId: claim.volumeId, nodeId: this.nodeId });
  }

  async unstage(claim: Claim): Promise<void> {
    await this.client.nodeUnstageVolume({ volumeId: claim.volumeId, stagingTargetPath: this.stagingPath(claim) });
  }

  /** Mounts below the directories that a kubelet would have. */
  mounts(): Mount[] {
    return mountsBelow(this.directory);
  }
}

export interface Fixture extends Stack {
  readonly node: TestNode;
  readonly loops: LoopTarget;
  /** To be done before everything else stops. */
  onStop(stop: () => unknown): void;
  anotherNode(name: string, options?: Partial<NodeOptions>): Promise<TestNode>;
  /** The node that is served, or soon will be, at the endpoint. @param directory for what a kubelet would have */
  nodeAt(directory: string, endpoint: string): Promise<TestNode>;
  /** Makes a volume of a kind, with more fields of the request. */
  claim(kind: Kind, bytes?: bigint, extra?: Parameters<typeof volumeRequest>[2]): Promise<Claim>;
}

/** What the node runs here, each with a way to see whether it is there. */
const PROGRAMS: Readonly<Record<string, readonly string[]>> = {
  ...Object.fromEntries(
    ['losetup', 'blkid', 'wipefs', 'setpriv', 'flock', 'mount', 'fstrim'].map((name) => [name, ['-V']]),
  ),
  'mkfs.ext4': ['-V'],
  e2fsck: ['-V'],
  'mkfs.xfs': ['-V'],
  xfs_growfs: ['-V'],
  dd: ['--version'],
  stat: ['--version'],
};

/** Why loop devices cannot be made and filesystems not be mounted here; undefined when they can. */
export function obstacle(): string | undefined {
  if (process.geteuid?.() !== 0) return 'attaching loop devices and mounting filesystems needs root';
  if (!existsSync('/dev/loop-control')) return 'there is no /dev/loop-control';
  const missing = Object.entries(PROGRAMS).filter(([name, probe]) => spawnSync(name, probe).status !== 0);
  return missing.length === 0 ? undefined : `missing: ${missing.map(([name]) => name).join(', ')}`;
}

/** Whether a test can run here; a loud skip otherwise, in CI a failure. */
function canMount(t: TestContext): boolean {
  const why = obstacle();
  if (why !== undefined) lack(t, why);
  return why === undefined;
}

const CAP_SYS_RESOURCE = 24n;

/**
 * Whether a mounted filesystem can be grown here: the kernel wants CAP_SYS_RESOURCE for ext4, which containers may lack.
 * Reported loudly where it cannot; test/data-plane grows it on a kernel of its own.
 */
export function canGrow(t: TestContext, kind: Kind): boolean {
  const can = kind !== 'ext4' || canGrowExt4();
  if (!can) t.diagnostic('NOT RUN: growing ext4 online, which needs CAP_SYS_RESOURCE');
  return can;
}

/** @see canGrow */
export function canGrowExt4(): boolean {
  const effective = /^CapEff:\s*([0-9a-f]+)$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? '0';
  return ((BigInt(`0x${effective}`) >> CAP_SYS_RESOURCE) & 1n) === 1n;
}

/** Starts everything; undefined when the test is skipped. */
export async function startFixture(t: TestContext, options: StackOptions = {}): Promise<Fixture | undefined> {
  if (!canMount(t)) return undefined;
  const directory = mkdtempSync(join(tmpdir(), 'rose-csi-node-'));
  const stops: (() => unknown)[] = [() => removeWithMounts(directory)];
  t.after(async () => {
    for (let stop = stops.pop(); stop !== undefined; stop = stops.pop()) await stop();
  });
  const loops = new LoopTarget();
  const stack = await startStack(t, { ...options, simulator: { ...options.simulator, target: loops } });
  const nodeAt = async (home: string, endpoint: string, metricsPort?: number): Promise<TestNode> => {
    const client = createClient(Node, endpoint);
    stops.push(() => client.close());
    await until(() => client.nodeGetInfo({}).then(Boolean, () => false), 30_000);
    return new TestNode(stack, home, client, (await client.nodeGetInfo({})).nodeId, metricsPort);
  };
  const anotherNode = async (name: string, extra: Partial<NodeOptions> = {}): Promise<TestNode> => {
    const home = join(directory, name);
    mkdirSync(home);
    const endpoint = `unix://${join(home, 'node.sock')}`;
    const server = await startNode(
      {
        endpoint,
        nodeName: name,
        clusterId: CLUSTER_ID,
        driverName: 'rds.rose-csi.io',
        stateDir: join(home, 'state'),
        hostTools: 'direct',
        maxVolumes: 0,
        networks: ['default'],
        unstagePatience: 1,
        trimInterval: 0,
        attach: 'loop',
        simulatorApi: [stack.simulator.apiSocket],
        ...extra,
      },
      createLogger(process.env['TEST_LOG'] ?? 'fatal'),
      options.tracer,
      options.access,
    );
    stops.push(() => server.stop(0));
    return nodeAt(home, endpoint, server.metricsPort);
  };
  const node = await anotherNode('node-1');
  const claim: Fixture['claim'] = async (kind, bytes = SIZES[kind], extra = {}) => {
    const request = volumeRequest(volumeName(), bytes, { volumeCapabilities: [capability(kind)], ...extra });
    const { volume } = await stack.controller.createVolume(request);
    assert.ok(volume);
    return { volumeId: volume.volumeId, kind, volumeContext: volume.volumeContext };
  };
  return { ...stack, node, loops, onStop: (stop) => stops.push(stop), anotherNode, nodeAt, claim };
}

/** Mounts below a directory. */
export function mountsBelow(directory: string): Mount[] {
  return parseMountinfo(readFileSync('/proc/self/mountinfo', 'utf8')).filter(({ mountPoint }) =>
    mountPoint.startsWith(`${directory}/`),
  );
}

/** Runs a program of this machine to its end. @returns what it printed. @throws Error when it fails */
export function run(program: string, ...args: readonly string[]): string {
  const { status, stdout, stderr, error } = spawnSync(program, args, { encoding: 'utf8' });
  if (error !== undefined || status !== 0) throw new Error(`${program} ${args.join(' ')}: ${error ?? stderr}`);
  return stdout.trim();
}

function removeWithMounts(directory: string): void {
  for (const { mountPoint } of mountsBelow(directory).reverse()) run('umount', '--lazy', mountPoint);
  rmSync(directory, { recursive: true, force: true });
}
