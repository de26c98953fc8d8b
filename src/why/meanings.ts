import { LOGS } from '../failures/failure.ts';
import { remedyOf } from '../failures/message.ts';

/** What words of Kubernetes, its sidecars or gRPC mean, and the one thing to do about it. */
export interface Meaning {
  readonly pattern: RegExp;
  readonly why: string;
  readonly next: string;
  /** `{logs}` stands for the log of whoever said it: the controller, or the plugin of a node. */
  readonly command?: string;
}

/** What is to be done with a claim that is smaller than its source. */
export const ASK_FOR_MORE = `${remedyOf('RC-SMALL')}.`;

/** The first that fits counts. What the driver says itself bears a code (src/failures/catalogue.ts). */
export const MEANINGS: readonly Meaning[] = [
  {
    // What gRPC says of the socket, and gRPC's own words when the other end dies in the middle of a call.
    pattern: /dial unix|connection error: desc =|transport is closing|error reading from server/,
    why: 'The driver itself did not answer on its socket: its container does not run, or has just restarted. The RDS was not asked.',
    next: 'See whether its container runs, and what it said last.',
    command: LOGS,
  },
  {
    // A filesystem and mount options come from the class, too.
    pattern:
      /parameters(?:\.\w+)? of the StorageClass|the StorageClass must name|volume_capabilities\[\d+\]: (?:filesystem|mount_flags)/,
    why: 'The StorageClass has a parameter that the driver refuses; no volume is made before that is right.',
    next: 'Parameters cannot be changed: delete the class, and recreate it under its name as the message says. What waits for it goes on by itself within minutes.',
    command: 'kubectl get storageclasses -o yaml',
  },
  {
    pattern: /access mode \S+ is (?:not )?offered/,
    why: 'The claim asks for an access mode that lets several nodes mount its filesystem, and ext4 and XFS belong to one at a time.',
    next: 'Delete the claim, and recreate it with ReadWriteOnce; a pod that only reads may say readOnly: true. To read on several nodes make a claim for each from one snapshot; raw block volumes may be ReadWriteMany.',
    command: 'kubectl get persistentvolumeclaims --all-namespaces',
  },
  {
    pattern: /parameters of the VolumeSnapshotClass/,
    why: 'The VolumeSnapshotClass has a parameter that the driver refuses; no snapshot is taken before that is right.',
    next: 'Parameters cannot be changed: delete the class, and recreate it under its name as the message says. What waits for it goes on by itself within minutes.',
    command: 'kubectl get volumesnapshotclasses -o yaml',
  },
  {
    // csi-provisioner and csi-snapshotter, which read the Secret before they ask the driver.
    pattern: /error getting secret|cannot get credentials for snapshot content/,
    why: 'The class names a Secret, and the sidecar cannot read it. This driver needs none.',
    next: 'Delete the class, and recreate it under its name without its parameters csi.storage.k8s.io/…-secret-…. A claim goes on by itself; a VolumeSnapshot keeps the name of the Secret, so delete and recreate it.',
    command: 'kubectl get storageclasses,volumesnapshotclasses -o yaml',
  },
  {
    // csi-snapshotter, of a content that was made by hand.
    pattern: /can not find snapshot for snapshotID/,
    why: 'The driver knows no snapshot of the id that the content names.',
    next: 'Compare it with the snapshots that there are. It cannot be changed: delete the VolumeSnapshot and its content, and recreate both.',
    command: 'rose-csi snapshots ls --config rose-csi.yaml',
  },
  {
    // csi-provisioner refuses before it asks the driver.
    pattern:
      /is less than the size \d+ for the source snapshot|must be greater than or equal in size to the specified PVC/,
    why: 'csi-provisioner refused it before the driver was asked: the claim asks for less than its source has.',
    next: ASK_FOR_MORE,
  },
  {
    pattern: /modifies the mode of the source volume but does not have permission/,
    why: 'csi-provisioner refused it: the claim has another volumeMode than the volume that its snapshot was taken of.',
    next: 'Use the volumeMode of the source, or allow the change at the VolumeSnapshotContent (annotation snapshot.storage.kubernetes.io/allow-volume-mode-change: "true").',
  },
  {
    pattern: /DataSource \S+ is currently being deleted|snapshot \S+ is currently being deleted/,
    why: 'The source of the claim is being deleted.',
    next: 'Delete the claim, and recreate it from a source that stays.',
  },
  {
    pattern: /must have a status of Bound|snapshot \S+ (?:is )?not (?:Ready|bound)|claim in dataSource not bound/,
    why: 'The source of the claim is not ready; the volume is made when it is.',
    next: 'Ask why the source is not ready.',
    command: 'kubectl get volumesnapshots,persistentvolumeclaims --all-namespaces',
  },
  {
    // csi-provisioner, of a PersistentVolume whose claim is gone.
    pattern: /persistentvolume \S+ is still attached to node/,
    why: 'The provisioner deletes a volume when no node has it any more. When its pods have just gone, that takes a minute or two.',
    next: 'See which pods run on that node, and ask again. If the data is needed after all, set persistentVolumeReclaimPolicy of the PersistentVolume to Retain before they go.',
    command: 'kubectl get pods --all-namespaces -o wide',
  },
  {
    // csi-provisioner, before it asks the driver.
    pattern: /no topology key found (?:for node|on CSINode)|does not match topology keys from CSINode/,
    why: 'The node plugin of the node that was chosen for the pod has not registered yet, or is older than the controller.',
    next: 'Wait until it is rolled out; if it stays so, see whether it runs on that node.',
    command: 'kubectl get pods --all-namespaces -l app.kubernetes.io/component=node -o wide',
  },
  {
    pattern: /operation with the given .* already exists/,
    why: 'Another call works on the same object. Retrying automatically.',
    next: 'Wait; if it repeats for minutes, look at the log.',
    command: LOGS,
  },
  {
    pattern: /driver name \S+ not found in the list of registered CSI drivers|not found in the list of registered/,
    why: 'The kubelet of the node does not know the driver: its node plugin does not run there, or has not registered.',
    next: 'See whether the node plugin runs on that node.',
    command: 'kubectl get pods --all-namespaces -l app.kubernetes.io/component=node -o wide',
  },
  {
    pattern: /timed out waiting for the condition|context deadline exceeded|DeadlineExceeded/,
    why: 'A caller waited longer than its deadline. Retrying automatically.',
    next: 'If it repeats, look at the log.',
    command: LOGS,
  },
];
