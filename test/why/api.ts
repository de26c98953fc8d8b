import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';
import type { Objects } from '../../src/why/cluster.fixture.ts';

/** What goes wrong with a request: a status code, or an answer that does not come, breaks off or is no JSON. */
export type Trouble = number | 'stall' | 'cut' | 'garbage';

const PATH = /^\/(?:api|apis\/[a-z0-9.]+)\/v1(?:\/namespaces\/([^/]+))?\/([a-z]+)(?:\/([^/]+))?$/;
const TOKEN = 'stub-token';

/** An API server on loopback that answers GET and fails the test for anything else. */
export class ReadOnlyApi {
  /** Decides what goes wrong with a request for a kind, by its plural and its verb of RBAC; by default nothing. */
  trouble: (plural: string, verb: 'get' | 'list') => Trouble | undefined = () => undefined;
  readonly #objects: Objects;
  readonly #methods = new Set<string>();
  #port = 0;

  private constructor(objects: Objects) {
    this.#objects = objects;
  }

  static async start(t: Pick<TestContext, 'after'>, objects: Objects): Promise<ReadOnlyApi> {
    const api = new ReadOnlyApi(objects);
    const server = createServer((incoming, outgoing) => api.#handle(incoming, outgoing)).listen(0, '127.0.0.1');
    await once(server, 'listening');
    api.#port = (server.address() as AddressInfo).port;
    t.after(() => {
      server.close();
      server.closeAllConnections();
      assert.deepEqual(
        [...api.#methods].filter((method) => method !== 'GET'),
        [],
      );
    });
    return api;
  }

  /** A kubeconfig for this server whose context has the namespace `apps`. */
  kubeconfig(): string {
    return JSON.stringify({
      apiVersion: 'v1',
      kind: 'Config',
      'current-context': 'stub',
      clusters: [
        { name: 'stub', cluster: { server: `http://127.0.0.1:${this.#port}`, 'insecure-skip-tls-verify': true } },
      ],
      users: [{ name: 'stub', user: { token: TOKEN } }],
      contexts: [{ name: 'stub', context: { cluster: 'stub', user: 'stub', namespace: 'apps' } }],
    });
  }

  #handle({ url, method = '', headers }: IncomingMessage, outgoing: ServerResponse): void {
    const { pathname, searchParams } = new URL(url ?? '/', 'http://stub');
    const [, namespace, plural = '', name] = PATH.exec(pathname) ?? [];
    this.#methods.add(method);
    const trouble = this.trouble(plural, name === undefined ? 'list' : 'get');
    if (trouble === 'stall') return;
    outgoing.setHeader('content-type', 'application/json');
    if (trouble === 'garbage') outgoing.end('<html>');
    else if (trouble === 'cut')
      outgoing.writeHead(200, { 'content-length': '1000' }).write('{', () => outgoing.destroy());
    else if (typeof trouble === 'number') refuse(outgoing, trouble, 'trouble was asked for');
    else if (headers.authorization !== `Bearer ${TOKEN}`) refuse(outgoing, 401, 'Unauthorized');
    else if (this.#objects.unknown.has(plural)) outgoing.writeHead(404).end('404 page not found');
    else if (name !== undefined) this.#one(outgoing, plural, decodeURIComponent(name), namespace);
    else {
      const items = this.#objects.list(plural, {
        ...(namespace !== undefined && { namespace }),
        labels: searchParams.get('labelSelector') ?? '',
        fields: searchParams.get('fieldSelector') ?? '',
      });
      outgoing.end(JSON.stringify({ metadata: { resourceVersion: '7' }, items }));
    }
  }

  #one(outgoing: ServerResponse, plural: string, name: string, namespace: string | undefined): void {
    const object = this.#objects.get(plural, name, namespace);
    if (object === undefined) refuse(outgoing, 404, `${plural} "${name}" not found`);
    else outgoing.end(JSON.stringify(object));
  }
}

function refuse(outgoing: ServerResponse, code: number, message: string): void {
  outgoing.writeHead(code).end(JSON.stringify({ kind: 'Status', apiVersion: 'v1', status: 'Failure', message, code }));
}
