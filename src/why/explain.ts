import { FAILURES, type FailureCode } from '../failures/catalogue.ts';
import { LOGS } from '../failures/failure.ts';
import { askedOnce, codeIn, remedyOf } from '../failures/message.ts';
import type { Event } from '../kubernetes/kinds.ts';
import type { ClusterState } from './cluster-state.ts';
import { controllerLog, nodeLog } from './driver-pods.ts';
import { MEANINGS } from './meanings.ts';

/** What someone's error message means, and the one thing to do about it. */
export interface Explanation {
  readonly why: string;
  readonly next: string;
  readonly command?: string;
}

/**
 * What a message says, of an Event or of the error field of an object. Never undefined: a message is not silent.
 *
 * @param node the node whose plugin or kubelet said it; the controller or one of its sidecars when left out
 */
export function explain(message: string, cluster: ClusterState, node?: string): Explanation {
  const failure = codeIn(message);
  const meaning = MEANINGS.find(({ pattern }) => pattern.test(message));
  const coded = failure && explanationOf(failure);
  // What a failure leaves to its message the words of that message may explain.
  const isOpen = failure !== undefined && remedyOf(failure) === '';
  const { why, next, command } = (isOpen ? (meaning ?? coded) : (coded ?? meaning)) ?? {
    why: 'The message below says it.',
    next: `Look at the log of the ${node === undefined ? 'controller' : 'node plugin'} around that time.`,
    command: LOGS,
  };
  const log = node === undefined ? controllerLog(cluster) : nodeLog(cluster, node);
  return { why, next, ...(command !== undefined && { command: command.replace(LOGS, () => log) }) };
}

/** What to do about a failure that was seen by looking, with no message of it: the same as its message says. */
export function nextFor(code: FailureCode): string {
  return `${askedOnce(remedyOf(code))}.`;
}

function explanationOf(code: FailureCode): Explanation {
  const { what, command } = FAILURES[code];
  const why = `${what.slice(0, 1).toUpperCase()}${what.slice(1)}.`;
  return { why, next: `${remedyOf(code) || 'Follow the message'}.`, ...(command !== undefined && { command }) };
}

/** What an Event says. Who wrote it decides whether it is about a node or about the controller. */
export function explainEvent(event: Event, cluster: ClusterState, node: string | undefined): Explanation {
  return explain(event.message ?? '', cluster, isOfNode(event) ? (node ?? '') : undefined);
}

/** Pods hear from the kubelet of their node, except when attaching fails: the attach-detach controller says that. */
function isOfNode({ involvedObject, reason, reportingComponent, source }: Event): boolean {
  const writer = reportingComponent || source?.component;
  if (writer) return writer === 'kubelet';
  return involvedObject.kind === 'Pod' && reason !== 'FailedAttachVolume';
}
