import { NETWORK_NAME } from '../../src/config/network-name.ts';
import { filesystems } from '../../src/csi/volume-capability.ts';
import { samplerNames } from '../../src/observability/tracing-settings.ts';
import { any, array, bool, integer, type JsonSchema, map, object, oneOf, string } from './json-schema.ts';

const labels = (what: string) => map({ type: 'string' }, `Labels of ${what}, beside the chart's own.`);
const annotations = (what: string) => map({ type: 'string' }, `Annotations of ${what}.`);
const duration = (description: string): JsonSchema => ({ ...string(description), pattern: '^([0-9]+(s|m|h))+$' });
const parameters = (what: string) =>
  map({ type: ['string', 'integer'] }, `Further parameters of ${what}: docs/configuration.md.`);

const storageClass: JsonSchema = {
  ...object({
    name: string('Name of the StorageClass.'),
    backend: string('Name of the RDS; may be left out when there is only one.'),
    pool: string('Label of the pool; may be left out when the RDS has only one.'),
    default: bool('Whether claims without a class get this one.'),
    fsType: oneOf(filesystems, 'Filesystem for claims that name none; `ext4` otherwise.'),
    reclaimPolicy: oneOf(['Delete', 'Retain'], 'What becomes of a volume when its claim goes; `Delete` otherwise.'),
    volumeBindingMode: oneOf(
      ['Immediate', 'WaitForFirstConsumer'],
      '`Immediate` otherwise: pods then go to nodes that reach the volume. With `WaitForFirstConsumer` the scheduler also looks at free space.',
    ),
    allowVolumeExpansion: bool('Whether claims may grow; true unless set to false.'),
    mountOptions: array(
      { type: 'string' },
      'Mount options for filesystems; `discard` gives back what is deleted (docs/configuration.md, "Space comes back").',
    ),
    parameters: parameters('the class'),
    labels: labels('the class'),
    annotations: annotations('the class'),
  }),
  required: ['name'],
};

const snapshotClass: JsonSchema = {
  ...object({
    name: string('Name of the VolumeSnapshotClass.'),
    default: bool('Whether snapshots without a class get this one.'),
    deletionPolicy: oneOf(
      ['Delete', 'Retain'],
      'Whether deleting a VolumeSnapshot deletes what is on the RDS; `Delete` otherwise.',
    ),
    parameters: parameters('the class'),
    labels: labels('the class'),
  }),
  required: ['name'],
};

const pods = (kind: string) => ({
  priorityClassName: string('PriorityClass of the pods.'),
  resources: any("Requests and limits of the driver's container."),
  nodeSelector: map({ type: 'string' }, 'Labels that a node must have.'),
  tolerations: array({ type: 'object' }, 'Tolerations of the pods.'),
  affinity: any('Affinity of the pods.'),
  podAnnotations: annotations('the pods'),
  podLabels: labels('the pods'),
  hostAliases: array({ type: 'object' }, 'Lines for `/etc/hosts` of the pods: `ip` and `hostnames`.'),
  dnsConfig: any('DNS settings of the pods, beside those that they have.'),
  revisionHistoryLimit: integer(0, 100, `Older versions of the ${kind} that are kept, to roll back to.`),
  terminationGracePeriodSeconds: integer(0, 3600, 'Seconds that the pods have to end.'),
  serviceAccount: object({
    create: bool('Whether the chart makes the ServiceAccount. If not, `name` says which one there is.'),
    name: string(
      'Its name; made of that of the release when empty. Controller, nodes and console must have different ones.',
    ),
    annotations: annotations('the ServiceAccount'),
  }),
});

const workload = (kind: string, update: string) => {
  const { revisionHistoryLimit, terminationGracePeriodSeconds, serviceAccount, ...common } = pods(kind);
  return {
    ...common,
    updateStrategy: any(`How the ${kind} is updated; ${update}`),
    revisionHistoryLimit,
    terminationGracePeriodSeconds,
    extraEnv: array(
      { type: 'object', required: ['name'] },
      "More environment variables of the driver's container; of two with one name the last counts.",
    ),
    extraVolumes: array({ type: 'object', required: ['name'] }, 'More volumes of the pods.'),
    extraVolumeMounts: array(
      { type: 'object', required: ['name', 'mountPath'] },
      "Where the driver's container has them.",
    ),
    serviceAccount,
  };
};

const consoleAccount = {
  ...object({
    backend: string('Name of the RDS.'),
    user: string('The account on it: one that may only read is enough.'),
    secretName: string(
      'Existing Secret with its key under `ssh-privatekey` and, unless `hostKeys` has them, the pinned host keys.',
    ),
  }),
  required: ['backend', 'user', 'secretName'],
};

const networks = (description: string): JsonSchema => ({
  ...array({ type: 'string', pattern: NETWORK_NAME.source }, description),
  minItems: 1,
});

