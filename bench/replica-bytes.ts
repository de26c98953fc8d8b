import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { writePattern } from '../test/demo/content.ts';
import { type BtrfsPool, makeBtrfsPool } from '../test/support/btrfs-pool.ts';
import { filesystem, GiB } from '../test/support/requests.ts';
import { createVolume } from './lifecycle.ts';
import { type ReplicaRig, withReplicaRig } from './replica-rig.ts';
import { BACKEND } from './rig.ts';
import type { LeftOutRow, ReplicaBytesRow } from './rows.ts';
import type { Setting } from './section.ts';
import { round } from './statistics.ts';

const MIB = 2 ** 20;
/** Sparse files. */
const POOL_BYTES = 64 * 2 ** 30;
const FULL_BYTES = 64 * MIB;
const CHANGED_BYTES = 4 * MIB;

/** A volume with a snapshot, copied in full, and a second one after a change, copied incrementally; beside `btrfs send` of the same. */
export async function replicaBytes(setting: Setting): Promise<(ReplicaBytesRow | LeftOutRow)[]> {
  const pools = new Map<string, BtrfsPool>();
  try {
    for (const label of ['pool', 'copies']) pools.set(label, makeBtrfsPool(POOL_BYTES));
  } catch (error) {
    for (const pool of pools.values()) pool.remove();
    const why = error instanceof Error ? error.message : String(error);
    return [{ kind: 'left-out', section: 'replicas', reason: `bytes of copies: ${why}` }];
  }
  const directory = (label: string) => pools.get(label)?.directory ?? assert.fail(label);
  const pool = (label: string) => ['--backend', 'btrfs', '--pool', `label=${label},path=${directory(label)}`];
  try {
    const { program, progress } = setting;
    progress('bytes of copies', 0, 1);
    return await withReplicaRig({ program, controller: program, latencyMs: 0, pool }, (rig) =>
      // Where the simulator has the top level of the pool.
      compare(rig, join(directory('pool'), 'rose-csi-simulator-pool/root')),
    );
  } finally {
    for (const one of pools.values()) one.remove();
  }
}

async function compare(rig: ReplicaRig, directory: string): Promise<ReplicaBytesRow[]> {
  const volumeId = await createVolume(rig, { parameters: { backend: BACKEND } }, GiB);
  await overwrite(rig, volumeId, 'first', FULL_BYTES);
  const first = await copiedSnapshot(rig, volumeId);
  await overwrite(rig, volumeId, 'second', CHANGED_BYTES);
  const second = await copiedSnapshot(rig, volumeId);
  const [path, parent] = [join(directory, second.name), join(directory, first.name)];
  return [
    rowOf('full', FULL_BYTES, first.sent, await btrfsSend([parent])),
    rowOf('incremental', CHANGED_BYTES, second.sent, await btrfsSend(['-p', parent, path])),
  ];
}

function rowOf(copy: ReplicaBytesRow['copy'], written: number, sent: number, byHand: number): ReplicaBytesRow {
  return { kind: 'replica-bytes', copy, written, sent, byHand, ratio: Math.round((10_000 * sent) / byHand) / 10_000 };
}

async function overwrite(rig: ReplicaRig, volumeId: string, pattern: string, length: number): Promise<void> {
  const nodeId = `nqn.2014-08.org.nvmexpress:uuid:${randomUUID()}`;
  const request = { volumeId, nodeId, volumeCapability: filesystem };
  const { nqn = '' } = (await rig.controller.controllerPublishVolume(request)).publishContext;
  await writePattern(rig.nearApi, nqn, pattern, [{ offset: 0, length }]);
  await rig.controller.controllerUnpublishVolume({ volumeId, nodeId });
}

/** Takes a snapshot and waits for its copy. @returns its full name, and the bytes that were sent. */
async function copiedSnapshot(rig: ReplicaRig, sourceVolumeId: string) {
  const before = rig.copies().length;
  const { snapshot } = await rig.controller.createSnapshot({ name: `snap-${randomUUID()}`, sourceVolumeId });
  const beginning = snapshot?.snapshotId.replace(`${BACKEND}:`, '') ?? assert.fail('no id');
  await rig.copied(before + 1);
  const [pool] = await rig.nearApi.pools();
  const name = pool?.subvolumes.find((one) => one.startsWith(beginning)) ?? assert.fail(beginning);
  return { name, sent: rig.copies()[before]?.bytes ?? 0 };
}

/** Bytes of a stream. Throws when btrfs fails. */
async function btrfsSend(args: readonly string[]): Promise<number> {
  const child = spawn('btrfs', ['send', '-q', ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  let bytes = 0;
  child.stdout.on('data', (data: Buffer) => {
    bytes += data.length;
  });
  const code = await new Promise((resolve, reject) => child.once('error', reject).once('close', resolve));
  assert.equal(code, 0, `btrfs send ${args.join(' ')}`);
  return round(bytes);
}
