import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { until } from '../support/until.ts';
import type { Built, Say } from './building.ts';
import { answer } from './commands.ts';
import type { Kubectl } from './kubectl.ts';
import type { Machine } from './machines.ts';
import type { Pki } from './pki.ts';

const SNAPSHOT_CLIENT = 'github.com/kubernetes-csi/external-snapshotter/client/v8';
const READY_MS = 120_000;
/** Everything by whom, when, and what came of it; none of what it was about. */
const AUDIT = {
  apiVersion: 'audit.k8s.io/v1',
  kind: 'Policy',
  omitStages: ['RequestReceived'],
  rules: [{ level: 'Metadata' }],
};

/** Everything of Kubernetes that is not on a node runs as a process of the first machine. */
export interface ControlPlane {
  readonly machine: Machine;
  readonly programs: Built;
  readonly pki: Pki;
  readonly kubectl: Kubectl;
}

/** Starts etcd, API server, controller manager, scheduler, and what snapshots need of a cluster. */
export async function startControlPlane(plane: ControlPlane, say: Say): Promise<void> {
  const { machine, programs, kubectl } = plane;
  startEtcd(plane);
  startApiServer(plane);
  await until(async () => {
    for (const name of ['etcd', 'kube-apiserver']) machine.assertRuns(name);
    return await succeeds(kubectl.run(['get', '--raw', '/readyz']));
  }, READY_MS);
  startControllers(plane);
  await until(() => succeeds(kubectl.run(['get', 'serviceaccount', 'default'])), READY_MS);
  await kubectl.run(['apply', '--kustomize', await snapshotCrds()]);
  const flags = [`--kubeconfig=${plane.pki.kubeconfig('admin')}`, '--leader-election=false', '--v=2'];
  machine.start('snapshot-controller', programs.path('snapshot-controller'), flags);
  say(`Kubernetes ${programs.kubernetes} answers`);
}

function startEtcd({ machine, programs }: ControlPlane): void {
  machine.start('etcd', programs.path('etcd'), [
    `--data-dir=${join(machine.directory, 'etcd')}`,
    '--log-level=warn',
    '--listen-client-urls=http://127.0.0.1:2379',
    '--advertise-client-urls=http://127.0.0.1:2379',
    '--listen-peer-urls=http://127.0.0.1:2380',
    // What it holds need not survive this machine.
    '--unsafe-no-fsync',
  ]);
}

function startApiServer({ machine, programs, pki }: ControlPlane): void {
  const policy = join(machine.directory, 'audit-policy.json');
  writeFileSync(policy, JSON.stringify(AUDIT));
  machine.start('kube-apiserver', programs.path('kube-apiserver'), [
    '--etcd-servers=http://127.0.0.1:2379',
    '--secure-port=443',
    '--bind-address=0.0.0.0',
    `--advertise-address=${machine.address}`,
    `--service-cluster-ip-range=10.96.0.0/16`,
    `--tls-cert-file=${pki.file('apiserver.crt')}`,
    `--tls-private-key-file=${pki.file('apiserver.key')}`,
    `--client-ca-file=${pki.file('ca.crt')}`,
    `--kubelet-certificate-authority=${pki.file('ca.crt')}`,
    `--kubelet-client-certificate=${pki.file('apiserver-kubelet.crt')}`,
    `--kubelet-client-key=${pki.file('apiserver-kubelet.key')}`,
    `--service-account-key-file=${pki.file('sa.pub')}`,
    `--service-account-signing-key-file=${pki.file('sa.key')}`,
    '--service-account-issuer=https://kubernetes.default.svc.cluster.local',
    '--authorization-mode=Node,RBAC',
    '--enable-admission-plugins=NodeRestriction',
    '--allow-privileged=true',
    '--kubelet-preferred-address-types=InternalIP',
    `--audit-policy-file=${policy}`,
    `--audit-log-path=${join(machine.directory, 'audit.log')}`,
    '--audit-log-maxsize=2000',
  ]);
}

function startControllers({ machine, programs, pki }: ControlPlane): void {
  const common = (name: string) => [
    ...['kubeconfig', 'authentication-kubeconfig', 'authorization-kubeconfig'].map(
      (flag) => `--${flag}=${pki.kubeconfig(name)}`,
    ),
    '--leader-elect=false',
    '--bind-address=127.0.0.1',
  ];
  machine.start('kube-controller-manager', programs.path('kube-controller-manager'), [
    ...common('controller-manager'),
    `--service-account-private-key-file=${pki.file('sa.key')}`,
    `--root-ca-file=${pki.file('ca.crt')}`,
    '--use-service-account-credentials=true',
    `--cluster-signing-cert-file=${pki.file('ca.crt')}`,
    `--cluster-signing-key-file=${pki.file('ca.key')}`,
  ]);
  machine.start('kube-scheduler', programs.path('kube-scheduler'), common('scheduler'));
}

/** The folder of the snapshot CRDs, in the Go module that goes with the snapshotter. */
async function snapshotCrds(): Promise<string> {
  const cwd = join(import.meta.dirname, 'go/sidecars');
  await answer('go', ['mod', 'download', SNAPSHOT_CLIENT], { cwd });
  const module = await answer('go', ['list', '-m', '-f', '{{.Dir}}', SNAPSHOT_CLIENT], { cwd });
  return join(module.trim(), 'config/crd');
}

async function succeeds(work: Promise<unknown>): Promise<boolean> {
  return await work.then(
    () => true,
    () => false,
  );
}
