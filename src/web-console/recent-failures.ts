import { FAILURES, type FailureCode } from '../failures/catalogue.ts';
import { codeIn, remedyOf } from '../failures/message.ts';
import type { Event } from '../kubernetes/kinds.ts';
import { timeOf } from '../why/cluster-state.ts';
import type { FailureScene, Subject } from './scene.ts';

/** Failures that are shown at most. Kubernetes forgets Events after an hour. */
const MOST = 50;

/** The failures that Events bear the code of, whoever wrote them, newest first. */
export function recentFailures(events: readonly Event[]): FailureScene[] {
  return events
    .flatMap((event) => {
      const code = codeIn(event.message ?? '');
      return code === undefined ? [] : [failureOf(event, code)];
    })
    .toSorted((a, b) => b.at - a.at)
    .slice(0, MOST);
}

function failureOf(event: Event, code: FailureCode): FailureScene {
  const { kind = '', namespace, name = '' } = event.involvedObject;
  const subject = subjectOf(event);
  return {
    at: timeOf(event),
    count: event.count ?? 1,
    about: `${kind} ${namespace === undefined ? '' : `${namespace}/`}${name}`,
    ...(subject !== undefined && { subject }),
    code,
    says: FAILURES[code].what,
    remedy: remedyOf(code),
    message: event.message ?? '',
  };
}

function subjectOf({ involvedObject: { kind, namespace, name } }: Event): Subject | undefined {
  if (namespace === undefined || name === undefined) return undefined;
  if (kind === 'PersistentVolumeClaim') return { kind: 'pvc', namespace, name };
  return kind === 'VolumeSnapshot' ? { kind: 'vs', namespace, name } : undefined;
}
