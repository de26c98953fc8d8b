import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CHART } from '../../scripts/chart/helm.ts';
import type { Kubectl } from './kubectl.ts';
import type { Machine } from './machines.ts';
import type { SimulatedRds } from './rds.ts';

const NAMESPACE = 'rose-csi';
const SECRET = 'rose-csi-rds1';
const READY_SECONDS = 180;

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

  /** Makes namespace and Secret, installs, and waits until every pod is ready. @param flags more of Helm's. */
  async install(rds: SimulatedRds, flags: readonly string[] = []): Promise<void> {
    const labels = { 'pod-security.kubernetes.io/enforce': 'privileged' };
    await this.#kubectl.apply(
      { apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAMESPACE, labels } },
      {
        apiVersion: 'v1',
        kind: 'Secret',
        metadata: { name: SECRET, namespace: NAMESPACE },
        stringData: {
          'ssh-privatekey': readFileSync(rds.keyFile, 'utf8'),
          'ssh-hostkeys': readFileSync(rds.hostKeysFile, 'utf8'),
        },
      },
    );
    const values = join(this.#machine.directory, 'values.json');
    writeFileSync(values, JSON.stringify(await this.#values(rds), null, 2));
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

  async #values(rds: SimulatedRds): Promise<unknown> {
    const backend = await rds.backend({ secretName: SECRET });
    const [first, second] = backend.pools;
    return {
      clusterId: await this.#kubectl.field('namespace', 'kube-system', '.metadata.uid'),
      node: { simulatorSocket: rds.apiSocket },
      config: { backends: [backend] },
      storageClasses: [
        { name: 'rose-csi', pool: first?.label },
        { name: 'rose-csi-wait', pool: first?.label, volumeBindingMode: 'WaitForFirstConsumer' },
        { name: 'rose-csi-xfs', pool: first?.label, fsType: 'xfs' },
        { name: 'rose-csi-pool2', pool: second?.label },
      ],
    };
  }
}
