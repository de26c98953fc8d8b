import type { Logger } from 'pino';
import type { Interceptor } from '../../csi/grpc-binding.ts';
import { conditionMessage } from '../../failures/conditions.ts';
import type { Cluster, ObjectReference } from '../../kubernetes/cluster.ts';
import { type EventRecorder, KubernetesEventRecorder } from '../../kubernetes/event-recorder.ts';
import type { Backend } from '../../storage/backend.ts';
import type { BackendListener } from '../controller/backend-poller.ts';
import type { VolumeReports } from '../controller/volume-watch.ts';
import { watchBackend } from './backend-watch.ts';
import { Claims } from './claims.ts';
import { warnOf } from './event-warnings.ts';
import { FailureEvents } from './failure-events.ts';
import { rpcEvents } from './rpc-events.ts';

/** The Events of the controller. */
export interface ControllerEvents {
  readonly interceptors: readonly Interceptor[];
  readonly recorder: EventRecorder;
  /** Reports of an RDS what its poller notices. */
  watchBackend(backend: Backend): BackendListener;
  /** Reports of volumes that are not well. */
  readonly volumes: VolumeReports;
  /** The cluster lacks the kinds of snapshots. */
  snapshotKindsMissing(): void;
  stop(): Promise<void>;
}

export interface ControllerEventsOptions {
  readonly cluster: Pick<Cluster, 'event' | 'persistentVolumes'>;
  /** Name of the CSI driver, whose object Events about whole backends are about. */
  readonly driver: string;
  /** How long what may pass by itself must last before it is reported, in ms. */
  readonly lastingMs: number;
  readonly logger: Logger;
}

export function controllerEvents(options: ControllerEventsOptions): ControllerEvents {
  const { cluster, lastingMs, logger } = options;
  const recorder = new KubernetesEventRecorder({ cluster, onFailure: warnOf(logger) });
  const driver: ObjectReference = { apiVersion: 'storage.k8s.io/v1', kind: 'CSIDriver', name: options.driver };
  const claims = new Claims(cluster, options.driver);
  return {
    recorder,
    interceptors: [rpcEvents(new FailureEvents({ recorder, lastingMs }), claims)],
    watchBackend: (backend) => watchBackend(backend, { recorder, driver, lastingMs }),
    volumes: {
      cluster,
      driver: options.driver,
      report: (volumeId, condition) =>
        recorder.record(claims.of(volumeId), {
          reason: condition.code,
          message: conditionMessage(volumeId, condition),
        }),
    },
    snapshotKindsMissing: () => recordMissingKinds(recorder, driver),
    stop: () => recorder.stop(),
  };
}

function recordMissingKinds(recorder: EventRecorder, driver: ObjectReference): void {
  const message = 'the cluster has no snapshot kinds (snapshot.storage.k8s.io/v1), so no snapshot can be taken';
  recorder.record(driver, { reason: 'SnapshotKindsMissing', message });
}
