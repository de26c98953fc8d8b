import type { Access } from './access.ts';
import { KubernetesError } from './cluster.ts';
import { send } from './http.ts';
import { type Kind, pathOf } from './kinds.ts';
import { parse, readPages } from './pages.ts';

/** What came of looking at something. Absent is said only by an answer of the API server. */
export type Seen<T> =
  | { readonly is: 'there'; readonly object: T }
  | { readonly is: 'absent' }
  /** `right` is the right that is lacking, e.g. `list nodes`; without it the API server did not answer as it should. */
  | { readonly is: 'unseen'; readonly because: string; readonly right?: string };

/** Which objects of a kind are listed; by default all of the cluster. */
export interface Where {
  readonly namespace?: string;
  /** As `kubectl --selector` takes it. */
  readonly labels?: string;
  /** As `kubectl --field-selector` takes it. */
  readonly fields?: string;
}

/** Looks at objects and changes none: GET is the only request that it makes. It throws nothing. */
export class Reader {
  readonly #access: Access;
  readonly #requestMs: number;
  readonly #signal: AbortSignal;

  /** @param requestMs how long one request may take, in ms. */
  constructor(access: Access, requestMs: number, signal: AbortSignal) {
    this.#access = access;
    this.#requestMs = requestMs;
    this.#signal = signal;
  }

  async get<T>(kind: Kind<T>, name: string, namespace?: string): Promise<Seen<T>> {
    const what = `reading ${kind.title} ${name}`;
    return await look(`get ${resource(kind)}`, async () =>
      parse(kind.schema, await this.#ask(what, [...pathOf(kind, namespace), name]), what),
    );
  }

  /** Absent means that the API server does not know the kind. @param isWanted which objects are kept; by default all */
  async list<T>(
    kind: Kind<T>,
    { namespace, labels, fields }: Where = {},
    isWanted?: (object: T) => boolean,
  ): Promise<Seen<readonly T[]>> {
    const what = `listing ${kind.title}s`;
    const selectors = {
      ...(labels !== undefined && { labelSelector: labels }),
      ...(fields !== undefined && { fieldSelector: fields }),
    };
    return await look(`list ${resource(kind)}`, async () => {
      const path = pathOf(kind, namespace);
      const fetch = (query: Readonly<Record<string, string>>) => this.#ask(what, path, { ...query, ...selectors });
      return (await readPages(what, kind.schema, fetch, isWanted)).items;
    });
  }

  async #ask(what: string, path: readonly string[], query: Readonly<Record<string, string>> = {}): Promise<unknown> {
    return await send(this.#access, { what, method: 'GET', path, query }, this.#requestMs, this.#signal);
  }
}

async function look<T>(right: string, work: () => Promise<T>): Promise<Seen<T>> {
  try {
    return { is: 'there', object: await work() };
  } catch (error) {
    const status = error instanceof KubernetesError ? error.status : undefined;
    if (status === 404) return { is: 'absent' };
    const because = error instanceof Error ? error.message : String(error);
    return { is: 'unseen', because, ...(status === 403 && { right }) };
  }
}

function resource({ group, plural }: Kind<unknown>): string {
  return group === '' ? plural : `${plural}.${group}`;
}
