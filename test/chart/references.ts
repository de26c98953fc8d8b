import type { KubeObject } from './manifests.ts';

/** Fields that hold the name of another object, with its kind. */
const NAMES: Readonly<Record<string, string>> = {
  claimName: 'PersistentVolumeClaim',
  persistentVolumeClaimName: 'PersistentVolumeClaim',
  serviceAccountName: 'ServiceAccount',
  serviceName: 'Service',
  snapshotClassName: 'VolumeSnapshotClass',
  storageClassName: 'StorageClass',
  volumeSnapshotClassName: 'VolumeSnapshotClass',
  volumeSnapshotContentName: 'VolumeSnapshotContent',
};

/** Fields that hold an object with a name, with its kind; undefined where the object says its kind itself. */
const OBJECTS: ReadonlyMap<string, string | undefined> = new Map([
  ['configMap', 'ConfigMap'],
  ['dataSource', undefined],
  ['roleRef', undefined],
  ['subjects', undefined],
  ['volumeSnapshotRef', 'VolumeSnapshot'],
]);

/** `Kind name` of an object. */
export function named({ kind, metadata }: KubeObject): string {
  return `${kind} ${metadata.name}`;
}

/** `Kind name` of every object that a part of an object refers to. */
export function references(part: unknown, field = ''): readonly string[] {
  if (typeof part === 'string') {
    const kind = NAMES[field];
    return kind ? [`${kind} ${part}`] : [];
  }
  if (Array.isArray(part)) return part.flatMap((item) => references(item, field));
  if (typeof part !== 'object' || part === null) return [];
  const { kind, name } = part as { readonly kind?: unknown; readonly name?: unknown };
  const own = OBJECTS.has(field) ? [`${OBJECTS.get(field) ?? kind} ${name}`] : [];
  return [...own, ...Object.entries(part).flatMap(([key, value]) => references(value, key))];
}
