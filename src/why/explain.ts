import { FAILURES, type FailureCode } from '../failures/catalogue.ts';
import { DOCTOR, LOGS, SNAPSHOTS } from '../failures/failure.ts';
import { codeIn, remedyOf } from '../failures/message.ts';
import type { Event } from '../kubernetes/kinds.ts';
import { controllerLog, nodeLog } from './driver-pods.ts';
import { MEANINGS } from './meanings.ts';
import type { Scene } from './scene.ts';

/** What somebody's error message means, and the one thing to do about it. */
export interface Explanation {
  readonly why: string;
  readonly next: string;
  readonly command?: string;
}

/** By gRPC code as Go writes it, for messages that have lost the code of their failure. */
const CODES: Readonly<Record<string, Explanation>> = {
  InvalidArgument: {
    why: 'The request can never succeed as it stands.',
    next: 'Change the claim or the class: the message names the field.',
  },
  NotFound: {
    why: 'The box says that the object is not there.',
    next: 'Look for the id on the box.',
    command: SNAPSHOTS,
  },
  AlreadyExists: {
    why: 'The name is taken by an object that was made from another request.',
    next: 'Use another name.',
  },
  OutOfRange: { why: 'The size cannot be had.', next: 'Ask for at least the size that the message names.' },
  ResourceExhausted: {
    why: 'There is no room, or a limit is reached.',
    next: 'Free space or delete snapshots: the message has the figures.',
  },
  FailedPrecondition: { why: 'Somebody must change something first.', next: 'Follow the message.' },
  Aborted: { why: 'Another operation works on the object.', next: 'Wait: it is tried again.' },
  Unavailable: {
    why: 'The box cannot be reached, gave no intact answer, or refused a command. Nothing is concluded from it.',
    next: 'Examine the box and the way to it.',
    command: DOCTOR,
  },
  Internal: { why: 'This is a defect of the driver.', next: 'Report it, with the line of the log.', command: LOGS },
};

/** What a code means when a node says it: a node never speaks with the box over SSH. */
const NODE_CODES: Readonly<Record<string, Explanation>> = {
  ...CODES,
  NotFound: {
    why: 'The node does not have the volume where the kubelet asks for it.',
    next: 'Delete the pod: the next one mounts it anew.',
  },
  AlreadyExists: {
    why: 'Something else is mounted where the volume should be.',
    next: 'See what the node plugin says.',
    command: LOGS,
  },
  Unavailable: {
    why: 'The node could not do it: a program on it failed, or the device did not answer. It is tried again by itself.',
    next: 'See what the node plugin says.',
    command: LOGS,
  },
};
const RPC_ERROR = /rpc error: code = (\w+) desc = /;

/**
 * What a message says, of an Event or of the error field of an object. Never undefined: a message is not silent.
 *
 * @param node the node whose plugin or kubelet said it; the controller or one of its sidecars when left out
 */
export function explain(message: string, scene: Scene, node?: string): Explanation {
  const failure = codeIn(message);
  const status = RPC_ERROR.exec(message)?.[1] ?? '';
  const { why, next, command } = (failure && explanationOf(failure)) ??
    MEANINGS.find(({ pattern }) => pattern.test(message)) ??
    (node === undefined ? CODES : NODE_CODES)[status] ?? {
      why: 'The message below says it.',
      next: `Look at the log of the ${node === undefined ? 'controller' : 'node plugin'} around that time.`,
      command: LOGS,
    };
  const log = node === undefined ? controllerLog(scene) : nodeLog(scene, node);
  return { why, next, ...(command !== undefined && { command: command.replace(LOGS, () => log) }) };
}

function explanationOf(code: FailureCode): Explanation {
  const { what, command } = FAILURES[code];
  const why = `${what.slice(0, 1).toUpperCase()}${what.slice(1)}.`;
  return { why, next: `${remedyOf(code) || 'Follow the message'}.`, ...(command !== undefined && { command }) };
}

/** What an Event says. Who wrote it decides whether it is about a node or about the controller. */
export function explainEvent(event: Event, scene: Scene, node: string | undefined): Explanation {
  return explain(event.message ?? '', scene, isOfNode(event) ? (node ?? '') : undefined);
}

/** Pods hear from the kubelet of their node, except when attaching fails: the attach-detach controller tells that. */
function isOfNode({ involvedObject, reason, reportingComponent, source }: Event): boolean {
  const writer = reportingComponent || source?.component;
  if (writer) return writer === 'kubelet';
  return involvedObject.kind === 'Pod' && reason !== 'FailedAttachVolume';
}
