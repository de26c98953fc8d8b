import type { Volume } from '../../kubernetes/kinds.ts';
import { type ClusterState, isReady, there } from '../cluster-state.ts';
import { controllerLog, controllerPods, driverNamespace, troubleOf } from '../driver-pods.ts';
import type { Finding, Rule } from '../finding.ts';

/** The controller and what Kubernetes knows of the driver: without them nothing is made, attached, grown or taken. */
export const driverRules: readonly Rule[] = [
  {
    id: 'csidriver-missing',
    notices: 'the CSIDriver object is missing: the chart is not installed',
    judge: noCsiDriver,
  },
  { id: 'controller-not-running', notices: 'no pod of the controller is ready', judge: noController },
];

function noCsiDriver(cluster: ClusterState): Finding | undefined {
  const { csiDriver, driver } = cluster;
  if (csiDriver?.is !== 'absent' || !isOurs(cluster)) return undefined;
  return {
    state: 'stuck',
    at: 'driver',
    what: `Kubernetes does not know the driver ${driver}.`,
    why: 'There is no CSIDriver object of that name: the chart is not installed, or with another driverName.',
    next: 'See which drivers there are. Install the chart (docs/install.md), or name the driver with --driver-name.',
    command: 'kubectl get csidrivers',
  };
}

function noController(cluster: ClusterState): Finding | undefined {
  const pods = controllerPods(cluster);
  // Nothing of the chart seen at all says little: it may have been deployed in some other way.
  if (pods === undefined || pods.some(isReady) || !isOurs(cluster) || !isAwaited(cluster)) return undefined;
  const namespace = driverNamespace(cluster);
  if (pods.length === 0) {
    return {
      state: 'stuck',
      at: 'driver',
      what: 'The controller of the driver does not run.',
      why: 'No pod has the labels of the chart for it, so no one answers this request.',
      next: 'See whether its Deployment is there and how many replicas it has.',
      command: 'kubectl get deployments --all-namespaces -l app.kubernetes.io/component=controller',
    };
  }
  const [pod] = pods;
  const crashes = pods.some(({ status }) => status?.containerStatuses.length);
  return {
    state: 'stuck',
    at: 'driver',
    what: `The controller of the driver is not ready: ${pods.map(troubleOf).join(', ')}.`,
    why: 'No one answers this request until one of its pods is ready.',
    next: crashes ? 'See what it says.' : 'See why it does not start.',
    command: crashes ? controllerLog(cluster) : `kubectl -n ${namespace} describe pod ${pod?.metadata.name}`,
  };
}

/** Whether there is something that only this driver can do; false also for what does not exist. */
function isOurs({ claim, storageClass, volume, snapshot, driver }: ClusterState): boolean {
  const made = there(volume);
  if (made !== undefined) return made.spec.csi?.driver === driver;
  if (there(snapshot) !== undefined) return true;
  return there(claim) !== undefined && there(storageClass)?.provisioner === driver;
}

/** Whether anything is asked of the controller at all; a claim that is bound and used does not need it. */
function isAwaited({ claim, volume, snapshot, attachments }: ClusterState): boolean {
  const isPending = there(claim) !== undefined && there(claim)?.status?.phase !== 'Bound';
  const isGoing = [claim, volume, snapshot].some(
    (seen) => there<Named>(seen)?.metadata.deletionTimestamp !== undefined,
  );
  const isTaking = there(snapshot) !== undefined && there(snapshot)?.status?.readyToUse !== true;
  const isMoving = there(attachments)?.some(
    ({ metadata, status }) => status?.attached !== true || metadata.deletionTimestamp !== undefined,
  );
  return isPending || isGoing || isTaking || isUndeleted(there(volume)) || (isMoving ?? false);
}

/** Whether its claim is gone and the data is to go with it. */
export function isUndeleted(volume: Volume | undefined): boolean {
  return volume?.status?.phase === 'Released' && volume.spec.persistentVolumeReclaimPolicy === 'Delete';
}

interface Named {
  readonly metadata: { readonly deletionTimestamp?: string | undefined };
}
