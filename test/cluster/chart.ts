import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CHART } from '../../scripts/chart/helm.ts';
import type { Kubectl } from './kubectl.ts';
import type { Machine } from './machines.ts';
import type { SimulatedPair, SimulatedRds } from './rds.ts';

const NAMESPACE = 'rose-csi';
const READY_SECONDS = 180;

const secretOf = ({ name }: SimulatedRds) => `rose-csi-${name}`;

/** The chart as a user installs it, with Helm and a file of values. */
export class Installation {
  readonly #machine: Machine;
  readonly #kubectl: Kubectl;
  readonly #helm: string;
  readonly #kubeconfig: string;

  constructor(machine: Machine, kubectl: Kubectl, helm: string, kubeconfig: string) {
    this.#machine = machine;
    this.#kubectl = kubectl;
    this.#helm = helm;
    this.#kubeconfig = kubeconfig;
  }

  /** Makes namespace and Secrets, installs, and waits until every pod is ready. @param flags more of Helm's. */
  async install(pair: SimulatedPair, flags: readonly string[] = []): Promise<void> {
    const labels = { 'pod-security.kubernetes.io/enforce': 'privileged' };
    await this.#kubectl.apply(
      { apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAMESPACE, labels } },
      ...pair.all.map((rds) => ({
        apiVersion: 'v1',
        kind: 'Secret',
        metadata: { name: secretOf(rds), namespace: NAMESPACE },
        stringData: {
          'ssh-privatekey': readFileSync(rds.keyFile, 'utf8'),
          'ssh-hostkeys': readFileSync(rds.hostKeysFile, 'utf8'),
        },
      })),
    );
    const values = join(this.#machine.directory, 'values.json');
    writeFileSync(values, JSON.stringify(await this.#values(pair), null, 2));
    await this.helm('upgrade', '--install', 'rose-csi', CHART, `--values=${values}`, ...flags);
    for (const workload of ['deployment/rose-csi-controller', 'daemonset/rose-csi-node']) {
      const status = ['rollout', 'status', workload, `--namespace=${NAMESPACE}`, `--timeout=${READY_SECONDS}s`];
      await this.#kubectl.run(status);
    }
  }

  /** Runs Helm in the chart's namespace. */
  async helm(...args: readonly string[]): Promise<string> {
    const env = { KUBECONFIG: this.#kubeconfig, HELM_CACHE_HOME: join(this.#machine.directory, 'helm') };
    return await this.#machine.run(this.#helm, [...args, `--namespace=${NAMESPACE}`], { env });
  }

  async #values(pair: SimulatedPair): Promise<unknown> {
    const home = { backend: pair.first.name, pool: 'pool1' };
    return {
      clusterId: await this.#kubectl.field('namespace', 'kube-system', '.metadata.uid'),
      node: { simulatorSocket: pair.all.map(({ apiSocket }) => apiSocket).join(',') },
      config: { backends: await pair.backends((rds) => ({ secretName: secretOf(rds) })) },
      storageClasses: [
        { name: 'rose-csi', ...home },
        { name: 'rose-csi-wait', ...home, volumeBindingMode: 'WaitForFirstConsumer' },
        { name: 'rose-csi-xfs', ...home, fsType: 'xfs' },
        { name: 'rose-csi-pool2', ...home, pool: 'pool2' },
        { name: 'rose-csi-rds2', backend: pair.second.name, pool: 'copies' },
      ],
    };
  }
}
