import type { Logger } from 'pino';
import type { Interceptor } from '../../csi/grpc-binding.ts';
import { FAILURES } from '../../failures/catalogue.ts';
import { type Condition, type ConditionCode, conditionMessage, recoveryMessage } from '../../failures/conditions.ts';
import { FilesystemGaveUp } from '../../host/filesystem-health.ts';
import type { Access } from '../../kubernetes/access.ts';
import type { EventNote, ObjectReference } from '../../kubernetes/cluster.ts';
import type { KubernetesEventRecorder } from '../../kubernetes/event-recorder.ts';
import { StorageError } from '../../storage/errors.ts';

/** The Events of a node. */
export interface NodeEvents {
  readonly interceptors: readonly Interceptor[];
  /** A volume was disconnected before all of it was flushed. */
  unflushed(volumeId: string): void;
  /** A volume was mounted, and its filesystem did not grow to the size of its device. */
  notGrown(volumeId: string, message: string): void;
  /** A volume is not well. */
  condition(volumeId: string, condition: Condition): void;
  /** A condition that was reported of a volume is over: it was seen not to be so, or the node no longer has the volume. */
  recovered(volumeId: string, code: ConditionCode, how: 'well' | 'gone'): void;
  stop(): Promise<void>;
}

/** Without Events: no one is notified. */
export const noNodeEvents: NodeEvents = {
  interceptors: [],
  unflushed: () => undefined,
  notGrown: () => undefined,
  condition: () => undefined,
  recovered: () => undefined,
  stop: async () => undefined,
};

/** Reports what needs someone to act on a node. What that needs is loaded when there is something to tell. */
export function nodeEvents(access: Access, nodeName: string, logger: Logger): NodeEvents {
  // `kubectl describe node` looks for Events with this uid, as the kubelet writes them.
  const node: ObjectReference = { apiVersion: 'v1', kind: 'Node', name: nodeName, uid: nodeName };
  let opened: Promise<KubernetesEventRecorder> | undefined;
  const tell = (note: EventNote) => {
    opened ??= open(access, logger);
    opened.then(
      (recorder) => recorder.record(node, note),
      (error: unknown) => logger.warn({ err: error }, 'Events cannot be written'),
    );
  };
  // The kubelet asks for the usage of each volume every minute, so that one that has given up is reported soon.
  const report = (volumeId: string, error: StorageError) => {
    const { event: reason } = FAILURES[error.code];
    if (reason === undefined) return;
    const message = error.message.startsWith(volumeId) ? error.message : `${volumeId}: ${error.message}`;
    const subject = error instanceof FilesystemGaveUp ? `${volumeId} ${error.place}` : volumeId;
    tell({ reason, subject, message });
  };
  return {
    interceptors: [
      async ({ request }, next) => {
        try {
          return await next();
        } catch (error) {
          if (error instanceof StorageError && 'volumeId' in request) report(String(request.volumeId), error);
          throw error;
        }
      },
    ],
    unflushed(volumeId) {
      const message = `${volumeId} was disconnected because its RDS did not answer, or because it had been detached by force, and what was not flushed is lost`;
      tell({ reason: 'UnflushedDataLost', subject: volumeId, message });
    },
    notGrown(volumeId, why) {
      tell({ reason: 'FilesystemNotGrown', subject: volumeId, message: `${volumeId}: ${why}` });
    },
    condition(volumeId, condition) {
      const message = conditionMessage(volumeId, condition);
      tell({ reason: condition.code, subject: `${volumeId} ${condition.code}`, message });
    },
    recovered(volumeId, code, how) {
      const message = recoveryMessage(volumeId, code, how);
      tell({ reason: 'VolumeRecovered', subject: `${volumeId} ${code}`, message });
    },
    async stop() {
      await (await opened?.catch(() => undefined))?.stop();
    },
  };
}

async function open(access: Access, logger: Logger): Promise<KubernetesEventRecorder> {
  const [{ KubernetesClient }, { KubernetesEventRecorder }, { warnOf }] = await Promise.all([
    import('../../kubernetes/client.ts'),
    import('../../kubernetes/event-recorder.ts'),
    import('./event-warnings.ts'),
  ]);
  const cluster = new KubernetesClient(access, { namespace: 'default' });
  return new KubernetesEventRecorder({ cluster, onFailure: warnOf(logger) });
}
