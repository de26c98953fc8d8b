import type { Claim, VolumeSnapshot } from '../../kubernetes/kinds.ts';
import { parseQuantity } from '../../kubernetes/quantity.ts';
import { type ClusterState, isGoing } from '../cluster-state.ts';
import type { Finding, Rule } from '../finding.ts';
import { ASK_FOR_MORE } from '../meanings.ts';
import { pendingClaim } from './claim.ts';

/** What a claim is to be made from. */
export const sourceRules: readonly Rule[] = [
  { id: 'source-missing', notices: 'the snapshot or claim that the claim is made from does not exist', judge: missing },
  {
    id: 'source-not-ready',
    notices: 'the snapshot that the claim is made from is not ready, or its claim is not bound',
    judge: notReady,
  },
  { id: 'source-larger', notices: 'the claim asks for less than its source has', judge: larger },
];

function missing(cluster: ClusterState): Finding | undefined {
  const claim = pendingClaim(cluster);
  if (claim === undefined || cluster.source?.seen.is !== 'absent') return undefined;
  const { what } = cluster.source;
  return {
    state: 'stuck',
    at: 'source',
    what: `The claim is to be made from ${what}, which does not exist.`,
    why: 'Its dataSource names it, and a claim that names a source is never made empty.',
    next: what.startsWith('VolumeSnapshot')
      ? 'See which snapshots there are in the namespace; recreate the claim with one of them.'
      : 'Recreate the claim with a source that exists.',
    command: `kubectl -n ${claim.metadata.namespace} get volumesnapshots,persistentvolumeclaims`,
  };
}

function notReady(cluster: ClusterState): Finding | undefined {
  const claim = pendingClaim(cluster);
  const { source } = cluster;
  if (claim === undefined || source?.seen.is !== 'there') return undefined;
  const isReady = 'source' in source.seen.object.spec ? isTaken(source.seen.object) : isBound(source.seen.object);
  if (isGoing(source.seen.object)) {
    return {
      state: 'stuck',
      at: 'source',
      what: `The claim is to be made from ${source.what}, which is being deleted.`,
      why: 'Nothing is made from what is being deleted, and the deletion cannot be undone.',
      next: 'Delete the claim, and recreate it from a source that stays.',
      command: `kubectl -n ${claim.metadata.namespace} get volumesnapshots,persistentvolumeclaims`,
    };
  }
  if (isReady) return undefined;
  const { name, namespace } = source.seen.object.metadata;
  return {
    state: 'stuck',
    at: 'source',
    what: `The claim is to be made from ${source.what}, which is not ready.`,
    why: 'The volume is made when it is.',
    next: 'Ask why that one is stuck.',
    command: `rose-csi why ${source.what.startsWith('VolumeSnapshot') ? 'vs' : 'pvc'}/${name} -n ${namespace}`,
  };
}

function isTaken({ status }: Pick<VolumeSnapshot, 'status'> | Pick<Claim, 'status'>): boolean {
  return status !== undefined && 'readyToUse' in status && status.readyToUse === true;
}

function isBound({ status }: Pick<VolumeSnapshot, 'status'> | Pick<Claim, 'status'>): boolean {
  return status !== undefined && 'phase' in status && status.phase === 'Bound';
}

/** As csi-provisioner compares them: with restoreSize of a snapshot, and with what the claim to be cloned asks for. */
function larger(cluster: ClusterState): Finding | undefined {
  const asked = pendingClaim(cluster)?.spec.resources?.requests?.storage;
  if (asked === undefined || cluster.source?.seen.is !== 'there') return undefined;
  const { spec, status } = cluster.source.seen.object;
  const least =
    'source' in spec
      ? status !== undefined && 'restoreSize' in status
        ? status.restoreSize
        : undefined
      : spec.resources?.requests?.storage;
  if (least === undefined || (parseQuantity(asked) ?? 0n) >= (parseQuantity(least) ?? 0n)) return undefined;
  return {
    state: 'stuck',
    at: 'claim',
    what: `The claim asks for ${asked}, and ${cluster.source.what} has ${least}.`,
    why: 'A volume is never smaller than what it is made from: csi-provisioner refuses it before the driver is asked.',
    next: ASK_FOR_MORE,
  };
}
