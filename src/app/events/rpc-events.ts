import { isMessage, type Message } from '@bufbuild/protobuf';
import {
  ControllerExpandVolumeRequestSchema,
  ControllerPublishVolumeRequestSchema,
  CreateSnapshotRequestSchema,
  CreateVolumeRequestSchema,
} from '../../csi/gen/csi_pb.js';
import type { Interceptor } from '../../csi/grpc-binding.ts';
import type { ObjectReference } from '../../kubernetes/cluster.ts';
import { type Claims, claimReference } from './claims.ts';
import type { FailureEvents, Subject } from './failure-events.ts';

/** What sidecars add by `--extra-create-metadata`. */
const PREFIX = 'csi.storage.k8s.io';
/** The end of a CSI name that a sidecar makes: the uid of the claim or VolumeSnapshot. */
const UID = /-([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/;

/** Reports calls that fail, on the objects that they are for. The calls wait for nothing and change in nothing. */
export function rpcEvents(failures: FailureEvents, claims: Claims): Interceptor {
  return async ({ request }, next) => {
    const subject = subjectOf(request, claims);
    if (subject === undefined) return await next();
    try {
      const reply = await next();
      failures.succeeded(subject);
      return reply;
    } catch (error) {
      failures.failed(subject, error);
      throw error;
    }
  };
}

/** The claim or VolumeSnapshot that a call is for; undefined when it is for none, or that is not reported. */
function subjectOf(request: Message, claims: Claims): Subject | undefined {
  if (isMessage(request, CreateVolumeRequestSchema)) {
    const [namespace, name] = [request.parameters[`${PREFIX}/pvc/namespace`], request.parameters[`${PREFIX}/pvc/name`]];
    if (!namespace || !name) return undefined;
    return { key: request.name, about: claimReference(namespace, name, uidOf(request.name)) };
  }
  if (isMessage(request, CreateSnapshotRequestSchema)) {
    const about = snapshotReference(request.name, request.parameters);
    return about && { key: request.name, about };
  }
  const isOfVolume =
    isMessage(request, ControllerPublishVolumeRequestSchema) || isMessage(request, ControllerExpandVolumeRequestSchema);
  if (!isOfVolume) return undefined;
  return { key: request.volumeId, about: claims.of(request.volumeId) };
}

function snapshotReference(csiName: string, parameters: Readonly<Record<string, string>>): ObjectReference | undefined {
  const namespace = parameters[`${PREFIX}/volumesnapshot/namespace`];
  const name = parameters[`${PREFIX}/volumesnapshot/name`];
  if (!namespace || !name) return undefined;
  const uid = uidOf(csiName);
  const apiVersion = 'snapshot.storage.k8s.io/v1';
  return { apiVersion, kind: 'VolumeSnapshot', namespace, name, ...(uid !== undefined && { uid }) };
}

function uidOf(csiName: string): string | undefined {
  return UID.exec(csiName)?.[1];
}