const nodeGroup: JsonSchema = {
  ...object({
    name: {
      ...string('Goes behind the name of the DaemonSet, which one group may keep as it is by having none.'),
      pattern: '^([a-z0-9]([a-z0-9-]{0,18}[a-z0-9])?)?$',
    },
    nodeSelector: map({ type: 'string' }, 'Labels that its nodes have, beside those of `node.nodeSelector`.'),
    networks: networks('Storage networks that its nodes reach.'),
  }),
  required: ['nodeSelector', 'networks'],
};

const collector = (description: string): JsonSchema => ({ ...string(description), pattern: '^(https?://[^\\s]+)?$' });

const sidecar = (what: string) =>
  object({
    extraArgs: array(
      { type: 'string' },
      `More arguments of ${what}, behind the chart's own: of two that differ the last counts.`,
    ),
    resources: any(`Requests and limits of ${what}, instead of \`sidecars.resources\`.`),
  });

const pullSecret = { ...object({ name: string('Name of the Secret.') }), required: ['name'] };

const image = (what: string, tag: string) =>
  object({
    repository: string(`Where the image of ${what} is.`),
    tag: string(tag),
    digest: string(
      '`sha256:…`, which then decides whatever the tag says. A released chart has that of its tag: with another repository or tag ' +
        'give another one, or `""`.',
    ),
  });
const OWN = 'Its version; the version of the chart when empty.';
const THIRD = 'Its version.';

/** What Helm passes from a chart to those below it. Others may find more in it than this chart uses. */
export const globalValues: JsonSchema = {
  type: 'object',
  properties: {
    imageRegistry: string(
      'Registry, with or without a path, that stands in front of all images instead of that of their `repository`: a mirror. ' +
        'Paths, tags and digests stay.',
    ),
    imagePullSecrets: array(
      { anyOf: [{ type: 'string' }, pullSecret] },
      'Secrets for a private registry, by name or as in `imagePullSecrets`, beside those.',
    ),
  },
};

