import type { LoopTarget } from '../attach/loop.ts';
import { HttpError } from './http-error.ts';

const ATTACHMENT = /^(POST|DELETE) \/v1\/namespaces\/([^/]+)\/attachments$/;

/**
 * Answers a request that is about loop devices.
 *
 * @param method and path of the request, the path decoded.
 * @returns the body of the answer; undefined when the request is about something else.
 * @throws HttpError 400 without a host, 403 for what is not exported, 404 when the simulator offers no loop devices.
 */
export async function answerAttachments(
  loops: LoopTarget | undefined,
  method: string,
  path: string,
  query: URLSearchParams,
): Promise<unknown> {
  const route = `${method} ${path}`;
  const [, verb, nqn = ''] = ATTACHMENT.exec(route) ?? [];
  const isList = route === 'GET /v1/attachments';
  if (!isList && verb === undefined) return undefined;
  if (loops === undefined) throw new HttpError(404, 'no-loop-devices', 'start the simulator with --loop');
  if (isList) return loops.attachments;
  const host = query.get('host') ?? '';
  if (host === '') throw new HttpError(400, 'bad-request', 'host= is missing: the NQN of the host');
  if (verb === 'POST') return loops.attach(nqn, host);
  await loops.detach(nqn, host);
  return {};
}
