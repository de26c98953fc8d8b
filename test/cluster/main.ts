/** `npm run cluster`: a cluster to play with. */
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { Command } from 'commander';
import { installHelm } from '../../scripts/chart/helm.ts';
import { build } from './building.ts';
import { CACHE } from './cache.ts';
import { type Cluster, down, up } from './cluster.ts';
import { BUSYBOX_IMAGE } from './images.ts';
import { obstacle } from './obstacle.ts';
import { SUITE_PROGRAMS } from './programs.ts';
import { KUBERNETES } from './versions.ts';

/** One at a time, in a place that everyone finds again. */
const DIRECTORY = '/var/tmp/rose-csi-cluster';

const HELP = `
A real Kubernetes on this machine: etcd, API server, controller manager, scheduler, and for each node a kubelet and a
containerd, in namespaces of their own. Nothing of it is reachable from outside. Two simulated RDS stand for real ones, and the
chart is installed as a user does, with the images of this checkout. Not for data that matters.

Programs and images are built once, the programs in half an hour of two cores, and kept in ${CACHE}.

Needs root, Go, and of Debian: containerd runc containernetworking-plugins socat iproute2 busybox-static btrfs-progs xfsprogs
openssl openssh-client buildah debootstrap.

  npm run cluster                           brings it up and says how to use it
  npm run cluster -- down                   removes all of it
  npm run cluster -- --kubernetes 1.33      another version
  npm run cluster -- --build-only           builds the programs, those of Kubernetes' own tests included`;

const say = (line: string): void => {
  process.stderr.write(`${line}\n`);
};

const interruption = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => interruption.abort());

await new Command('npm run cluster --')
  .argument('[up|down]', 'what to do', 'up')
  .option('--kubernetes <version>', 'such as 1.33, for the newest of them, or 1.33.6', KUBERNETES)
  .option('--nodes <n>', 'how many', '2')
  .option('--build-only', 'build all programs that tests want, and nothing else')
  .addHelpText('after', HELP)
  .action(async (what: string, { kubernetes, nodes, buildOnly }) => {
    if (what === 'down') await down(DIRECTORY);
    else if (what !== 'up') throw new Error(`${what} is neither up nor down`);
    else if (buildOnly === true) await build(say, { kubernetes, also: SUITE_PROGRAMS, signal: interruption.signal });
    else await bringUp(kubernetes, Number(nodes));
  })
  .parseAsync()
  .catch((error: unknown) => {
    say(error instanceof Error ? error.message : String(error));
    process.exitCode = 1;
  });

async function bringUp(kubernetes: string, nodes: number): Promise<void> {
  const lacking = obstacle();
  if (lacking !== undefined) throw new Error(`no cluster can be made here: ${lacking}`);
  if (existsSync(DIRECTORY)) throw new Error('there is one already: npm run cluster -- down removes it');
  const cluster = await up(DIRECTORY, { kubernetes, nodes, say, signal: interruption.signal });
  say(usage(cluster, await installHelm()));
}

/** Doors to the cluster, as programs, and what to do with them. */
function usage({ machines, programs, adminConfig }: Cluster, helm: string): string {
  const bin = join(DIRECTORY, 'bin');
  const [first] = machines;
  if (first === undefined) throw new Error('a cluster has at least one node');
  mkdirSync(bin);
  const access = { KUBECONFIG: adminConfig };
  first.writeDoor(join(bin, 'kubectl'), programs.path('kubectl'), [], access);
  first.writeDoor(join(bin, 'helm'), helm, [], access);
  for (const machine of machines) machine.writeDoor(join(bin, `shell-${machine.name}`), '/bin/bash', [], {});
  return `
The cluster is up. Its doors, for root:

  export PATH=${bin}:$PATH
  kubectl get nodes,pods --all-namespaces
  kubectl get storageclasses                 # rose-csi, -wait, -xfs, -pool2 and -rds2
  helm --namespace rose-csi list
  shell-${first.name}                                   # the first node: its processes, mounts and network

Pods may use the image ${BUSYBOX_IMAGE}; no other can be had. Logs are in ${DIRECTORY}/n*/*.log.

  npm run cluster -- down                    # removes all of it
`;
}