/** The values that are about Kubernetes, with their meanings. */
export const chartValues: Readonly<Record<string, JsonSchema>> = {
  storageClasses: array(storageClass, 'StorageClasses to make, one for each RDS and pool that claims may name.'),
  snapshotClasses: array(snapshotClass, 'VolumeSnapshotClasses to make.'),
  controller: object({
    replicas: integer(
      1,
      2,
      'Two take over from each other faster when a node fails; the sidecars elect who works. Never needed for safety.',
    ),
    ...workload(
      'Deployment',
      'when empty, one replica ends before the next begins (`Recreate`), and of two one stays. For safety any does.',
    ),
    topologySpreadConstraints: array({ type: 'object' }, 'How the pods are spread over zones and nodes.'),
  }),
  node: object({
    kubeletPath: {
      ...string(
        "The kubelet's directory. As it is for kubeadm, k3s, RKE2 and Talos; `/var/snap/microk8s/common/var/lib/kubelet` " +
          'for MicroK8s, `/var/lib/k0s/kubelet` for k0s.',
      ),
      pattern: '^/[A-Za-z0-9._/-]+$',
    },
    hostTools: oneOf(
      ['direct', 'nsenter', 'chroot'],
      'Which nvme, mkfs and mount are used: those of the image, or those of the host by nsenter or chroot.',
    ),
    loadModule: bool('Whether an init container loads the kernel module `nvme-tcp`. Turn it off where the host does.'),
    maxVolumes: integer(0, 10000, 'Volumes that one node takes; 0 for no limit.'),
    networks: networks('Storage networks that all nodes reach; one of them is the `network` of each backend.'),
    groups: array(
      nodeGroup,
      'Groups of nodes that reach different networks, a DaemonSet for each, instead of `node.networks`. No node may be in two.',
    ),
    unstagePatience: integer(
      0,
      3600,
      'Seconds that unstages wait for a lost RDS, all calls together, before they give up what was not flushed.',
    ),
    trimInterval: integer(
      0,
      576,
      'Hours between two trims (fstrim) of all filesystems that are mounted on a node, such as 168 for a week; 0 for none. See ' +
        'docs/configuration.md, "Space comes back".',
    ),
    healthPort: integer(1, 65535, "Port on each node's 127.0.0.1 where livenessprobe answers the kubelet."),
    simulatorSocket: {
      ...string(
        '**Not for data that matters**: path of the API socket of a simulated RDS (`rose-csi simulate --loop`) on the machine of ' +
          'all nodes, whose volumes are then attached as loop devices, to try things out without hardware. Several, in one ' +
          'directory, with commas between them. Empty for a real RDS.',
      ),
      pattern: '^(/[A-Za-z0-9._-]+){2,}(,(/[A-Za-z0-9._-]+){2,})*$|^$',
    },
    ...workload('DaemonSet', 'when empty, a tenth of the nodes at a time. Volumes in use go on.'),
  }),
  console: object({
    enabled: bool(
      'Runs `rose-csi console`, a page that only reads, with a Service that only the cluster reaches. See docs/console.md.',
    ),
    hosts: array(
      { type: 'string', pattern: '^[A-Za-z0-9.-]+$' },
      'Names that browsers call it by, such as that of an ingress; `localhost`, for `kubectl port-forward`, always works.',
    ),
    basePath: {
      ...string('What stands before its paths, behind a proxy that leaves it there.'),
      pattern: '^((/[A-Za-z0-9._~-]+)+)?$',
    },
    from: array(
      { type: 'object' },
      'Who may reach it: peers of a NetworkPolicy, such as the namespace of an ingress; no one but `kubectl port-forward` when empty. It asks for no password.',
    ),
    accounts: array(
      consoleAccount,
      'Accounts on the backends for the console alone; for a backend that is not listed it has that of the controller.',
    ),
    ...pods('Deployment'),
  }),
  sidecars: object({
    timeout: duration(
      'How long a sidecar waits for an answer. Commands go over SSH one after another, so the seconds of the ' +
        "sidecars' own defaults are too few.",
    ),
    workers: integer(1, 100, 'Calls that a sidecar makes at once.'),
    logVerbosity: integer(0, 10, 'Verbosity of the sidecars; 2 is usual, 5 shows each call.'),
    resources: any('Requests and limits of each sidecar.'),
    provisioner: sidecar('csi-provisioner'),
    attacher: sidecar('csi-attacher'),
    resizer: sidecar('csi-resizer'),
    snapshotter: sidecar('csi-snapshotter'),
    registrar: sidecar('csi-node-driver-registrar'),
    livenessprobe: sidecar('livenessprobe, of controller and nodes'),
  }),
  snapshotter: object({
    enabled: bool('Runs csi-snapshotter and makes the VolumeSnapshotClasses. Needs the snapshot CRDs in the cluster.'),
  }),
  storageCapacity: object({
    enabled: bool(
      'Publishes the free space of each class for the scheduler, which then places pods of WaitForFirstConsumer classes where there is room.',
    ),
    pollInterval: duration('How often each RDS is asked for it.'),
  }),
  seLinuxMount: bool(
    'Whether volumes may be mounted with an SELinux context instead of being relabelled file by file.',
  ),
  networkPolicy: object({
    enabled: bool(
      'Limits the controller to DNS, the API server and the SSH ports of the backends, and lets no one in.',
    ),
    apiServerPorts: array({ type: 'integer' }, 'Ports where the API server may be.'),
    dnsPorts: array({ type: 'integer' }, 'Ports of the pods that answer DNS; 5353 is that of OpenShift.'),
  }),
  events: object({
    enabled: bool(
      'Writes Events about what needs your attention, on claims, VolumeSnapshots, Nodes and the CSIDriver. The node plugin has a ' +
        'token for that, with which it can do nothing else. See docs/events.md.',
    ),
  }),
  tracing: object({
    endpoint: collector(
      'Collector of OpenTelemetry traces, OTLP over HTTP, such as `http://$(HOST_IP):4318` for one on each node; none ' +
        'when empty. See docs/tracing.md.',
    ),
    nodeEndpoint: collector(
      'The same for the node plugin, which does not know the names of Services; `tracing.endpoint` when empty.',
    ),
    sampler: oneOf(samplerNames, 'Which traces are kept.'),
    samplerRatio: {
      description: 'Part of the traces that the samplers by ratio keep.',
      type: 'number',
      minimum: 0,
      maximum: 1,
    },
  }),
  metrics: object({
    enabled: bool(
      'Serves metrics for Prometheus, from the controller by a Service and from the nodes. See docs/metrics.md.',
    ),
    port: integer(1, 65535, 'Port of the controller.'),
    nodePort: integer(1, 65535, 'Port on the address of each node.'),
    from: array(
      { type: 'object' },
      'Who may ask the controller: peers of a NetworkPolicy, such as the namespace of Prometheus; everyone when empty.',
    ),
    monitors: object({
      enabled: bool('Makes a ServiceMonitor and a PodMonitor for the Prometheus Operator.'),
      interval: duration('Pause between two scrapes. They ask no RDS, however often they come.'),
      labels: labels('both, by which a Prometheus finds them'),
    }),
    rules: object({
      enabled: bool('Makes a PrometheusRule with alerts for the Prometheus Operator.'),
      labels: labels('it, by which a Prometheus finds it'),
    }),
    dashboard: object({
      enabled: bool('Makes a ConfigMap with a dashboard for Grafana.'),
      labels: labels("it, by which Grafana's sidecar finds it"),
    }),
  }),
  imagePullPolicy: oneOf(['Always', 'IfNotPresent', 'Never'], 'When images are pulled.'),
  imagePullSecrets: array(pullSecret, 'Secrets for a private registry.'),
  images: object({
    controller: image('the controller', OWN),
    node: image('the node plugin', OWN),
    provisioner: image('csi-provisioner', THIRD),
    attacher: image('csi-attacher', THIRD),
    resizer: image('csi-resizer', THIRD),
    snapshotter: image('csi-snapshotter', THIRD),
    registrar: image('csi-node-driver-registrar', THIRD),
    livenessprobe: image('livenessprobe', THIRD),
  }),
  commonLabels: map({ type: 'string' }, "Labels of all objects and pods, beside the chart's own."),
  nameOverride: string("Instead of the chart's name in labels and names."),
  fullnameOverride: string('Beginning of the names of all objects.'),
};
