/**
 * What each part of the controller's pod needs from the API server, by its own documentation and, where that says more
 * than the code does, by its code: csi-provisioner 6.3, csi-attacher 4.13, csi-resizer 2.2, csi-snapshotter 8.6. Secrets
 * are in none of them: the keys are mounted, and no class names one.
 */
export interface Right {
  readonly scope: 'cluster' | 'namespace';
  readonly group: string;
  readonly resource: string;
  readonly verbs: readonly string[];
  /** The one object that it is about, where it is not about all. */
  readonly name?: string;
}

/** When a part is in the pod, or does what needs the rights. */
export interface Circumstances {
  readonly snapshotter: boolean;
  readonly storageCapacity: boolean;
  /** The orphan report. */
  readonly orphans: boolean;
  /** What needs someone to act is reported. */
  readonly events: boolean;
}

interface Need {
  readonly who: string;
  readonly when?: keyof Circumstances;
  readonly rights: readonly Right[];
}

/** The Lease and the ConfigMap of the orphan report. */
export const ORPHANS = '<driver>-orphans';

const READ = ['get', 'list', 'watch'] as const;
const events = cluster('', 'events', ['list', 'watch', 'create', 'update', 'patch']);
const leases = namespaced('coordination.k8s.io', 'leases', [...READ, 'create', 'update', 'delete']);

const NEEDS: readonly Need[] = [
  {
    who: 'csi-provisioner',
    rights: [
      events,
      leases,
      cluster('', 'persistentvolumes', [...READ, 'create', 'patch', 'delete']),
      cluster('', 'persistentvolumeclaims', [...READ, 'update']),
      cluster('storage.k8s.io', 'storageclasses', READ),
      cluster('storage.k8s.io', 'volumeattachments', READ),
      cluster('snapshot.storage.k8s.io', 'volumesnapshots', [...READ, 'update']),
      cluster('snapshot.storage.k8s.io', 'volumesnapshotcontents', ['get', 'list']),
      cluster('storage.k8s.io', 'csinodes', READ),
      cluster('', 'nodes', READ),
    ],
  },
  {
    who: 'csi-provisioner --enable-capacity',
    when: 'storageCapacity',
    rights: [
      namespaced('storage.k8s.io', 'csistoragecapacities', [...READ, 'create', 'update', 'patch', 'delete']),
      namespaced('', 'pods', ['get']),
      namespaced('apps', 'replicasets', ['get']),
    ],
  },
  {
    who: 'csi-attacher',
    rights: [
      leases,
      cluster('', 'persistentvolumes', [...READ, 'patch']),
      cluster('storage.k8s.io', 'csinodes', READ),
      cluster('storage.k8s.io', 'volumeattachments', [...READ, 'patch']),
      cluster('storage.k8s.io', 'volumeattachments/status', ['patch']),
    ],
  },
  {
    who: 'csi-resizer --handle-volume-inuse-error=false',
    rights: [
      events,
      leases,
      cluster('', 'persistentvolumes', [...READ, 'patch']),
      cluster('', 'persistentvolumeclaims', READ),
      cluster('', 'persistentvolumeclaims/status', ['patch']),
      cluster('storage.k8s.io', 'volumeattributesclasses', READ),
    ],
  },
  {
    who: 'csi-snapshotter',
    when: 'snapshotter',
    rights: [
      events,
      leases,
      cluster('snapshot.storage.k8s.io', 'volumesnapshotclasses', READ),
      cluster('snapshot.storage.k8s.io', 'volumesnapshotcontents', [...READ, 'update', 'patch']),
      cluster('snapshot.storage.k8s.io', 'volumesnapshotcontents/status', ['update', 'patch']),
    ],
  },
  {
    who: 'rose-csi controller, for annotations',
    when: 'snapshotter',
    rights: [cluster('snapshot.storage.k8s.io', 'volumesnapshotcontents', ['patch'])],
  },
  {
    who: 'rose-csi controller, for the orphan report',
    when: 'orphans',
    rights: [
      cluster('', 'persistentvolumes', ['list']),
      cluster('', 'persistentvolumeclaims', ['list']),
      cluster('storage.k8s.io', 'volumeattachments', ['list']),
      cluster('snapshot.storage.k8s.io', 'volumesnapshotcontents', ['list', 'patch']),
      cluster('snapshot.storage.k8s.io', 'volumesnapshots', ['list']),
      cluster('', 'events', ['create', 'patch']),
      namespaced('coordination.k8s.io', 'leases', ['create']),
      { ...namespaced('coordination.k8s.io', 'leases', ['get', 'update']), name: ORPHANS },
      namespaced('', 'configmaps', ['create']),
      { ...namespaced('', 'configmaps', ['get', 'update']), name: ORPHANS },
    ],
  },
  {
    who: 'rose-csi controller, for Events and the claims that they are about',
    when: 'events',
    rights: [cluster('', 'events', ['create', 'patch']), cluster('', 'persistentvolumes', ['list'])],
  },
];

/** What the controller itself needs, whatever is turned on. */
export function driverRights(): readonly Right[] {
  return NEEDS.filter(({ who }) => who.startsWith('rose-csi controller')).flatMap(({ rights }) => rights);
}

/** What the node plugin needs for its Events, which are about a Node and so in the namespace `default`. */
export const NODE_RIGHTS: readonly Right[] = [namespaced('', 'events', ['create', 'patch'])];

/** All rights needed, one line for each verb on each resource, such as `cluster storage.k8s.io/csinodes get`. */
export function needed(circumstances: Circumstances): ReadonlySet<string> {
  const present = NEEDS.filter(({ when }) => when === undefined || circumstances[when]);
  return new Set(present.flatMap(({ rights }) => rights.flatMap(lines)));
}

/** One line for each verb. */
export function lines({ scope, group, resource, verbs, name }: Right): readonly string[] {
  const object = name === undefined ? '' : ` ${name}`;
  return verbs.map((verb) => `${scope} ${group}/${resource}${object} ${verb}`);
}

function cluster(group: string, resource: string, verbs: readonly string[]): Right {
  return { scope: 'cluster', group, resource, verbs };
}

function namespaced(group: string, resource: string, verbs: readonly string[]): Right {
  return { scope: 'namespace', group, resource, verbs };
}
