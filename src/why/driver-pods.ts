import type { Pod } from '../kubernetes/kinds.ts';
import { type ClusterState, isReady, there } from './cluster-state.ts';

/** Labels of the chart: which of its two kinds a pod is, and the chart itself, which no value changes. */
const COMPONENT = 'app.kubernetes.io/component';
const CHART = 'helm.sh/chart';
/** The container of the driver itself. */
const DRIVER_CONTAINER = 'rose-csi';
/** Where docs/install.md puts the chart. */
const USUAL_NAMESPACE = 'rose-csi';

/** The selector for pods that may be of the chart, whatever it was named; {@link isOfChart} tells. */
export const DRIVER_PODS = `${COMPONENT} in (controller,node),${CHART}`;

export function isOfChart({ metadata }: Pod): boolean {
  return metadata.labels[CHART]?.startsWith('rose-csi-') ?? false;
}

/** The pods of the controller; undefined when pods could not be listed. */
export function controllerPods({ driverPods }: ClusterState): readonly Pod[] | undefined {
  return there(driverPods)?.filter(({ metadata }) => metadata.labels[COMPONENT] === 'controller');
}

/** The pods of the node plugin on a node; undefined when pods could not be listed. */
export function nodePods({ driverPods }: ClusterState, node: string): readonly Pod[] | undefined {
  return there(driverPods)?.filter(
    ({ metadata, spec }) => metadata.labels[COMPONENT] === 'node' && spec.nodeName === node,
  );
}

/** Since when the node plugin runs on a node, in ms since the epoch; undefined when it does not, or that is not seen. */
export function nodePluginSince(cluster: ClusterState, node: string): number | undefined {
  const containers = (nodePods(cluster, node) ?? []).flatMap(({ status }) => status?.containerStatuses ?? []);
  const starts = containers
    .filter(({ name }) => name === DRIVER_CONTAINER)
    .map(({ state }) => Date.parse(state?.running?.startedAt ?? ''));
  const known = starts.filter((start) => !Number.isNaN(start));
  return known.length === 0 ? undefined : Math.max(...known);
}

/** The namespace that the driver runs in, as far as it is seen. */
export function driverNamespace({ driverPods }: ClusterState): string {
  return there(driverPods)?.[0]?.metadata.namespace ?? USUAL_NAMESPACE;
}

/** The command that shows what the controller says, all of its containers. */
export function controllerLog(cluster: ClusterState): string {
  return `kubectl -n ${driverNamespace(cluster)} logs -l ${COMPONENT}=controller --all-containers --tail=50`;
}

/** The command that shows what the node plugin of a node says. */
export function nodeLog(cluster: ClusterState, node: string): string {
  const [pod] = nodePods(cluster, node) ?? [];
  const which = pod === undefined ? `-l ${COMPONENT}=node` : pod.metadata.name;
  return `kubectl -n ${driverNamespace(cluster)} logs ${which} --all-containers --tail=50`;
}

/** A pod that does not do its work, readable: `x-0: CrashLoopBackOff`. */
export function troubleOf(pod: Pod): string | undefined {
  if (isReady(pod)) return undefined;
  const waiting = pod.status?.containerStatuses.find(({ state }) => state?.waiting !== undefined);
  const why = waiting?.state?.waiting?.reason;
  const words = why === undefined ? (pod.status?.phase ?? 'not ready') : `${waiting?.name}: ${why}`;
  return `${pod.metadata.name} (${words === 'Running' ? 'not ready' : words})`;
}
