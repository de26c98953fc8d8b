/** Not a test: stage and unstage over NVMe/TCP, beside the same by hand, for the benchmark (bench/wire.ts). */
import { execFile } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { MeasuredNode } from '../../../bench/measured-node.ts';
import { type Hands, type StagedVolume, sampleOnce } from '../../../bench/node-samples.ts';
import { until } from '../../support/until.ts';
import { Cluster, MiB } from './cluster.ts';
import { connect } from './hands.ts';
import { joinNetwork } from './machine.ts';
import { scenario, step } from './report.ts';
import { ask } from './wire.ts';

const run = promisify(execFile);
const ROUNDS = 5;
const SIZE = { ext4: 256 * MiB, xfs: 384 * MiB } as const;

async function published(cluster: Cluster, filesystem: 'ext4' | 'xfs'): Promise<StagedVolume> {
  const claim = await cluster.create(filesystem, SIZE[filesystem]);
  return { volumeId: claim.id, volumeContext: claim.context, publishContext: await cluster.publish(claim) };
}

/** nvme-cli, and looking for the device every 5 ms. */
function hands(nodeId: string): Hands {
  return {
    attach: async ({ publishContext }) => {
      connect(publishContext, nodeId);
      let device = '';
      await until(async () => {
        const names = readdirSync('/sys/class/nvme');
        const name = names.find(
          (found) => readFileSync(`/sys/class/nvme/${found}/subsysnqn`, 'utf8').trim() === publishContext['nqn'],
        );
        device = `/dev/${name}n1`;
        return name !== undefined && existsSync(device);
      }, 60_000);
      return device;
    },
    detach: async ({ publishContext }) => void (await run('nvme', ['disconnect', '-n', publishContext['nqn'] ?? ''])),
    run: async (program, ...args) => void (await run(program, args)),
  };
}

await scenario('speed', async () => {
  await step('network', joinNetwork);
  const cluster = await step('start the controller', () => Cluster.start('node-1'));
  const flags = ['--node-name', 'node-1', '--cluster-id', 'data-plane', '--state-dir', '/run/rose/speed-state'];
  const node = await MeasuredNode.start('/rose/main.js', '/run/rose/speed.sock', flags);
  for (let round = 1; round <= ROUNDS; round += 1) {
    for (const filesystem of ['ext4', 'xfs'] as const) {
      await step(`stage and unstage over NVMe/TCP, ${filesystem}, round ${round} of ${ROUNDS}`, async () => {
        const [ours, bare] = [await published(cluster, filesystem), await published(cluster, filesystem)];
        const directory = `/mnt/speed/${filesystem}-${round}`;
        const samples = await sampleOnce(node, hands(cluster.nodeId), filesystem, { ours, bare, directory });
        for (const sample of samples) console.log(`SAMPLE ${JSON.stringify(sample)}`);
      });
    }
  }
  await node.stop();
  await cluster.stop();
  await ask('quit');
});
