/**
 * The initiator: a second machine with the driver's controller and node, and a real NVMe/TCP host. It goes to the device over the
 * network of QEMU, tells the demo's story on real bytes, and looks at what only an initiator sees.
 */
import { readFileSync } from 'node:fs';
import { Cluster, type Configuration } from '../../data-plane/guest/cluster.ts';
import { scenario, step } from '../../data-plane/guest/report.ts';
import { sh } from '../../data-plane/guest/shell.ts';
import { consoleOf } from '../access.ts';
import { answer } from './answer.ts';
import { consistency } from './consistency.ts';
import { demonstrate } from './demonstrate.ts';
import { discards } from './discards.ts';
import { exported } from './exported.ts';
import type { InitiatorPlan } from './plan.ts';
import { connectProblem } from './reach.ts';

const plan = JSON.parse(readFileSync('/rose/plan.json', 'utf8')) as InitiatorPlan;

await scenario('initiator', async () => {
  await step('network', () =>
    sh('ip addr add 10.0.2.15/24 dev eth0; ip link set eth0 up; ip route add default via 10.0.2.2; modprobe nvme-tcp'),
  );
  const console = consoleOf(plan.door);
  try {
    const problem = await step('a scratch item is exported', () => connectProblem(console, plan));
    if (problem !== undefined) {
      answer({ unreachable: problem });
      return;
    }
    await exported(console, plan);
  } finally {
    console.close();
  }
  const configuration: Configuration = plan.configuration;
  const cluster = await step('start controller and node', () => Cluster.start('prove', configuration));
  await demonstrate(cluster, plan);
  await consistency(cluster);
  await discards(cluster);
  await cluster.stop();
});
