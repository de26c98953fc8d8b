import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { until } from '../support/until.ts';
import type { Built } from './building.ts';
import { makeCgroup } from './cgroups.ts';
import { PAUSE_IMAGE } from './images.ts';
import type { Machine } from './machines.ts';
import type { Pki } from './pki.ts';

const READY_MS = 60_000;

/** A machine as a node of the cluster: Debian's containerd and runc, and a kubelet. */
export class KubernetesNode {
  readonly machine: Machine;
  readonly #pki: Pki;
  readonly #programs: Built;
  readonly #cgroup: string;

  /** @param cgroup of its pods, such as `cluster/n1`. */
  constructor(machine: Machine, pki: Pki, programs: Built, cgroup: string) {
    this.machine = machine;
    this.#pki = pki;
    this.#programs = programs;
    this.#cgroup = cgroup;
  }

  async startContainerd(): Promise<void> {
    const file = this.#file('containerd.toml');
    writeFileSync(this.#file('10-bridge.conflist'), JSON.stringify(this.#podNetwork()));
    writeFileSync(file, this.#containerdSettings());
    this.machine.start('containerd', 'containerd', ['--config', file]);
    await until(async () => {
      this.machine.assertRuns('containerd');
      return await this.#ctr('version').then(
        () => true,
        () => false,
      );
    }, READY_MS);
  }

  /** @param archive of an OCI image, or of one as `docker save` makes it. */
  async importImage(archive: string): Promise<void> {
    await this.#ctr('--namespace=k8s.io', 'images', 'import', archive);
  }

  /** Gives an image that was imported a second name. */
  async tagImage(name: string, alias: string): Promise<void> {
    await this.#ctr('--namespace=k8s.io', 'images', 'tag', name, alias);
  }

  startKubelet(): void {
    makeCgroup(this.#cgroup);
    const file = this.#file('kubelet.yaml');
    writeFileSync(file, stringify(this.#kubeletSettings()));
    const { name, address } = this.machine;
    this.machine.start('kubelet', this.#programs.path('kubelet'), [
      `--config=${file}`,
      `--kubeconfig=${this.#pki.kubeconfig(`kubelet-${name}`)}`,
      `--hostname-override=${name}`,
      `--node-ip=${address}`,
      '--v=2',
    ]);
  }

  async #ctr(...args: readonly string[]): Promise<string> {
    return await this.machine.run('ctr', [`--address=${this.#file('containerd.sock')}`, ...args]);
  }

  #file(name: string): string {
    return join(this.machine.directory, name);
  }

  #podNetwork(): unknown {
    const { first, last, network } = this.machine.podAddresses;
    const range = { subnet: network, rangeStart: first, rangeEnd: last, gateway: this.machine.address };
    const ipam = { type: 'host-local', dataDir: this.#file('addresses'), ranges: [[range]] };
    const bridge = { type: 'bridge', bridge: 'bridge', isDefaultGateway: true, ipam };
    return { cniVersion: '1.0.0', name: 'pods', plugins: [bridge] };
  }

  #containerdSettings(): string {
    const folder = (name: string) => JSON.stringify(this.#file(`containerd/${name}`));
    return `version = 2
root = ${folder('root')}
state = ${folder('state')}
[grpc]
  address = "${this.#file('containerd.sock')}"
[ttrpc]
  address = "${this.#file('containerd.sock.ttrpc')}"
[plugins."io.containerd.internal.v1.opt"]
  path = ${folder('opt')}
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "${PAUSE_IMAGE}"
  disable_apparmor = true
  disable_tcp_service = true
  stream_server_address = "127.0.0.1"
  tolerate_missing_hugetlb_controller = true
  # Without CAP_SYS_RESOURCE no process may be made less likely to be killed.
  restrict_oom_score_adj = true
[plugins."io.containerd.grpc.v1.cri".cni]
  bin_dir = "/usr/lib/cni"
  conf_dir = "${this.machine.directory}"
[plugins."io.containerd.grpc.v1.cri".containerd]
  snapshotter = "overlayfs"
[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
  runtime_type = "io.containerd.runc.v2"
[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
  SystemdCgroup = false
`;
  }

  #kubeletSettings(): unknown {
    const { name, address } = this.machine;
    return {
      apiVersion: 'kubelet.config.k8s.io/v1beta1',
      kind: 'KubeletConfiguration',
      // Version 1 of cgroups is refused otherwise.
      failCgroupV1: false,
      cgroupDriver: 'cgroupfs',
      cgroupRoot: `/${this.#cgroup}`,
      cgroupsPerQOS: true,
      enforceNodeAllocatable: [],
      failSwapOn: false,
      resolvConf: '',
      maxPods: 200,
      registryPullQPS: 0,
      serializeImagePulls: false,
      containerRuntimeEndpoint: `unix://${this.#file('containerd.sock')}`,
      authentication: {
        anonymous: { enabled: false },
        webhook: { enabled: true },
        x509: { clientCAFile: this.#pki.file('ca.crt') },
      },
      authorization: { mode: 'Webhook' },
      tlsCertFile: this.#pki.file(`kubelet-${name}.crt`),
      tlsPrivateKeyFile: this.#pki.file(`kubelet-${name}.key`),
      address,
      healthzBindAddress: '127.0.0.1',
      podLogsDir: this.#file('pod-logs'),
      // Of this machine, which others use too: a full disk is not what is tested.
      evictionHard: { 'memory.available': '200Mi', 'nodefs.available': '1Gi' },
      imageGCHighThresholdPercent: 100,
      // How soon it looks at a pod again, which is when it lets a filesystem grow; a minute otherwise.
      syncFrequency: '5s',
      volumeStatsAggPeriod: '10s',
    };
  }
}
