/** Serves the page and what it shows: GET, and nothing else. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gunzipSync } from 'node:zlib';
import { SECURITY_HEADERS } from './headers.ts';
import { isFromElsewhere, isHostAllowed } from './hosts.ts';
import type { PageFile } from './page-files.ts';
import type { WhyScene } from './scene.ts';
import type { ReadScene, SceneWatch } from './scene-watch.ts';

export interface ServerOptions {
  /** Every address of the machine when it is undefined. */
  readonly address: string | undefined;
  /** 0 for any that is free. */
  readonly port: number;
  /** Names in `Host` beside `localhost` and addresses, without ports. */
  readonly hosts: readonly string[];
  /** What stands before every path, without a slash at its end; empty for nothing. */
  readonly basePath: string;
  /** How long nothing may go over a connection. Default: two minutes. */
  readonly silenceMs?: number;
  readonly files: ReadonlyMap<string, PageFile>;
  readonly scenes: Pick<SceneWatch, 'after'>;
  /**
   * Walks the chain of an object, as `rose-csi why` does.
   *
   * @throws Error when the object cannot be asked about
   */
  readonly why: (object: string, namespace: string) => Promise<WhyScene>;
}

export interface RunningServer {
  /** The port that it listens on. */
  readonly port: number;
  /** Closes the port and every connection to it. */
  close(): Promise<void>;
}

/** How long a request for the next scene is held open before it is told that there is none, in ms. */
const HOLD_MS = 25_000;
/** Each viewer holds one. What comes on top is closed at once, probes as well. */
const MAX_CONNECTIONS = 1_024;
/** How long nothing may go over a connection, in ms: more than a request is held, or a chain is walked. What no one reads is not kept for good. */
const SILENCE_MS = 120_000;
/** For a request with its headers, in ms; it has no body that anyone reads. */
const REQUEST_MS = 5_000;

/** @throws Error naming the address when it cannot be listened on */
export async function servePage(options: ServerOptions): Promise<RunningServer> {
  const { address, port, silenceMs = SILENCE_MS } = options;
  const limits = { requestTimeout: REQUEST_MS, headersTimeout: REQUEST_MS, connectionsCheckingInterval: REQUEST_MS };
  const server = createServer(limits, (request, response) => {
    answer(request, response, options).catch(() => response.destroy());
  });
  server.maxConnections = MAX_CONNECTIONS;
  server.setTimeout(silenceMs);
  try {
    server.listen({ port, ...(address !== undefined && { host: address }) });
    await once(server, 'listening');
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new Error(`the console cannot be served on ${address ?? 'any address'}, port ${port}: ${why}`, {
      cause: error,
    });
  }
  return { port: (server.address() as AddressInfo).port, close: () => close(server) };
}

async function close(server: Server): Promise<void> {
  const closed = once(server, 'close');
  server.close();
  server.closeAllConnections();
  await closed;
}

async function answer(request: IncomingMessage, response: ServerResponse, options: ServerOptions): Promise<void> {
  for (const [name, value] of Object.entries(SECURITY_HEADERS)) response.setHeader(name, value);
  const { method, headers } = request;
  if (method !== 'GET') {
    // A body is not read, so nothing that follows on the same connection could be understood.
    response.setHeader('Connection', 'close');
    refuse(response.setHeader('Allow', 'GET'), 405, 'This server only answers GET.');
    return;
  }
  const target = targetOf(request.url);
  if (target === undefined) {
    refuse(response, 400, 'That is no path.');
    return;
  }
  const { pathname, searchParams } = target;
  // A probe comes by the address of a pod, and learns nothing.
  if (pathname === '/healthz') {
    response.writeHead(200, { 'Content-Type': 'text/plain; charset=utf-8' }).end('ok\n');
    return;
  }
  const { host: named = [undefined] } = request.headersDistinct;
  if (!named.every((host) => isHostAllowed(host, options.hosts))) {
    refuse(response, 403, 'This server does not go by that name. --allow-host lets it.');
    return;
  }
  const path = below(options.basePath, pathname);
  if (path === undefined) {
    if (pathname === options.basePath) response.writeHead(308, { Location: `${options.basePath}/` }).end();
    else refuse(response, 404, 'There is nothing here.');
    return;
  }
  if (path.startsWith('api/') && isFromElsewhere(headers['sec-fetch-site'] as string | undefined)) {
    refuse(response, 403, 'Only the page itself may ask this.');
    return;
  }
  const file = options.files.get(path === '' ? 'index.html' : path);
  if (file !== undefined) sendFile(request, response, file);
  else if (path === 'api/scene') await sendScene(request, response, Number(searchParams.get('after')), options);
  else if (path === 'api/why') await sendWhy(response, searchParams, options);
  else refuse(response, 404, 'There is nothing here.');
}

