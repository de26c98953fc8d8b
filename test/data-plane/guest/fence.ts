/** A node that is taken for dead while it lives: its volume is detached by force and goes to another node. */
import { statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { nodeIdOf } from '../../../src/storage/ids.ts';
import { until } from '../../support/until.ts';
import { type Claim, type Cluster, MiB, type Mounted } from './cluster.ts';
import { holds, write } from './content.ts';
import { connect, connected, deviceOf, states } from './hands.ts';
import { check, step } from './report.ts';
import { sh } from './shell.ts';

const SIZE = 128 * MiB;
const OTHER = nodeIdOf('data-plane', 'the-other-node');
const ELSEWHERE = '/run/elsewhere';
/** What the node holds when it is detached, and has not flushed. */
const UNFLUSHED = 'never-flushed';

/** Attempts of the kernel to reconnect that the RDS refused. */
function attempts(): number {
  return Number(sh("dmesg | grep -c 'Failed reconnect attempt' || true"));
}

/** Its name may have come through in time, its bytes wait for the kernel to write them. */
function hasUnflushed(path: string): boolean {
  return (statSync(join(path, UNFLUSHED), { throwIfNoEntry: false })?.size ?? 0) > 0;
}

/** What the pod does on the other node: it writes, and goes. */
async function useElsewhere(cluster: Cluster, claim: Claim, first: string): Promise<void> {
  const target = await step('published to another node', () => cluster.publish(claim, OTHER));
  const nqn = target['nqn'] ?? '';
  check('under another NQN', nqn !== first);
  connect(target, OTHER);
  await until(async () => deviceOf(nqn) !== undefined, 30_000);
  sh(`mkdir -p ${ELSEWHERE}; mount ${deviceOf(nqn)} ${ELSEWHERE}`);
  write({ ...claim, path: ELSEWHERE }, 'theirs');
  const before = attempts();
  const isRefused = async () => !connected().includes(first) || attempts() > before;
  await step('the first node tries to reconnect', () => until(isRefused, 60_000));
  check(`it stays out: ${states(first).join(', ')}`, !states(first).includes('live'));
  check('what it has not flushed has not reached the volume', !hasUnflushed(ELSEWHERE));
  sh(`umount ${ELSEWHERE}; nvme disconnect -n ${nqn}`);
  await cluster.unpublish(claim, OTHER);
}

function seesTheirs(volume: Mounted): boolean {
  return holds(volume, 'theirs') && !hasUnflushed(volume.path);
}

/** The first node never reaches the volume by what it knows, and what it holds of it never comes back. */
export async function fenced(cluster: Cluster): Promise<void> {
  const claim = await cluster.create('ext4', SIZE, { parameters: { reconnectDelaySeconds: '1' } });
  const target = await cluster.publish(claim);
  const nqn = target['nqn'] ?? '';
  const volume = await step('create and mount', () => cluster.attach(claim, target));
  write(volume, 'ours');
  sh(`sync -f ${volume.path}`);
  writeFileSync(join(volume.path, UNFLUSHED), 'x'.repeat(64 * 1024));
  await step('detached by force', () => cluster.unpublish(claim));
  await until(async () => !states(nqn).includes('live'), 60_000);
  await useElsewhere(cluster, claim, nqn);
  const again = await cluster.publish(claim);
  await cluster.release(claim);
  check('the first node has it again, and sees what the other wrote', seesTheirs(await cluster.attach(claim, again)));
  check('by one connection', connected().length === 1 && connected().includes(again['nqn'] ?? ''));
  await step('unmount', () => cluster.unmount(claim));
  check('and so it stays', seesTheirs(await step('mount again', () => cluster.mount(claim))));
  await cluster.unmount(claim);
  await cluster.delete(claim);
}
