import { FAILURES, type FailureCode } from '../failures/catalogue.ts';
import { CONDITIONS, type ConditionCode, isConditionCode } from '../failures/conditions.ts';
import { codeIn, remedyOf } from '../failures/message.ts';
import type { Event } from '../kubernetes/kinds.ts';
import { timeOf } from '../why/cluster-state.ts';
import type { FailureScene, Subject } from './scene.ts';

/** Failures that are shown at most. Kubernetes forgets Events after an hour. */
const MOST = 50;

/**
 * The failures and conditions that Events bear the code of, whoever wrote them, newest first. What only a node sees of a volume
 * is nowhere else to be read.
 */
export function recentFailures(events: readonly Event[]): FailureScene[] {
  return events
    .flatMap((event) => {
      const code = codeOf(event);
      return code === undefined ? [] : [failureOf(event, code)];
    })
    .toSorted((a, b) => b.at - a.at)
    .slice(0, MOST);
}

/** Whether an Event bears a code. */
export function isTelling(event: Pick<Event, 'message' | 'reason'>): boolean {
  return codeOf(event) !== undefined;
}

function codeOf({
  message = '',
  reason = '',
}: Pick<Event, 'message' | 'reason'>): FailureCode | ConditionCode | undefined {
  // The code of a condition is the reason of its Event, and in brackets at the end of what the driver says.
  if (isConditionCode(reason) && message.includes(`[${reason}]`)) return reason;
  return codeIn(message);
}

function failureOf(event: Event, code: FailureCode | ConditionCode): FailureScene {
  const { kind = '', namespace, name = '' } = event.involvedObject;
  const subject = subjectOf(event);
  return {
    at: timeOf(event),
    count: event.count ?? 1,
    about: `${kind} ${namespace === undefined ? '' : `${namespace}/`}${name}`,
    ...(subject !== undefined && { subject }),
    code,
    ...(isConditionCode(code)
      ? { says: CONDITIONS[code].what, remedy: CONDITIONS[code].remedy }
      : { says: FAILURES[code].what, remedy: remedyOf(code) }),
    message: event.message ?? '',
  };
}

function subjectOf({ involvedObject: { kind, namespace, name } }: Event): Subject | undefined {
  if (namespace === undefined || name === undefined) return undefined;
  if (kind === 'PersistentVolumeClaim') return { kind: 'pvc', namespace, name };
  return kind === 'VolumeSnapshot' ? { kind: 'vs', namespace, name } : undefined;
}
