import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import { nodeIdOf } from '../src/storage/ids.ts';
import { obstacle } from '../test/node/fixture.ts';
import { MeasuredNode } from './measured-node.ts';
import { nodeRows } from './node-rows.ts';
import { type Hands, type NodeSample, type StagedVolume, sampleOnce } from './node-samples.ts';
import { memoryMb } from './process.ts';
import { CLUSTER_ID, type Rig, withRig } from './rig.ts';
import type { LeftOutRow, NodeStartRow, Row } from './rows.ts';
import type { Section, Setting } from './section.ts';
import { median, round, timed } from './statistics.ts';

const NAME = 'bench';
/** How long a node does nothing before its memory is read, in ms. */
const IDLE_MS = 1_000;
const BYTES = { ext4: 256n << 20n, xfs: 384n << 20n } as const;
const run = promisify(execFile);

/** The node on this machine, with loop devices in the place of NVMe/TCP. */
export const node: Section = {
  name: 'node',
  about: 'stage and unstage by step, on loop devices, and the memory of an idle node (needs root)',
  async run(setting) {
    const start = await startRow(setting);
    const reason = obstacle();
    if (reason !== undefined) return [start, { kind: 'left-out', section: 'node', reason } satisfies LeftOutRow];
    const options = { program: setting.program, latencyMs: 0, simulate: ['--loop'] };
    return [start, ...(await withRig(options, (rig) => compare(rig, setting)))];
  },
};

async function startRow({ program, quick, progress }: Setting): Promise<NodeStartRow> {
  const directory = mkdtempSync(join(tmpdir(), 'rose-csi-bench-node-'));
  const n = quick ? 3 : 10;
  const serving: number[] = [];
  const memory: number[] = [];
  try {
    for (let index = 0; index < n; index += 1) {
      progress('starts of the node', index, n);
      const flags = ['--node-name', NAME, '--cluster-id', CLUSTER_ID, '--state-dir', join(directory, 'state')];
      let started: MeasuredNode | undefined;
      serving.push(
        await timed(async () => {
          started = await MeasuredNode.start(program, join(directory, `${index}.sock`), flags);
          await started.client.nodeGetInfo({});
        }),
      );
      await pause(IDLE_MS);
      if (started === undefined) continue;
      memory.push(await memoryMb(started.pid, 'VmRSS'));
      await started.stop();
    }
  } finally {
    await rm(directory, { recursive: true });
  }
  return { kind: 'node-start', n, servingP50: round(median(serving)), idleRssMb: round(median(memory)) };
}

async function compare(rig: Rig, { program, quick, progress }: Setting): Promise<Row[]> {
  const n = quick ? 3 : 15;
  const flags = ['--node-name', NAME, '--cluster-id', CLUSTER_ID, '--state-dir', join(rig.directory, 'node-state')];
  const loop = ['--attach', 'loop', '--simulator-api', rig.rds.apiSocket];
  const measured = await MeasuredNode.start(program, join(rig.directory, 'node.sock'), [...flags, ...loop]);
  const samples: NodeSample[] = [];
  try {
    for (let round = 0; round < n; round += 1) {
      progress('stage and unstage on loop devices', round, n);
      for (const filesystem of ['ext4', 'xfs'] as const) samples.push(...(await oneRound(rig, measured, filesystem)));
    }
  } finally {
    await measured.stop();
  }
  return nodeRows('loop', samples);
}

async function oneRound(rig: Rig, measured: MeasuredNode, filesystem: 'ext4' | 'xfs'): Promise<NodeSample[]> {
  const [ours, bare] = [await published(rig, filesystem), await published(rig, filesystem)];
  const directory = join(rig.directory, randomUUID());
  const samples = await sampleOnce(measured, hands(rig), filesystem, { ours, bare, directory });
  for (const { volumeId } of [ours, bare]) {
    await rig.controller.controllerUnpublishVolume({ volumeId, nodeId: nodeIdOf(CLUSTER_ID, NAME) });
    await rig.controller.deleteVolume({ volumeId });
  }
  return samples;
}

async function published({ controller }: Rig, filesystem: 'ext4' | 'xfs'): Promise<StagedVolume> {
  const volumeCapability = {
    accessMode: { mode: 1 },
    accessType: { case: 'mount' as const, value: { fsType: filesystem } },
  };
  const { volume } = await controller.createVolume({
    name: `pvc-${randomUUID()}`,
    capacityRange: { requiredBytes: BYTES[filesystem] },
    volumeCapabilities: [volumeCapability],
  });
  const { volumeId = '', volumeContext = {} } = volume ?? {};
  const nodeId = nodeIdOf(CLUSTER_ID, NAME);
  const { publishContext } = await controller.controllerPublishVolume({ volumeId, nodeId, volumeCapability });
  return { volumeId, volumeContext, publishContext };
}

/** The loop device is asked of the simulator, as the node does. */
function hands({ rds }: Rig): Hands {
  const path = ({ publishContext: { nqn = '' } }: StagedVolume) =>
    `/v1/namespaces/${encodeURIComponent(nqn)}/attachments?host=by-hand`;
  return {
    attach: async (volume) => (JSON.parse(await ask(rds.apiSocket, 'POST', path(volume))) as { device: string }).device,
    detach: async (volume) => void (await ask(rds.apiSocket, 'DELETE', path(volume))),
    run: async (program, ...args) => void (await run(program, args)),
  };
}

function ask(socketPath: string, method: string, path: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const call = request({ socketPath, method, path }, async (response) => {
      const text = Buffer.concat(await response.toArray()).toString('utf8');
      if (response.statusCode === 200) resolve(text);
      else reject(new Error(`${method} ${path}: ${response.statusCode} ${text}`));
    });
    call.on('error', reject);
    call.end();
  });
}
