import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';
import type { Access } from '../../src/kubernetes/access.ts';

/** An object of Kubernetes as JSON. */
export interface KubernetesObject {
  metadata: {
    name: string;
    namespace?: string;
    uid?: string;
    resourceVersion?: string;
    annotations?: Record<string, string>;
  };
  [field: string]: unknown;
}

/** What goes wrong with a request: a status code, or an answer that does not come, breaks off, lags or lacks everything. */
export type Trouble = number | 'stall' | 'cut' | 'garbage' | 'empty' | 'stale';

/** What tests look at of an Event. */
export interface SeenEvent extends KubernetesObject {
  readonly reason: string;
  readonly type: string;
  readonly message: string;
  readonly count: number;
  readonly involvedObject: Readonly<Record<string, string>>;
}

export interface SeenRequest {
  readonly method: string;
  /** E.g. `/api/v1/persistentvolumes`. */
  readonly path: string;
  readonly query: URLSearchParams;
}

type Kind =
  | 'persistentvolumes'
  | 'persistentvolumeclaims'
  | 'volumesnapshotcontents'
  | 'volumesnapshots'
  | 'volumeattachments'
  | 'configmaps'
  | 'leases'
  | 'events';
type Store = Record<Kind, Map<string, KubernetesObject>>;

interface Route {
  readonly kind: Kind;
  readonly name: string | undefined;
  /** Of an Event. */
  readonly namespace?: string;
}

const NAMESPACE = 'rose-csi';
const PATHS: Readonly<Record<Exclude<Kind, 'events'>, string>> = {
  persistentvolumes: '/api/v1/persistentvolumes',
  persistentvolumeclaims: '/api/v1/persistentvolumeclaims',
  volumesnapshotcontents: '/apis/snapshot.storage.k8s.io/v1/volumesnapshotcontents',
  volumesnapshots: '/apis/snapshot.storage.k8s.io/v1/volumesnapshots',
  volumeattachments: '/apis/storage.k8s.io/v1/volumeattachments',
  configmaps: `/api/v1/namespaces/${NAMESPACE}/configmaps`,
  leases: `/apis/coordination.k8s.io/v1/namespaces/${NAMESPACE}/leases`,
};
/** Events are in the namespace of what they are about. */
const EVENTS = /^\/api\/v1\/namespaces\/([^/]+)\/events(?:\/([^/]+))?$/;
/** What says that the snapshot kinds are installed. */
export const SNAPSHOT_GROUP = '/apis/snapshot.storage.k8s.io/v1';
const NAME = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const MICRO_TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/;

/** An API server on loopback with the few kinds that the driver uses; it refuses what a real one refuses of them. */
export class KubernetesApi {
  readonly access: Access;
  readonly token = 'stub-token';
  /** Everything that was asked. */
  readonly requests: SeenRequest[] = [];
  /** Objects of one page at most. */
  pageSize = 500;
  /** Decides what goes wrong with a request; by default nothing. */
  trouble: (request: SeenRequest) => Trouble | undefined = () => undefined;
  #resourceVersion = 1000;
  #store: Store = emptyStore();
  #stale: { readonly store: Store; readonly resourceVersion: number } | undefined;

