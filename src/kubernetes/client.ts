import type { Access } from './access.ts';
import {
  type Cluster,
  type ConfigMapState,
  type EventNote,
  KubernetesError,
  type LeaseState,
  type Listed,
  type NewLease,
  type ObjectReference,
} from './cluster.ts';
import { writeEvent } from './event.ts';
import { type ApiRequest, send } from './http.ts';
import {
  type Claim,
  type Kind,
  kinds,
  pathOf,
  type Volume,
  type VolumeAttachment,
  type VolumeSnapshot,
  type VolumeSnapshotContent,
} from './kinds.ts';
import { configMap, lease, resources } from './objects.ts';
import { parse, readPages } from './pages.ts';

export interface ClientOptions {
  /** Where the Lease and the ConfigMap are. */
  readonly namespace: string;
  /** How long one request may take, in ms; 15 s by default. */
  readonly requestMs?: number;
}

const REQUEST_MS = 15_000;
/** The key of a ConfigMap that holds the state. */
const STATE_KEY = 'state';

interface Written {
  readonly name: string;
  /** Of all objects of its kind. */
  readonly path: readonly string[];
  /** Of the version that was read; undefined for a new object. */
  readonly resourceVersion: string | undefined;
  readonly content: { readonly kind: string };
}

/** {@link Cluster} over the API server. */
export class KubernetesClient implements Cluster {
  readonly #access: Access;
  readonly #options: ClientOptions;

  constructor(access: Access, options: ClientOptions) {
    this.#access = access;
    this.#options = options;
  }

  async persistentVolumes(signal: AbortSignal): Promise<Listed<Volume>> {
    return await this.#list(kinds.volume, signal);
  }

  async snapshotContents(signal: AbortSignal): Promise<Listed<VolumeSnapshotContent> | undefined> {
    return await unlessAbsent(() => this.#list(kinds.content, signal));
  }

  /** Whether the API server knows snapshots, for which someone has to install their kinds. @throws KubernetesError */
  async servesSnapshots(signal: AbortSignal): Promise<boolean> {
    const request: ApiRequest = {
      what: 'looking for the snapshot kinds',
      method: 'GET',
      path: pathOf(kinds.content).slice(0, -1),
    };
    const answer = await unlessAbsent(() => this.#send(request, signal));
    if (answer === undefined) return false;
    return parse(resources, answer, request.what).resources.some(({ name }) => name === kinds.content.plural);
  }

  async volumeAttachments(signal: AbortSignal): Promise<Listed<VolumeAttachment>> {
    return await this.#list(kinds.attachment, signal);
  }

  async claims(isWanted: (claim: Claim) => boolean, signal: AbortSignal): Promise<Listed<Claim>> {
    return await this.#list(kinds.claim, signal, isWanted);
  }

  async snapshots(
    isWanted: (snapshot: VolumeSnapshot) => boolean,
    signal: AbortSignal,
  ): Promise<Listed<VolumeSnapshot> | undefined> {
    return await unlessAbsent(() => this.#list(kinds.snapshot, signal, isWanted));
  }

  async annotateContent(
    name: string,
    annotations: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ): Promise<void> {
    const what = `annotating VolumeSnapshotContent ${name}`;
    await this.#send(
      { what, method: 'PATCH', path: [...pathOf(kinds.content), name], body: { metadata: { annotations } } },
      signal,
    );
  }

  async readState(name: string, signal: AbortSignal): Promise<ConfigMapState> {
    const request: ApiRequest = { what: `reading ConfigMap ${name}`, method: 'GET', path: this.#configMaps(name) };
    const answer = await unlessAbsent(() => this.#send(request, signal));
    if (answer === undefined) return { text: undefined, resourceVersion: undefined };
    const { metadata, data } = parse(configMap, answer, request.what);
    return { text: data?.[STATE_KEY], resourceVersion: metadata.resourceVersion };
  }

  async writeState(
    name: string,
    state: ConfigMapState & { readonly text: string },
    signal: AbortSignal,
  ): Promise<void> {
    const content = { apiVersion: 'v1', kind: 'ConfigMap', data: { [STATE_KEY]: state.text } };
    await this.#write({ name, path: this.#configMaps(), resourceVersion: state.resourceVersion, content }, signal);
  }

  async readLease(name: string, signal: AbortSignal): Promise<LeaseState | undefined> {
    const request: ApiRequest = { what: `reading Lease ${name}`, method: 'GET', path: this.#leases(name) };
    const answer = await unlessAbsent(() => this.#send(request, signal));
    return answer === undefined ? undefined : parse(lease, answer, request.what);
  }

  async writeLease(name: string, { holder, seconds, transitions, resourceVersion }: NewLease, signal: AbortSignal) {
    const spec = {
      holderIdentity: holder ?? '',
      leaseDurationSeconds: seconds,
      leaseTransitions: transitions,
      renewTime: microTime(new Date()),
    };
    const content = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', spec };
    await this.#write({ name, path: this.#leases(), resourceVersion, content }, signal);
  }

  async event(about: ObjectReference, note: EventNote, signal: AbortSignal): Promise<void> {
    await writeEvent((request) => this.#send(request, signal), about, note);
  }

  /** Makes an object, or replaces the version of it that was read. */
  async #write({ name, path, resourceVersion, content }: Written, signal: AbortSignal): Promise<void> {
    const what = `writing ${content.kind} ${name}`;
    const metadata = { name, namespace: this.#options.namespace, ...(resourceVersion && { resourceVersion }) };
    const body = { ...content, metadata };
    const request: ApiRequest =
      resourceVersion === undefined
        ? { what, method: 'POST', path, body }
        : { what, method: 'PUT', path: [...path, name], body };
    await this.#send(request, signal);
  }

  async #list<T>(kind: Kind<T>, signal: AbortSignal, isWanted?: (object: T) => boolean): Promise<Listed<T>> {
    const what = `listing ${kind.title}s`;
    const path = pathOf(kind);
    const fetch = (query: Readonly<Record<string, string>>) => this.#send({ what, method: 'GET', path, query }, signal);
    return await readPages(what, kind.schema, fetch, isWanted);
  }

  async #send(request: ApiRequest, signal: AbortSignal): Promise<unknown> {
    return await send(this.#access, request, this.#options.requestMs ?? REQUEST_MS, signal);
  }

  #configMaps(...name: string[]): string[] {
    return ['api', 'v1', 'namespaces', this.#options.namespace, 'configmaps', ...name];
  }

  #leases(...name: string[]): string[] {
    return ['apis', 'coordination.k8s.io', 'v1', 'namespaces', this.#options.namespace, 'leases', ...name];
  }
}

async function unlessAbsent<T>(work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof KubernetesError && error.status === 404) return undefined;
    throw error;
  }
}

/** A time as a Lease wants it: with exactly six digits behind the second. */
function microTime(date: Date): string {
  return date.toISOString().replace('Z', '000Z');
}
