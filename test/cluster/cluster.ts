import { existsSync, globSync, mkdirSync, readdirSync, rmdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import * as z from 'zod';
import { installHelm } from '../../scripts/chart/helm.ts';
import { until } from '../support/until.ts';
import { type Built, build, type Say } from './building.ts';
import type { DescribedImage } from './built-images.ts';
import { removeCgroup } from './cgroups.ts';
import { Installation } from './chart.ts';
import { answer } from './commands.ts';
import { startControlPlane } from './control-plane.ts';
import { NO_IMAGES, type SuiteImages, suiteImages } from './e2e/images.ts';
import { makeImages } from './images.ts';
import { Kubectl } from './kubectl.ts';
import { Machine } from './machines.ts';
import { KubernetesNode } from './node.ts';
import { Pki } from './pki.ts';
import { SUITE_PROGRAMS } from './programs.ts';
import { SimulatedPair } from './rds.ts';

const NODE_SECONDS = 120;
/** Of this machine, empty again when no cluster is there; whoever has more in them keeps them. */
const BORROWED = ['/var/lib/kubelet', '/var/lib/cni'];

export interface ClusterOptions {
  /** Version of Kubernetes, such as `1.33`; the pinned one unless given. */
  readonly kubernetes?: string;
  /** How many; two unless given. */
  readonly nodes?: number;
  /** Whether upstream's end-to-end tests shall run in it, which want programs and images of their own. */
  readonly isForSuite?: boolean;
  /** What pods run beside the shell that all clusters have. */
  readonly images?: readonly DescribedImage[];
  readonly say: Say;
  /** Ends what takes long. */
  readonly signal?: AbortSignal;
}

/** A cluster that runs, with the chart installed. */
export interface Cluster {
  readonly kubectl: Kubectl;
  readonly pair: SimulatedPair;
  readonly chart: Installation;
  /** The first has the control plane and both RDS. */
  readonly machines: readonly Machine[];
  /** What Kubernetes runs pods with, on each machine. */
  readonly nodes: readonly KubernetesNode[];
  readonly programs: Built;
  /** The kubeconfig of an administrator, for use in a machine. */
  readonly adminConfig: string;
}

/**
 * Brings up a cluster: builds what is missing, then the machines, Kubernetes on them, two simulated RDS, and the chart. When
 * something fails, or the signal comes, nothing of it stays.
 *
 * @param directory of its own, an absolute path without blanks, at most 60 characters: sockets are in it.
 */
export async function up(directory: string, options: ClusterOptions): Promise<Cluster> {
  const { signal } = options;
  // Whatever it waits for fails when the machines are gone.
  const abort = () => down(directory).catch(() => undefined);
  signal?.addEventListener('abort', abort);
  try {
    const cluster = await bringUp(directory, options);
    signal?.throwIfAborted();
    return cluster;
  } catch (error) {
    await down(directory);
    signal?.throwIfAborted();
    throw error;
  } finally {
    signal?.removeEventListener('abort', abort);
  }
}

async function bringUp(directory: string, options: ClusterOptions): Promise<Cluster> {
  const { say, nodes: count = 2, isForSuite = false, images: described = [], signal } = options;
  const programs = await build(say, { ...options, also: isForSuite ? SUITE_PROGRAMS : [] });
  const { images, aliases } = isForSuite ? await suiteImages(programs) : NO_IMAGES;
  const archives = await makeImages(programs, say, { plain: images, described });
  const helm = await installHelm();
  const begin = performance.now();
  const done: Say = (line) => {
    signal?.throwIfAborted();
    say(`${((performance.now() - begin) / 1000).toFixed(1)} s: ${line}`);
  };

  mkdirSync(directory, { recursive: true });
  const machines = Array.from({ length: count }, (_, index) => new Machine(directory, index + 1));
  const [first] = machines;
  if (first === undefined) throw new Error('a cluster has at least one node');
  for (const machine of machines) {
    await machine.boot(programs.path('pause'), first);
    done(`the machine ${machine.name} is there`);
  }
  const pki = new Pki(join(directory, 'pki'));
  await pki.make(machines);
  const kubectl = new Kubectl(first, programs.path('kubectl'), pki.kubeconfig('admin'));

  const nodes = machines.map((one) => new KubernetesNode(one, pki, programs, `${basename(directory)}/${one.name}`));
  await Promise.all([
    startControlPlane({ machine: first, programs, pki, kubectl }, done),
    ...nodes.map((node) => prepare(node, archives, aliases)),
  ]);
  done('containerd has the images');
  for (const node of nodes) node.startKubelet();
  for (const { name } of machines) await waitForNode(kubectl, name);
  done('the nodes are ready');

  const pair = new SimulatedPair(first);
  await pair.start();
  done('both simulated RDS answer');
  const chart = new Installation(first, kubectl, helm, pki.kubeconfig('admin'));
  await chart.install(pair);
  done('the chart is installed and ready');
  return { kubectl, pair, chart, machines, nodes, programs, adminConfig: pki.kubeconfig('admin') };
}

/** Ends a cluster, whatever is there of it, and removes all of it: processes, mounts, loop devices, control groups, files. */
export async function down(directory: string): Promise<void> {
  const numbers = globSync('n*/init.pid', { cwd: directory }).map((file) => Number(/^n(\d+)/.exec(file)?.[1]));
  const machines = numbers.map((number) => new Machine(directory, number));
  // It makes no more loop devices then. One that is in use goes with its last user, so it is told before its users end.
  for (const machine of machines)
    for (const { name } of new SimulatedPair(machine).all) await machine.stop(name, 'SIGKILL');
  for (const device of await loopDevicesOf(directory)) await answer('losetup', ['--detach', device]);
  for (const machine of machines) await machine.halt();
  await removeCgroups(basename(directory));
  await answer('rm', ['-rf', directory]);
  for (const borrowed of BORROWED) removeIfEmpty(borrowed);
}

async function prepare(
  node: KubernetesNode,
  archives: readonly string[],
  aliases: SuiteImages['aliases'],
): Promise<void> {
  await node.startContainerd();
  for (const archive of archives) await node.importImage(archive);
  for (const { name, alias } of aliases) await node.tagImage(name, alias);
}

/** A node appears when its kubelet registers it, and before that there is nothing to wait for. */
async function waitForNode(kubectl: Kubectl, name: string): Promise<void> {
  await kubectl.wait('create', [`node/${name}`], NODE_SECONDS);
  await kubectl.wait('condition=Ready', [`node/${name}`], NODE_SECONDS);
}

const losetup = z.object({
  loopdevices: z.array(z.object({ name: z.string(), 'back-file': z.string().nullable() })),
});

/** Loop devices on files of a cluster. They are known by their path, which they lose with the machines. */
async function loopDevicesOf(directory: string): Promise<readonly string[]> {
  const text = await answer('losetup', ['--json', '--list', '--output=NAME,BACK-FILE']);
  if (text.trim() === '') return [];
  const devices = losetup.parse(JSON.parse(text)).loopdevices;
  return devices.filter((one) => one['back-file']?.startsWith(`${directory}/`)).map(({ name }) => name);
}

/** The last processes may take a moment to go. */
async function removeCgroups(path: string): Promise<void> {
  await until(async () => {
    try {
      removeCgroup(path);
      return true;
    } catch {
      return false;
    }
  });
}

function removeIfEmpty(directory: string): void {
  if (existsSync(directory) && readdirSync(directory).length === 0) rmdirSync(directory);
}