  private constructor(server: Server) {
    server.on('request', (incoming, outgoing) => void this.#handle(incoming, outgoing));
    const { port } = server.address() as AddressInfo;
    const headers = { authorization: `Bearer ${this.token}` };
    this.access = {
      server: `http://127.0.0.1:${port}`,
      namespace: NAMESPACE,
      credentials: async () => ({ headers }),
    };
  }

  /** Serves until the test is over. */
  static async start(t: TestContext): Promise<KubernetesApi> {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    t.after(() => {
      server.close();
      server.closeAllConnections();
    });
    return new KubernetesApi(server);
  }

  /** A kubeconfig for this server, as a YAML text. */
  kubeconfig(): string {
    return JSON.stringify({
      apiVersion: 'v1',
      kind: 'Config',
      'current-context': 'stub',
      clusters: [{ name: 'stub', cluster: { server: this.access.server, 'insecure-skip-tls-verify': true } }],
      users: [{ name: 'stub', user: { token: this.token } }],
      contexts: [{ name: 'stub', context: { cluster: 'stub', user: 'stub', namespace: NAMESPACE } }],
    });
  }

  /** Adds or replaces an object. */
  put(kind: Kind, object: KubernetesObject): void {
    this.#resourceVersion += 1;
    const metadata = { ...object.metadata, resourceVersion: String(this.#resourceVersion) };
    this.#store[kind].set(object.metadata.name, { ...object, metadata });
  }

  remove(kind: Kind, name: string): void {
    this.#resourceVersion += 1;
    this.#store[kind].delete(name);
  }

  /** Objects of a kind, by name. */
  all(kind: Kind): KubernetesObject[] {
    return [...this.#store[kind].values()];
  }

  /** Reasons of all Events, in the order of their making. */
  reasons(): string[] {
    return this.events().map(({ reason }) => reason);
  }

  /** All Events, in the order of their making. */
  events(): SeenEvent[] {
    return this.all('events') as SeenEvent[];
  }

  /** Makes the present state the one that `stale` answers show. */
  remember(): void {
    this.#stale = { store: structuredClone(this.#store), resourceVersion: this.#resourceVersion };
  }

  async #handle(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const url = new URL(incoming.url ?? '/', 'http://stub');
    const seen: SeenRequest = { method: incoming.method ?? '', path: url.pathname, query: url.searchParams };
    this.requests.push(seen);
    const trouble = this.trouble(seen);
    if (trouble === 'stall') return;
    let text = '';
    for await (const part of incoming) text += String(part);
    if (trouble === 'cut') {
      outgoing.writeHead(200, { 'content-type': 'application/json', 'content-length': '1000' });
      outgoing.write('{"items":[', () => outgoing.destroy());
    } else if (trouble === 'garbage') {
      outgoing.end('<html>');
    } else {
      const { code, body } =
        typeof trouble === 'number'
          ? refusal(trouble, 'trouble was asked for')
          : incoming.headers.authorization !== `Bearer ${this.token}`
            ? refusal(401, 'Unauthorized')
            : this.#answer(seen, incoming.headers['content-type'], text === '' ? undefined : JSON.parse(text), trouble);
      outgoing.writeHead(code, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    }
  }

  #answer(seen: SeenRequest, contentType: string | undefined, body: unknown, lag?: 'empty' | 'stale'): Reply {
    if (seen.path === SNAPSHOT_GROUP) return { code: 200, body: { resources: [{ name: 'volumesnapshotcontents' }] } };
    const found = routeOf(seen.path);
    if (found === undefined) return refusal(404, `no such path: ${seen.path}`);
    const { kind, name } = found;
    if (seen.method === 'GET') {
      return name === undefined ? this.#list(kind, seen.query, lag) : this.#read(kind, name);
    }
    if (seen.method === 'PATCH' && name !== undefined) {
      if (contentType !== 'application/merge-patch+json') return refusal(415, `no patch: ${contentType}`);
      return this.#patch(kind, name, body as KubernetesObject);
    }
    return this.#write(seen.method, found, body as KubernetesObject);
  }

  #read(kind: Kind, name: string): Reply {
    const object = this.#store[kind].get(name);
    return object === undefined ? refusal(404, `${kind} "${name}" not found`) : { code: 200, body: object };
  }

  /** All pages tell the version of the first, as those of a real server do, unless one of them lags. */
  #list(kind: Kind, query: URLSearchParams, lag?: 'empty' | 'stale'): Reply {
    if (query.has('resourceVersion')) return refusal(400, 'the driver must ask for the newest state');
    const shown = lag === 'stale' ? this.#stale : undefined;
    const objects = lag === 'empty' ? [] : [...(shown?.store ?? this.#store)[kind].values()];
    const [from = 0, begun = this.#resourceVersion] = (query.get('continue') ?? '')
      .split('@')
      .map(Number)
      .filter(Boolean);
    const version = shown?.resourceVersion ?? begun;
    const to = from + Math.min(this.pageSize, Number(query.get('limit') ?? this.pageSize));
    const items = objects.slice(from, to);
    const metadata = { resourceVersion: String(version), ...(to < objects.length && { continue: `${to}@${version}` }) };
    return { code: 200, body: { kind: 'List', metadata, items: items.length === 0 ? null : items } };
  }

  #write(method: string, { kind, name, namespace }: Route, body: KubernetesObject): Reply {
    const problem = problemOf(kind, body, namespace);
    if (problem !== undefined) return refusal(422, problem);
    const key = body.metadata.name;
    const old = this.#store[kind].get(key);
    const isCreation = method === 'POST' && name === undefined;
    if (isCreation ? old !== undefined : method !== 'PUT' || name !== key) return refusal(409, 'exists');
    if (!isCreation && old?.metadata.resourceVersion !== body.metadata.resourceVersion) {
      return refusal(409, 'the object has been modified');
    }
    this.put(kind, { ...body, metadata: { ...body.metadata, name: key } });
    return this.#read(kind, key);
  }

  #patch(kind: Kind, name: string, body: KubernetesObject): Reply {
    const old = this.#store[kind].get(name);
    if (old === undefined) return refusal(404, `${kind} "${name}" not found`);
    const annotations = { ...old.metadata.annotations, ...body.metadata?.annotations };
    this.put(kind, { ...old, ...body, metadata: { ...old.metadata, annotations } });
    return this.#read(kind, name);
  }
}

interface Reply {
  readonly code: number;
  readonly body: unknown;
}

function emptyStore(): Store {
  const kinds = [...Object.keys(PATHS), 'events'] as Kind[];
  return Object.fromEntries(kinds.map((kind) => [kind, new Map()])) as Store;
}

function routeOf(path: string): Route | undefined {
  const [isEvent, namespace = '', event] = EVENTS.exec(path) ?? [];
  if (isEvent) return { kind: 'events', name: event && decodeURIComponent(event), namespace };
  for (const [kind, prefix] of Object.entries(PATHS) as [Kind, string][]) {
    if (path === prefix) return { kind, name: undefined };
    if (path.startsWith(`${prefix}/`)) return { kind, name: decodeURIComponent(path.slice(prefix.length + 1)) };
  }
  return undefined;
}

/** What the API server's validation would say. */
function problemOf(kind: Kind, body: KubernetesObject, namespace = NAMESPACE): string | undefined {
  if (kind === 'leases') {
    const { renewTime } = body['spec'] as { renewTime?: string };
    return MICRO_TIME.test(renewTime ?? '') ? undefined : 'spec.renewTime: not an RFC 3339 time with microseconds';
  }
  if (kind === 'configmaps') {
    const keys = Object.keys((body['data'] ?? {}) as object);
    return keys.every((key) => /^[-._a-zA-Z0-9]+$/.test(key)) ? undefined : 'data: a key is not valid';
  }
  if (kind === 'events') return problemOfEvent(body, namespace);
  return `${kind} are never written by the driver`;
}

function problemOfEvent(event: KubernetesObject, namespace: string): string | undefined {
  const { metadata, involvedObject, message } = event as KubernetesObject & {
    readonly involvedObject: { readonly namespace?: string };
    readonly message: string;
  };
  if (!NAME.test(metadata.name) || metadata.name.length > 253) return 'metadata.name: no DNS subdomain';
  if (metadata.namespace !== namespace) return 'metadata.namespace: not that of the request';
  if ((involvedObject.namespace ?? 'default') !== namespace) return 'involvedObject.namespace: does not match';
  return Buffer.byteLength(message) > 1024 ? 'message: can have at most 1024 bytes' : undefined;
}

function refusal(code: number, message: string): Reply {
  return { code, body: { kind: 'Status', apiVersion: 'v1', status: 'Failure', message, code } };
}

/** A PersistentVolume of a driver, as external-provisioner makes it. */
export function persistentVolume(volumeHandle: string, driver = 'rds.rose-csi.io'): KubernetesObject {
  const name = volumeHandle.slice(volumeHandle.indexOf(':') + 1);
  return {
    metadata: { name },
    spec: { csi: { driver, volumeHandle }, claimRef: { namespace: 'default', name: 'data' } },
  };
}

/** A VolumeSnapshotContent, as snapshot-controller makes it; its snapshot is being taken while it has no `snapshotHandle`. */
export function snapshotContent(
  name: string,
  { snapshotHandle, volumeHandle }: { readonly snapshotHandle?: string; readonly volumeHandle?: string },
  driver = 'rds.rose-csi.io',
): KubernetesObject {
  return {
    metadata: { name },
    spec: {
      driver,
      source: volumeHandle === undefined ? { snapshotHandle } : { volumeHandle },
      volumeSnapshotRef: { namespace: 'default', name },
    },
    ...(snapshotHandle !== undefined && { status: { snapshotHandle, readyToUse: true } }),
  };
}
