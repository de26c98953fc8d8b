/** What is measured of a node, wherever it runs: stage and unstage beside the same by hand, in turn. */
import { mkdirSync } from 'node:fs';
import type { MeasuredNode, NodeCall } from './measured-node.ts';
import { timed } from './statistics.ts';

/** A call and what doing the same by hand took, in ms. */
export interface NodeSample extends NodeCall {
  readonly call: 'NodeStage, formats' | 'NodeStage' | 'NodePublish' | 'NodeUnpublish' | 'NodeUnstage';
  readonly filesystem: 'ext4' | 'xfs';
  readonly bareMs: number;
}

/** A volume that is published to the node. */
export interface StagedVolume {
  readonly volumeId: string;
  readonly volumeContext: Record<string, string>;
  readonly publishContext: Record<string, string>;
}

/** What an administrator would type. */
export interface Hands {
  /** Connects. @returns the device */
  attach(volume: StagedVolume): Promise<string>;
  detach(volume: StagedVolume): Promise<void>;
  /** Runs a program to its end. */
  run(program: string, ...args: readonly string[]): Promise<void>;
}

const MKFS = { ext4: ['mkfs.ext4', '-q', '-E', 'nodiscard'], xfs: ['mkfs.xfs', '-q', '-K'] } as const;
const OPTIONS = { ext4: 'rw', xfs: 'nouuid' } as const;

/**
 * Stages a new volume, unstages it, stages it again, publishes and unpublishes it; and does the same by hand to another
 * one. Both end as they began, but formatted.
 *
 * @param directory for mount points
 */
export async function sampleOnce(
  node: MeasuredNode,
  hands: Hands,
  filesystem: 'ext4' | 'xfs',
  { ours, bare, directory }: { ours: StagedVolume; bare: StagedVolume; directory: string },
): Promise<NodeSample[]> {
  const stagingTargetPath = `${directory}/staging`;
  const targetPath = `${directory}/target`;
  const [point, bound] = [`${directory}/bare`, `${directory}/bound`];
  for (const path of [stagingTargetPath, point, bound]) mkdirSync(path, { recursive: true });
  const volumeCapability = {
    accessMode: { mode: 1 },
    accessType: { case: 'mount' as const, value: { fsType: filesystem } },
  };
  const staged = { ...ours, stagingTargetPath, volumeCapability };
  const stage = () => node.call((client) => client.nodeStageVolume(staged));
  const publish = () => node.call((client) => client.nodePublishVolume({ ...staged, targetPath }));
  const unpublish = () => node.call((client) => client.nodeUnpublishVolume({ volumeId: ours.volumeId, targetPath }));
  const unstage = () => node.call((client) => client.nodeUnstageVolume({ volumeId: ours.volumeId, stagingTargetPath }));
  const mountBare = (mkfs: readonly string[]) =>
    timed(async () => {
      const device = await hands.attach(bare);
      const [program, ...args] = mkfs;
      if (program !== undefined) await hands.run(program, ...args, device);
      await hands.run('mount', '-t', filesystem, '-o', OPTIONS[filesystem], device, point);
    });
  const unmountBare = () =>
    timed(async () => {
      await hands.run('umount', point);
      await hands.detach(bare);
    });
  const formatted = { ...(await stage()), bareMs: await mountBare(MKFS[filesystem]) };
  const first = { ...(await unstage()), bareMs: await unmountBare() };
  const again = { ...(await stage()), bareMs: await mountBare([]) };
  const published = { ...(await publish()), bareMs: await timed(() => hands.run('mount', '--bind', point, bound)) };
  const unpublished = { ...(await unpublish()), bareMs: await timed(() => hands.run('umount', bound)) };
  const last = { ...(await unstage()), bareMs: await unmountBare() };
  return [
    { call: 'NodeStage, formats', filesystem, ...formatted },
    { call: 'NodeUnstage', filesystem, ...first },
    { call: 'NodeStage', filesystem, ...again },
    { call: 'NodePublish', filesystem, ...published },
    { call: 'NodeUnpublish', filesystem, ...unpublished },
    { call: 'NodeUnstage', filesystem, ...last },
  ];
}

/** Steps of a call in the order in which they are taken; `rest` is waiting for the kernel, and the driver itself. */
export const STEPS = ['connect', 'probe', 'prove', 'format', 'mount', 'grow', 'unmount', 'disconnect', 'rest'] as const;
export type Step = (typeof STEPS)[number];

/** How long each step took, in ms; the node runs one program after another. */
export function stepsOf({ ms, programs }: NodeSample): Record<Step, number> {
  const steps = Object.fromEntries(STEPS.map((step) => [step, 0])) as Record<Step, number>;
  for (const { program, ms: took } of programs) steps[stepOf(program)] += took;
  steps.rest = ms - programs.reduce((sum, { ms: took }) => sum + took, 0);
  return steps;
}

function stepOf(program: string): Step {
  if (program === 'nvme-connect') return 'connect';
  if (program === 'nvme-disconnect') return 'disconnect';
  if (program === 'blkid') return 'probe';
  if (program === 'mount' || program === 'e2fsck') return 'mount';
  if (program === 'umount') return 'unmount';
  if (program.startsWith('mkfs.')) return 'format';
  if (program === 'resize2fs' || program === 'xfs_growfs') return 'grow';
  return 'prove';
}
