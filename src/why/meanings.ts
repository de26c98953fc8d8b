/** What words in a message mean, and the one thing to do about it. */
export interface Meaning {
  readonly pattern: RegExp;
  /** Who has to have said it; whoever when left out. */
  readonly of?: 'controller' | 'node';
  readonly why: string;
  readonly next: string;
  /** `{logs}` stands for the log of whoever said it: the controller, or the plugin of a node. */
  readonly command?: string;
}

export const SNAPSHOTS = 'rose-csi snapshots ls --config rose-csi.yaml';
export const DOCTOR = 'rose-csi doctor --config rose-csi.yaml';
/** Stands for the command that shows the log of whoever said it. */
export const LOGS = '{logs}';

/** What is to be done with a claim that is smaller than its source. */
export const ASK_FOR_MORE = 'Delete the claim and make it anew with at least the size of its source.';

/** The first that fits counts: the driver's own words (docs/errors.md), then those of Kubernetes. */
export const MEANINGS: readonly Meaning[] = [
  {
    // What gRPC says of the socket, and gRPC's own words when the other end dies in the middle of a call.
    pattern: /dial unix|connection error: desc =|transport is closing|error reading from server/,
    why: 'The driver itself did not answer on its socket: its container does not run, or was just started anew. The box was not asked.',
    next: 'See whether its container runs, and what it said last.',
    command: LOGS,
  },
  {
    of: 'node',
    pattern: /cannot make (?:ext4|xfs) on/,
    why: 'mkfs failed on the node; the message has its words. Nothing is lost, since there was no filesystem, and it is tried again.',
    next: 'See its words. If they tell of I/O errors, see whether the pool on the box has room and the node its connection.',
    command: LOGS,
  },
  {
    of: 'node',
    pattern: /e2fsck -p does not mend/,
    why: 'The ext4 of the volume has errors that e2fsck does not mend by itself, so the node did not mount it.',
    next: 'Take a snapshot, then repair it as docs/guides/troubleshooting.md, "A damaged filesystem", tells.',
    command: LOGS,
  },
  {
    of: 'node',
    pattern: /cannot grow the filesystem on/,
    why: 'The volume has its new size, and resize2fs or xfs_growfs failed on the node; the message has its words.',
    next: 'See its words. docs/guides/troubleshooting.md, "A filesystem that does not grow", tells what each of them means.',
    command: LOGS,
  },
  {
    of: 'node',
    pattern: /not all of them are options of/,
    why: 'The filesystem of the volume does not know one of its mount options. A copy has the filesystem of its source.',
    next: 'Change spec.mountOptions of the PersistentVolume, and mountOptions of the StorageClass for those that are made later.',
    command: 'kubectl get persistentvolumes -o custom-columns=NAME:.metadata.name,OPTIONS:.spec.mountOptions',
  },
  {
    of: 'node',
    pattern: /mount .*the kernel log may say why/,
    why: 'The kernel of the node did not mount the filesystem, which may be damaged; or it does not know a mount option.',
    next: 'Compare mountOptions of the volume with the words of mount in the message, and see the kernel log of the node (dmesg).',
    command: 'kubectl get persistentvolumes -o custom-columns=NAME:.metadata.name,OPTIONS:.spec.mountOptions',
  },
  {
    of: 'node',
    pattern: /has given up after an error of its device/,
    why: 'Its filesystem has given up after an I/O error, and another pod of the node still has that mount.',
    next: 'Delete the other pods that use it on that node; it is mounted anew by itself then.',
    command: 'kubectl get pods --all-namespaces -o wide',
  },
  {
    of: 'node',
    pattern: /cannot be read, so nothing is concluded|cannot be opened|does not answer|connection to the box is lost/,
    why: 'The node has the volume, and its device does not answer: the connection over NVMe/TCP is lost, or the box gives I/O errors.',
    next: 'From that node, see whether the data address of the box answers on its port.',
    command: 'nc -vz DATA-ADDRESS 4420',
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
    why: 'csi-provisioner refused it: the claim has another volumeMode than the volume that its snapshot was cut of.',
    next: 'Use the volumeMode of the source, or allow the change at the VolumeSnapshotContent (annotation snapshot.storage.kubernetes.io/allow-volume-mode-change: "true").',
  },
  {
    pattern: /DataSource \S+ is currently being deleted|snapshot \S+ is currently being deleted/,
    why: 'The source of the claim is being deleted.',
    next: 'Delete the claim, and make it anew from a source that stays.',
  },
  {
    pattern: /must have a status of Bound|snapshot \S+ (?:is )?not (?:Ready|bound)|claim in dataSource not bound/,
    why: 'The source of the claim is not ready; the volume is made when it is.',
    next: 'Ask why the source is not ready.',
    command: 'kubectl get volumesnapshots,persistentvolumeclaims --all-namespaces',
  },
  {
    pattern: /too little free space/,
    why: 'The pool on the box is full: less would stay free than the reserve of its configuration.',
    next: 'Delete snapshots or volumes that nobody needs, or add disks to the pool; it goes on by itself then.',
    command: SNAPSHOTS,
  },
  {
    pattern: /overCommitRatio/,
    why: 'The pool would promise more than overCommitRatio of its backend allows.',
    next: 'Delete volumes, add disks, or raise overCommitRatio.',
    command: SNAPSHOTS,
  },
  {
    pattern: /is on the storage network [^ ,]+, and no node/,
    why: 'The node that was chosen for the pod does not reach the storage network of the backend, as far as its plugin was told.',
    next: 'Add the network to node.networks of the chart, or to the group of the nodes that reach it.',
    command: 'kubectl get nodes --show-labels',
  },
  {
    // csi-provisioner, before it asks the driver.
    pattern: /no topology key found (?:for node|on CSINode)|does not match topology keys from CSINode/,
    why: 'The node plugin of the node that was chosen for the pod has not registered yet, or is older than the controller.',
    next: 'Wait until it is rolled out; if it stays so, see whether it runs on that node.',
    command: 'kubectl get pods --all-namespaces -l app.kubernetes.io/component=node -o wide',
  },
  {
    pattern: /as many snapshots as its class allows/,
    why: 'The volume has as many snapshots as maxSnapshotsPerVolume of the VolumeSnapshotClass allows.',
    next: 'Delete the oldest VolumeSnapshot of the claim; the new one is cut by itself then.',
    command: 'kubectl get volumesnapshots --all-namespaces --sort-by=.metadata.creationTimestamp',
  },
  {
    pattern: /too many snapshots at once/,
    why: 'More snapshots are asked for than the configured rate allows, so this one waits for its turn.',
    next: 'Wait; if it never gets a turn, raise the rate, or spread the schedule.',
  },
  {
    pattern: /the pool is not there/,
    why: 'The box answers, and the configured pool is not mounted on it, or another one has its label. Nothing is lost by that.',
    next: 'See what the box has in place of it, and mount the pool.',
    command: DOCTOR,
  },
  {
    pattern: /no backend \S+ is configured/,
    why: 'The id names a box that is not in the configuration of the controller. A backend keeps its name for ever.',
    next: 'Put the backend of that name back into the configuration.',
    command: 'helm get values rose-csi',
  },
  {
    pattern: /belongs to another cluster/,
    why: 'The object on the box bears the owner of another cluster, so this one does not touch it.',
    next: 'If that cluster is gone, list its id under adoptedClusterIds of the configuration.',
    command: 'helm get values rose-csi',
  },
  {
    pattern: /to this node in another mode/,
    why: 'The volume is published to this node already, in another mode, as read-only or shared.',
    next: 'Delete the pods that use it there, and wait until its VolumeAttachment is gone.',
    command: 'kubectl get volumeattachments',
  },
  {
    pattern: /the volume is published/,
    why: 'The box still has the volume published to another node, and one that writes is enough.',
    next: 'Delete the pods that use it on the other node, and wait until its VolumeAttachment is gone.',
    command: 'kubectl get volumeattachments',
  },
  {
    pattern: /not provably blank/,
    why: 'The node would have to format the device and refuses, since something is on it or could not be read. Nothing on it has changed.',
    next: 'If its data matters, restore a snapshot; if not, delete the claim and make a new one. See docs/node-safety.md.',
  },
  {
    pattern: /only ext4 and xfs can be mounted/,
    why: 'The device holds something that is not ext4 and not XFS, and it is not overwritten.',
    next: 'Use the claim as a raw block volume (volumeMode: Block) to look at it.',
  },
  {
    pattern: /shows no usable namespace|cannot connect to nqn/,
    why: 'The node cannot connect to the box over NVMe/TCP: no route to the data address, port 4420 closed, or no export.',
    next: 'From that node, see whether the data address of the box answers on its port.',
    command: 'nc -vz DATA-ADDRESS 4420',
  },
  {
    pattern: /bytes after a rescan/,
    why: 'The volume grew on the box, and the node still sees its old size, so it is not used.',
    next: 'Delete the pod: the next one connects anew and gets all of it.',
  },
  {
    pattern: /was detached from this node and published anew/,
    why: 'The node was detached by force, and the box still serves the connection that it has from before.',
    next: 'Delete the pods that still use the volume on that node; if it stays so, reboot the node.',
  },
  {
    pattern: /is still connected after|is still being flushed/,
    why: 'The node has not let go of the volume: writes are being flushed, or another mount namespace uses it.',
    next: 'Wait; if it stays so, see on the node who holds the device.',
  },
  {
    pattern: /the volume does not exist/,
    why: 'The volume is not on the box.',
    next: 'See what is there, and whether snapshots of it are left.',
    command: SNAPSHOTS,
  },
  {
    pattern: /slot of the volume is taken/,
    why: 'The disk slot of the volume is taken by another file on the box.',
    next: 'Look at that disk item on the box; the message names its file.',
    command: DOCTOR,
  },
  {
    pattern: /does not attach its image/,
    why: 'The subvolume is on the box without a disk item, and the box does not attach its image.',
    next: 'Look at the words of the box in the message, and at the subvolume.',
    command: DOCTOR,
  },
  {
    pattern: /no disk item says which of them is the object/,
    why: 'Of the pools, two hold a subvolume of its id: one may be a copy, and the driver touches neither.',
    next: 'See where they are; attach the image of the right one, or remove the other (docs/guides/troubleshooting.md).',
    command: SNAPSHOTS,
  },
  {
    pattern: /does not know intervals/,
    why: 'The console of the box does not know an expression that the driver finds its objects by; nothing is touched on it.',
    next: 'See what else it lacks, and report the version of RouterOS.',
    command: DOCTOR,
  },
  {
    pattern: /the device shows the subvolume under another name/,
    why: 'The box shows subvolumes under another name than the one that was sent, so nothing can be made on it.',
    next: 'See what it does with names; what was made there has to be removed by hand.',
    command: DOCTOR,
  },
  {
    pattern: /under an NQN that is not of its record/,
    why: 'The box exports the volume under another NQN than its record says: somebody has changed its disk item.',
    next: 'Turn the export off on the box; it is exported anew by itself. Ask again with --config: it has the command.',
  },
  {
    pattern: /no node is recorded/,
    why: 'The box exports the volume, and no node is on its record: somebody turned the export on by hand.',
    next: 'Make sure that no host uses it, and turn the export off on the box. Ask again with --config: it has the command.',
  },
  {
    pattern: /a disk item uses a file of the object/,
    why: 'A disk item that the driver did not make uses a file of the volume on the box.',
    next: 'Remove that disk item on the box; the message names its slot.',
  },
  {
    of: 'controller',
    pattern: /the box refused:/,
    why: 'The box refused a command; the message has its words. Nothing is lost, and it is tried again.',
    next: 'Examine the box.',
    command: DOCTOR,
  },
  {
    pattern: /answered something unexpected|a defect of the driver/,
    why: 'This is a defect of the driver.',
    next: 'Report it, with the line of the log.',
    command: LOGS,
  },
  {
    pattern: /disk item of the source volume is lost/,
    why: 'The disk item of the source was lost on the box, as after a reset of the router. Its image is still there.',
    next: 'Start a pod that uses the source claim once: publishing attaches the image again.',
  },
  {
    pattern: /holds no usable image|image is missing or smaller/,
    why: 'The source holds no usable image, and a restore must never be silently empty.',
    next: 'Use another snapshot.',
    command: SNAPSHOTS,
  },
  {
    pattern: /source does not exist/,
    why: 'The snapshot or volume that it is to be made from is not on the box.',
    next: 'See what is there, and name another source.',
    command: SNAPSHOTS,
  },
  {
    pattern: /source is in another pool|another backend|on another box/,
    why: 'The source is in another pool or on another box than the class names, and a restore stays in its pool.',
    next: 'Use a StorageClass that names the backend and the pool of the source.',
    command: 'kubectl get storageclasses -o yaml',
  },
  {
    pattern: /cannot grow a file-backed disk|refused to grow/,
    why: 'RouterOS did not grow the image in place.',
    next: 'See what this box can do, and ask for the size that it has.',
    command: DOCTOR,
  },
  {
    pattern: /smaller than the source/,
    why: 'The claim asks for less than its source has.',
    next: ASK_FOR_MORE,
  },
  {
    pattern: /does not know a command|RouterOS .* is needed/,
    why: 'The box lacks a command that the driver needs: RouterOS older than 7.21, or no rose-storage package.',
    next: 'See what is missing on the box.',
    command: DOCTOR,
  },
  {
    of: 'controller',
    pattern: /gave no intact answer/,
    why: 'The connection to the box broke in the middle of an answer. Nothing is concluded from it, and it is tried again.',
    next: 'If it repeats, look at the log of the controller.',
    command: LOGS,
  },
  {
    of: 'controller',
    pattern: /the driver does not get to log in/,
    why: 'The controller and the box do not believe each other: the key file, the account on the box, or the pinned host keys. The message says which. Nothing is lost, and it is tried again.',
    next: 'Mend what the message names; no restart is needed. See it from here, too.',
    command: DOCTOR,
  },
  {
    of: 'controller',
    pattern: /the box cannot be reached|ECONNREFUSED|EHOSTUNREACH/,
    why: 'The controller cannot reach the box over SSH. Nothing is lost, and it is tried again.',
    next: 'See why: address, SSH service, firewall.',
    command: DOCTOR,
  },
  {
    pattern: /another operation on|operation with the given .* already exists|is tried again/,
    why: 'Another call works on the same object, or the box needs more time. It is tried again by itself.',
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
    pattern: /the caller gave up|timed out waiting for the condition|context deadline exceeded|DeadlineExceeded/,
    why: 'Somebody waited longer than its deadline. It is tried again by itself.',
    next: 'If it repeats, look at the log.',
    command: LOGS,
  },
];
