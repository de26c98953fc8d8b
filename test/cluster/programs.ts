import { KUBERNETES } from './versions.ts';

/** A program that is built from a module below `go/`. */
export interface Program {
  /** Its file name. */
  readonly name: string;
  /** Folder of its module below `go/`. */
  readonly module: string;
  /** What `go build` is told to build. */
  readonly source: string;
  /** Whether it is built of a package's tests, by `go test`. */
  readonly isTest?: true;
}

const KUBERNETES_PROGRAMS = ['kube-apiserver', 'kube-controller-manager', 'kube-scheduler', 'kubelet', 'kubectl'];

const SIDECARS: readonly Program[] = [
  { name: 'csi-provisioner', module: 'sidecars', source: of('external-provisioner/v6', 'csi-provisioner') },
  { name: 'csi-attacher', module: 'attacher', source: of('external-attacher/v4', 'csi-attacher') },
  { name: 'csi-resizer', module: 'sidecars', source: of('external-resizer/v2', 'csi-resizer') },
  { name: 'csi-snapshotter', module: 'sidecars', source: of('external-snapshotter/v8', 'csi-snapshotter') },
  { name: 'snapshot-controller', module: 'sidecars', source: of('external-snapshotter/v8', 'snapshot-controller') },
];

/** What is not on the module proxy, or too small to fetch: programs of this test with the same command line. */
const STAND_INS: readonly Program[] = ['pause', 'registrar', 'livenessprobe'].map((name) => ({
  name,
  module: 'stand-ins',
  source: `./${name}`,
}));

/** Everything that a cluster runs, the quick ones first. */
export const PROGRAMS: readonly Program[] = [
  ...STAND_INS,
  { name: 'etcd', module: 'etcd', source: '.' },
  ...KUBERNETES_PROGRAMS.map((name) => ({ name, module: 'kubernetes', source: `k8s.io/kubernetes/cmd/${name}` })),
  ...SIDECARS,
];

/** Upstream's end-to-end tests, what runs them in parallel, and what their pods run. Only built for test/cluster/e2e. */
export const SUITE_PROGRAMS: readonly Program[] = [
  { name: 'ginkgo', module: 'kubernetes', source: 'github.com/onsi/ginkgo/v2/ginkgo' },
  { name: 'agnhost', module: 'kubernetes', source: 'k8s.io/kubernetes/test/images/agnhost' },
  { name: 'e2e.test', module: 'kubernetes', source: 'k8s.io/kubernetes/test/e2e', isTest: true },
];

/** Flags of the compiler: the linker leaves out what debuggers want to know, so that it need not be made (a seventh of the time). */
export const COMPILER_FLAGS = '-gcflags=all=-dwarf=false';

/** Flags of the linker: no symbols, and for Kubernetes its version, which it does not know by itself. */
export function linkerFlags({ module }: Program, kubernetes: string = KUBERNETES): string {
  if (module !== 'kubernetes') return '-s -w';
  const [major, minor] = kubernetes.split('.');
  const stamp = {
    'k8s.io/component-base/version.gitVersion': `v${kubernetes}`,
    'k8s.io/component-base/version.gitMajor': major,
    'k8s.io/component-base/version.gitMinor': minor,
    'k8s.io/component-base/version.gitTreeState': 'clean',
    'k8s.io/client-go/pkg/version.gitVersion': `v${kubernetes}`,
  };
  return ['-s -w', ...Object.entries(stamp).map(([name, value]) => `-X ${name}=${value}`)].join(' ');
}

function of(repository: string, name: string): string {
  return `github.com/kubernetes-csi/${repository}/cmd/${name}`;
}
