/** Where Prometheus asks for the metrics: one page over plain HTTP, and nothing else. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ReadableMetrics } from './metrics.ts';

export interface MetricsPlace {
  /** All addresses of the machine when it is left out. */
  readonly address?: string | undefined;
  /** 0 for any that is free. */
  readonly port: number;
}

export interface MetricsServer {
  /** The port that it listens on. */
  readonly port: number;
  /** Closes the port and every connection to it. Further calls return the same promise. */
  close(): Promise<void>;
}

/** Scrapers that may be connected at once; two Prometheus servers and one user are three. */
const MAX_CONNECTIONS = 32;
/** For a request with its headers, in ms; it has no body that anyone reads. */
const REQUEST_MS = 5_000;

/**
 * Serves `GET /metrics`; everything else is 404.
 *
 * @throws Error naming the address when it cannot be listened on
 */
export async function serveMetrics(metrics: ReadableMetrics, { address, port }: MetricsPlace): Promise<MetricsServer> {
  const options = { requestTimeout: REQUEST_MS, headersTimeout: REQUEST_MS, connectionsCheckingInterval: REQUEST_MS };
  const server = createServer(options, (request, response) => void answer(metrics, request, response));
  server.maxConnections = MAX_CONNECTIONS;
  try {
    server.listen({ port, ...(address === undefined ? {} : { host: address }) });
    await once(server, 'listening');
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new Error(`metrics cannot be served on ${address ?? 'any address'}, port ${port}: ${why}`, { cause: error });
  }
  let closed: Promise<void> | undefined;
  return {
    port: (server.address() as AddressInfo).port,
    close() {
      closed ??= close(server);
      return closed;
    },
  };
}

async function close(server: Server): Promise<void> {
  const closed = once(server, 'close');
  server.close();
  server.closeAllConnections();
  await closed;
}

async function answer(metrics: ReadableMetrics, request: IncomingMessage, response: ServerResponse): Promise<void> {
  // A body is not read, so nothing that follows on the same connection could be understood.
  if (request.method !== 'GET') response.setHeader('Connection', 'close');
  if (request.method !== 'GET' || request.url?.split('?')[0] !== '/metrics') {
    response.writeHead(404).end();
    return;
  }
  try {
    const text = await metrics.read();
    response.writeHead(200, { 'Content-Type': metrics.contentType }).end(text);
  } catch {
    response.writeHead(500).end();
  }
}
