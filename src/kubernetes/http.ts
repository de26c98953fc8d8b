import { request as requestPlain } from 'node:http';
import { request as requestTls } from 'node:https';
import * as z from 'zod';
import type { Access } from './access.ts';
import { KubernetesError } from './cluster.ts';

/** One request to the API server. */
export interface ApiRequest {
  /** What it is about, for the message of an error. */
  readonly what: string;
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH';
  /** Parts of the path; each is encoded. */
  readonly path: readonly string[];
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

/** The largest answer that is read, in bytes: a page of 500 large objects is a tenth of it. */
const MAX_ANSWER = 64 * 1024 * 1024;
/** Characters of the server's own words that an error keeps. */
const MAX_WORDS = 300;

const status = z.object({ kind: z.literal('Status'), message: z.string() });

/**
 * Sends one request on a connection of its own and returns the JSON of the answer. Redirects are not followed: the token
 * is for this server.
 *
 * @param limitMs how long the whole exchange may take
 * @throws KubernetesError when there is no whole answer, or none that says success.
 */
export async function send(
  access: Access,
  request: ApiRequest,
  limitMs: number,
  signal: AbortSignal,
): Promise<unknown> {
  const limit = AbortSignal.timeout(limitMs);
  let answer: Answer;
  try {
    answer = await exchange(access, request, AbortSignal.any([signal, limit]));
  } catch (cause) {
    const reason = limit.aborted ? `no answer within ${limitMs} ms` : messageOf(cause);
    throw new KubernetesError(`${request.what}: ${reason}`, undefined, { cause });
  }
  const { code, text } = answer;
  if (code < 200 || code > 299) {
    throw new KubernetesError(`${request.what}: HTTP status ${code}${wordsOf(text)}`, code);
  }
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new KubernetesError(`${request.what}: the answer is not JSON`, undefined, { cause });
  }
}

interface Answer {
  readonly code: number;
  readonly text: string;
}

async function exchange(
  access: Access,
  { method, path, query, body }: ApiRequest,
  signal: AbortSignal,
): Promise<Answer> {
  const url = new URL(access.server);
  const base = url.pathname.replace(/\/$/, '');
  url.pathname = `${base}/${path.map(encodeURIComponent).join('/')}`;
  url.search = new URLSearchParams(query).toString();
  const { headers, ...credentials } = await access.credentials();
  const payload = body === undefined ? undefined : JSON.stringify(body);
  const contentType = method === 'PATCH' ? 'application/merge-patch+json' : 'application/json';
  signal.throwIfAborted();
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  const send = url.protocol === 'https:' ? requestTls : requestPlain;
  const outgoing = send(url, {
    agent: false,
    ...credentials,
    method,
    signal,
    headers: {
      ...headers,
      accept: 'application/json',
      'user-agent': 'rose-csi',
      ...(payload !== undefined && { 'content-type': contentType, 'content-length': Buffer.byteLength(payload) }),
    },
  });
  outgoing.on('error', reject);
  outgoing.on('response', (incoming) => {
    const parts: Buffer[] = [];
    let length = 0;
    incoming.on('data', (part: Buffer) => {
      length += part.length;
      parts.push(part);
      if (length > MAX_ANSWER) incoming.destroy(new Error(`the answer is longer than ${MAX_ANSWER} bytes`));
    });
    incoming.on('error', reject);
    incoming.on('end', () => resolve({ code: incoming.statusCode ?? 0, text: Buffer.concat(parts).toString('utf8') }));
  });
  outgoing.end(payload);
  return await promise;
}

/** What the server says of its refusal. */
function wordsOf(text: string): string {
  try {
    const parsed = status.safeParse(JSON.parse(text));
    return parsed.success ? `: ${parsed.data.message.slice(0, MAX_WORDS)}` : '';
  } catch {
    return '';
  }
}

function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
