/** StorageClass and VolumeSnapshotClass parameters. */
import * as z from 'zod';
import { unknownKeys } from '../schema/unknown-keys.ts';
import { type TuningKey, tuningRanges } from './tuning.ts';
import { checkMap, invalid, quoted } from './validation.ts';
import { filesystems } from './volume-capability.ts';

/** Keys that sidecars add (`--extra-create-metadata`) belong to Kubernetes; whatever they are, they are accepted. */
const KUBERNETES_PREFIX = 'csi.storage.k8s.io/';

/** Numbers arrive as text, since StorageClass values are strings; they stay text, in the one form without extras. */
const tuning = (key: TuningKey) => {
  const [min, max] = tuningRanges[key];
  const isInRange = (text: string) => /^[1-9][0-9]{0,6}$/.test(text) && Number(text) >= min && Number(text) <= max;
  return z.string().refine(isInRange, `must be a whole number from ${min} to ${max}`).optional();
};

const place = z.string().regex(/\S/, 'must not be empty').max(128, 'must not be longer than 128 characters').optional();

const storageClass = z
  .strictObject({
    backend: place,
    pool: place,
    fsType: z.enum(filesystems, `must be one of ${quoted(filesystems)}`).optional(),
    ctrlLossTimeoutSeconds: tuning('ctrlLossTimeoutSeconds'),
    reconnectDelaySeconds: tuning('reconnectDelaySeconds'),
    keepAliveTimeoutSeconds: tuning('keepAliveTimeoutSeconds'),
    ioQueues: tuning('ioQueues'),
  })
  .refine(
    ({ ctrlLossTimeoutSeconds: loss, reconnectDelaySeconds: delay }) => !loss || !delay || Number(delay) < Number(loss),
    { path: ['reconnectDelaySeconds'], error: 'must be less than ctrlLossTimeoutSeconds' },
  );

const snapshotClass = z.strictObject({
  maxSnapshotsPerVolume: z
    .string()
    .regex(/^[1-9][0-9]{0,4}$/, 'must be a whole number from 1 to 99999')
    .optional(),
});

/** The parameters of a VolumeSnapshotClass that are ours. */
export interface SnapshotParameters {
  /** Snapshots that one volume may have. */
  readonly maxSnapshotsPerVolume?: number;
  /** Name of the VolumeSnapshotContent, when the sidecar sends it. */
  readonly contentName?: string;
}

/** The parameters of a StorageClass that are ours. */
export type VolumeParameters = z.infer<typeof storageClass> & {
  /** `namespace/claim` of the PersistentVolumeClaim, when the sidecar sends it. */
  readonly description?: string;
};

/** @throws StorageError (invalid) naming every unknown key and every bad value */
export function volumeParameters(parameters: Readonly<Record<string, string>>): VolumeParameters {
  const own = parse(storageClass, 'StorageClass', parameters);
  const namespace = parameters[`${KUBERNETES_PREFIX}pvc/namespace`];
  const claim = parameters[`${KUBERNETES_PREFIX}pvc/name`];
  return namespace && claim ? { ...own, description: `${namespace}/${claim}` } : own;
}

/** @throws StorageError (invalid) naming every unknown key and every bad value */
export function snapshotParameters(parameters: Readonly<Record<string, string>>): SnapshotParameters {
  const { maxSnapshotsPerVolume: max } = parse(snapshotClass, 'VolumeSnapshotClass', parameters);
  const contentName = parameters[`${KUBERNETES_PREFIX}volumesnapshotcontent/name`];
  return {
    ...(max !== undefined && { maxSnapshotsPerVolume: Number(max) }),
    ...(contentName && { contentName }),
  };
}

function parse<Shape extends z.ZodRawShape>(
  schema: z.ZodObject<Shape, z.core.$strict>,
  kind: 'StorageClass' | 'VolumeSnapshotClass',
  parameters: Readonly<Record<string, string>>,
): z.infer<typeof schema> {
  checkMap('parameters', parameters);
  const own = Object.entries(parameters).filter(([key]) => !key.startsWith(KUBERNETES_PREFIX));
  const result = schema.safeParse(Object.fromEntries(own));
  if (result.success) return result.data;
  const known = Object.keys(schema.shape);
  const problems = result.error.issues.map((issue) =>
    issue.code === 'unrecognized_keys' ? unknownKeys(issue.keys, known) : `"${issue.path.join('.')}" ${issue.message}`,
  );
  throw invalid(`parameters of the ${kind}: ${problems.join('; ')}`);
}
