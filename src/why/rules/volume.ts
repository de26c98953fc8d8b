import { parseHandle } from '../../storage/ids.ts';
import { type ClusterState, there } from '../cluster-state.ts';
import type { Finding, Rule } from '../finding.ts';

/** The PersistentVolume itself. */
export const volumeRules: readonly Rule[] = [
  {
    id: 'volume-not-found',
    notices: 'there is no PersistentVolume of that name, or the one of the claim is gone',
    judge: notFound,
  },
  { id: 'volume-of-another-driver', notices: 'the volume belongs to another driver', judge: foreign },
  { id: 'not-an-id', notices: 'the handle of the volume or snapshot is none that this driver gives', judge: noId },
  {
    id: 'unknown-backend',
    notices: 'the volume or snapshot is on a backend that the configuration does not have',
    judge: unknownBackend,
  },
  {
    id: 'backend-renamed',
    notices: 'the volume or snapshot is on another backend than the one that its id names',
    judge: renamedBackend,
  },
  { id: 'volume-twice', notices: 'another PersistentVolume has the same volume, and is attached', judge: twice },
];

function notFound({ volume, claim, subject }: ClusterState): Finding | undefined {
  if (volume?.is !== 'absent') return undefined;
  const isBound = there(claim)?.status?.phase === 'Bound';
  if (subject.kind !== 'volume' && !isBound) return undefined;
  const name = there(claim)?.spec.volumeName ?? subject.name;
  return {
    state: 'stuck',
    at: 'volume',
    what: `There is no PersistentVolume ${name}.`,
    why: isBound
      ? 'The claim is bound to it, and someone deleted it. The data may still be on the RDS.'
      : 'It was deleted, or never was.',
    next: isBound
      ? 'Look for the volume on the RDS; if it is there, `rose-csi orphans adopt` brings it back (docs/orphans.md).'
      : 'See which volumes there are.',
    command: isBound ? 'rose-csi orphans report --config rose-csi.yaml' : 'kubectl get persistentvolumes',
  };
}

function foreign({ volume, driver }: ClusterState): Finding | undefined {
  const object = there(volume);
  if (object === undefined || object.spec.csi?.driver === driver) return undefined;
  return {
    state: 'unknown',
    at: 'volume',
    what: `The volume belongs to ${object.spec.csi?.driver ?? 'no CSI driver'}, not to ${driver}.`,
    why: 'This driver has nothing to do with it, so its own part of the chain is not known here.',
    next: 'See what Kubernetes says of it.',
    command: `kubectl describe persistentvolume ${object.metadata.name}`,
  };
}

/** Handles that were written by hand; those of the driver are as they should be. */
function noId({ volume, content, driver }: ClusterState): Finding | undefined {
  const csi = there(volume)?.spec.csi;
  if (csi?.driver === driver && parseHandle('pvc', csi.volumeHandle) === undefined) {
    return {
      state: 'stuck',
      at: 'volume',
      what: `${csi.volumeHandle} is not the id of a volume; one looks like BACKEND:pvc-UUID.`,
      why: `Whoever made the PersistentVolume wrote it into spec.csi.volumeHandle${parseHandle('snap', csi.volumeHandle) === undefined ? '' : '; it is the id of a snapshot, of which a claim has to be made with dataSource'}. Nothing on an RDS has it.`,
      next: 'It cannot be changed: delete the claim and the PersistentVolume, and recreate both with an id that is there.',
      command: IDS,
    };
  }
  const spec = there(content)?.spec;
  const handle = spec?.source.snapshotHandle;
  if (handle === undefined || spec?.driver !== driver || parseHandle('snap', handle) !== undefined) return undefined;
  return {
    state: 'stuck',
    at: 'content',
    what: `${handle} is not the id of a snapshot; one looks like BACKEND:snap-UUID.`,
    why: `Whoever made the VolumeSnapshotContent wrote it into spec.source.snapshotHandle${parseHandle('pvc', handle) === undefined ? '' : '; it is the id of a volume'}. Nothing on an RDS has it.`,
    next: 'It cannot be changed: delete the VolumeSnapshot and its content, and recreate both with an id that is there.',
    command: IDS,
  };
}

const IDS = 'rose-csi snapshots ls --config rose-csi.yaml';

/** Where the id was not given by the driver, it may be the id that is wrong. */
const RECREATE =
  ' If the id was written by hand and no backend ever had that name, recreate what has it (docs/guides/troubleshooting.md#made-by-hand).';

function unknownBackend({ view }: ClusterState): Finding | undefined {
  if (view?.device.is !== 'unconfigured' || view.device.elsewhere?.length) return undefined;
  const { id, backend } = view.device;
  return {
    state: 'stuck',
    at: 'device',
    what: `${id} is on a backend that the configuration does not have${backend === '' ? '' : `: ${backend}`}.`,
    why: `Configured: ${view.backends.join(', ')}. A backend must keep its name forever, since every id names it; every call for this one is UNAVAILABLE.`,
    next: `Put the backend back under that name. Its address may be another one.${RECREATE}`,
    command: 'helm get values rose-csi',
  };
}

function renamedBackend({ view }: ClusterState): Finding | undefined {
  if (view?.device.is !== 'absent' && view?.device.is !== 'unconfigured') return undefined;
  const { id, elsewhere = [] } = view.device;
  if (elsewhere.length === 0) return undefined;
  return {
    state: 'stuck',
    at: 'device',
    what: `This configuration has ${id} as ${elsewhere.join(' and ')}.`,
    why: 'A backend was renamed in the configuration, or names were exchanged; a backend must keep its name forever, since every id names it. Or someone removed it from its own backend, and this is a copy.',
    next: `Give each backend the name that it had. Delete nothing before that.${RECREATE}`,
    command: 'helm get values rose-csi',
  };
}

function twice({ volume, sharing = [] }: ClusterState): Finding[] {
  const name = there(volume)?.metadata.name;
  return sharing.map((other) => ({
    state: 'stuck',
    at: 'volume',
    what: `PersistentVolume ${other.name} has the same volume, and has it attached to ${other.node}.`,
    why: 'Both have one spec.csi.volumeHandle, so one of them was made by hand. They share the data: if one goes whose reclaim policy is Delete, it goes with it.',
    next: 'Leave the RDS alone. Make sure that neither takes the data with it, then delete the one that is too many, with its claim:',
    command: `kubectl patch persistentvolume ${name} ${other.name} -p '{"spec":{"persistentVolumeReclaimPolicy":"Retain"}}'`,
  }));
}
