import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { TestContext } from 'node:test';
import * as z from 'zod';

const attributes = z
  .array(z.object({ key: z.string(), value: z.record(z.string(), z.unknown()) }))
  .default([])
  .transform((list) => Object.fromEntries(list.map(({ key, value }) => [key, Object.values(value)[0]])));

const span = z.object({
  traceId: z.string(),
  spanId: z.string(),
  parentSpanId: z.string().default(''),
  name: z.string(),
  kind: z.number(),
  attributes,
  status: z.object({ code: z.number().default(0), message: z.string().default('') }),
  links: z.array(z.object({ traceId: z.string(), spanId: z.string() })).default([]),
});

const batch = z.object({
  resourceSpans: z.array(
    z.object({ resource: z.object({ attributes }), scopeSpans: z.array(z.object({ spans: z.array(span) })) }),
  ),
});

/** A span as it arrived; kind 2 is a server, 3 a client; status 2 is an error. */
export type CollectedSpan = z.infer<typeof span>;

/** How the collector answers: well, with an error, or never. */
export type Mood = 'well' | 'error' | 'never';

/** A collector of traces on loopback, which takes OTLP in JSON and refuses what is not. */
export class Collector {
  /** Where to send traces. */
  readonly url: string;
  readonly spans: CollectedSpan[] = [];
  /** Attributes of who sent, one for each batch. */
  readonly resources: Readonly<Record<string, unknown>>[] = [];
  /** All bodies as they came. */
  readonly bodies: string[] = [];
  mood: Mood = 'well';

  private constructor(port: number) {
    this.url = `http://127.0.0.1:${port}/v1/traces`;
  }

  /** Listens until the test is over. */
  static async start(t: TestContext, mood: Mood = 'well'): Promise<Collector> {
    const sockets = new Set<Socket>();
    const server = createServer((request, response) => void collector.#take(request, response));
    server.on('connection', (socket) => sockets.add(socket.once('close', () => sockets.delete(socket))));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const collector = new Collector((server.address() as AddressInfo).port);
    collector.mood = mood;
    t.after(() => {
      for (const socket of sockets) socket.destroy();
      server.close();
    });
    return collector;
  }

  /** The spans of one trace. */
  trace(traceId: string): CollectedSpan[] {
    return this.spans.filter((one) => one.traceId === traceId);
  }

  /** The spans below one. */
  children({ traceId, spanId }: CollectedSpan): CollectedSpan[] {
    return this.trace(traceId).filter(({ parentSpanId }) => parentSpanId === spanId);
  }

  async #take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let body = '';
    for await (const part of request.setEncoding('utf8')) body += part;
    this.bodies.push(body);
    if (this.mood === 'never') return;
    const right = request.method === 'POST' && request.url === '/v1/traces';
    if (this.mood === 'error' || !right || request.headers['content-type'] !== 'application/json') {
      response.writeHead(500).end();
      return;
    }
    for (const { resource, scopeSpans } of batch.parse(JSON.parse(body)).resourceSpans) {
      this.resources.push(resource.attributes);
      this.spans.push(...scopeSpans.flatMap(({ spans }) => spans));
    }
    response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
  }
}