/** What is asked for; undefined for what is no path. A host in it is never looked at: `//host/path` is a path, too. */
function targetOf(url = ''): URL | undefined {
  return (url.startsWith('/') ? URL.parse(`http://console${url}`) : null) ?? undefined;
}

/** The path below a prefix; undefined for one that is not. */
function below(prefix: string, pathname: string): string | undefined {
  return pathname.startsWith(`${prefix}/`) ? pathname.slice(prefix.length + 1) : undefined;
}

function sendFile({ headers }: IncomingMessage, response: ServerResponse, file: PageFile): void {
  response.setHeader('ETag', file.etag).setHeader('Cache-Control', 'no-cache').setHeader('Vary', 'Accept-Encoding');
  if (headers['if-none-match'] === file.etag) {
    response.writeHead(304).end();
    return;
  }
  response.setHeader('Content-Type', file.type);
  if (accepts(headers, 'br')) response.setHeader('Content-Encoding', 'br').end(file.brotli);
  else if (accepts(headers, 'gzip')) response.setHeader('Content-Encoding', 'gzip').end(file.gzipped);
  else response.end(file.plain);
}

/** The next scene, once there is one: 204 when that takes too long, and 304 when it is as the one that is known. */
async function sendScene(
  { headers }: IncomingMessage,
  response: ServerResponse,
  after: number,
  { scenes }: ServerOptions,
): Promise<void> {
  const gone = untilClosed(response);
  const scene = await scenes.after(
    Number.isSafeInteger(after) ? after : 0,
    AbortSignal.any([gone, AbortSignal.timeout(HOLD_MS)]),
  );
  if (gone.aborted) return;
  response.setHeader('Cache-Control', 'no-store').setHeader('Vary', 'Accept-Encoding');
  if (scene === undefined) response.writeHead(204).end();
  else writeScene(response, scene, headers);
}

function writeScene(response: ServerResponse, scene: ReadScene, headers: IncomingMessage['headers']): void {
  response
    .setHeader('ETag', scene.etag)
    .setHeader('X-Reading', String(scene.number))
    .setHeader('X-Read-Ago', String(Date.now() - scene.at));
  if (headers['if-none-match'] === scene.etag) {
    response.writeHead(304).end();
    return;
  }
  response.setHeader('Content-Type', 'application/json; charset=utf-8');
  if (accepts(headers, 'gzip')) response.setHeader('Content-Encoding', 'gzip').end(scene.gzipped);
  else response.end(gunzipSync(scene.gzipped));
}

async function sendWhy(response: ServerResponse, query: URLSearchParams, { why }: ServerOptions): Promise<void> {
  response.setHeader('Cache-Control', 'no-store');
  try {
    const found = await why(query.get('object') ?? '', query.get('namespace') ?? '');
    response.setHeader('Content-Type', 'application/json; charset=utf-8').end(JSON.stringify(found));
  } catch (error) {
    refuse(response, 400, error instanceof Error ? error.message : String(error));
  }
}

/** Aborts when no one waits for the answer any more. */
function untilClosed(response: ServerResponse): AbortSignal {
  const controller = new AbortController();
  response.once('close', () => controller.abort());
  return controller.signal;
}

function accepts(headers: IncomingMessage['headers'], encoding: string): boolean {
  return String(headers['accept-encoding'] ?? '')
    .split(',')
    .some((one) => one.split(';')[0]?.trim() === encoding);
}

function refuse(response: ServerResponse, status: number, text: string): void {
  if (response.writableEnded || response.destroyed) return;
  response.writeHead(status, { 'Content-Type': 'text/plain; charset=utf-8' }).end(`${text}\n`);
}
