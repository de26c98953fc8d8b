import { createHash } from 'node:crypto';
import * as z from 'zod';
import { EVENTS, type EventMeaning } from '../failures/events.ts';
import { shorten } from '../failures/message.ts';
import { type EventNote, KubernetesError, type ObjectReference } from './cluster.ts';
import type { ApiRequest } from './http.ts';
import { parse } from './pages.ts';

/** Longest message of an Event, in bytes, as the API server checks it. */
const MAX_MESSAGE = 1024;
/** Characters of the object's name in that of an Event, which may have 253 with the rest. */
const MAX_NAME = 200;
/** Where Events about objects without a namespace have to be. */
const CLUSTER_NAMESPACE = 'default';

const counted = z.object({ count: z.number().int().nonnegative().nullish() });

/** Sends a request. @throws KubernetesError */
export type Send = (request: ApiRequest) => Promise<unknown>;

/**
 * Writes an Event. Its name follows from what it is about, so that the same note, reported again by this process or
 * another, is counted in the Event that is there.
 *
 * @throws KubernetesError
 */
export async function writeEvent(send: Send, about: ObjectReference, note: EventNote): Promise<void> {
  const what = `writing an Event ${note.reason}`;
  const namespace = about.namespace ?? CLUSTER_NAMESPACE;
  const path = ['api', 'v1', 'namespaces', namespace, 'events'];
  const name = eventName(about, note);
  const time = new Date().toISOString();
  const latest = { message: messageOf(note), lastTimestamp: time };
  const body = {
    apiVersion: 'v1',
    kind: 'Event',
    metadata: { name, namespace },
    involvedObject: about,
    type: EVENTS[note.reason].type,
    reason: note.reason,
    source: { component: 'rose-csi' },
    ...latest,
    firstTimestamp: time,
    count: 1,
  };
  try {
    await send({ what, method: 'POST', path, body });
  } catch (error) {
    if (!(error instanceof KubernetesError) || error.status !== 409) throw error;
    await repeat(send, { what, method: 'PATCH', path: [...path, name], body: latest });
  }
}

/** The answer to the first patch reports the count, so that no right to read Events is needed. */
async function repeat(send: Send, patch: ApiRequest): Promise<void> {
  const { count } = parse(counted, await send(patch), patch.what);
  await send({ ...patch, body: { count: (count ?? 1) + 1 } });
}

/** The same for the same reason about the same object, and for the same subject among several that it may have. */
export function eventName(about: ObjectReference, { reason, subject = '' }: EventNote): string {
  const { apiVersion, kind, namespace = '', name, uid = '' } = about;
  const identity = JSON.stringify([apiVersion, kind, namespace, name, uid, reason, subject]);
  const hash = createHash('sha256').update(identity).digest('hex').slice(0, 16);
  return `${name.slice(0, MAX_NAME).replace(/[-.]+$/, '')}.${hash}`;
}

/** What happened, cut if need be, and what to do about it, which is never cut. */
function messageOf({ reason, message }: EventNote): string {
  const { advice = '' }: EventMeaning = EVENTS[reason];
  if (advice === '') return shorten(message, MAX_MESSAGE);
  return shorten(`${message}. ${advice}`, MAX_MESSAGE, `. ${advice}`);
}
