import type { ExpectedPool, Rds } from '../rds/index.ts';
import { StorageError } from './errors.ts';
import { type Handle, parseHandle } from './ids.ts';
import type { Place } from './storage.ts';

/** One configured RDS. */
export interface Backend {
  readonly name: string;
  readonly rds: Rds;
  /** Where nodes reach the NVMe target; need not be the address that SSH uses. */
  readonly dataAddress: string;
  /** Storage network that the data address is on. */
  readonly network: string;
  /** Set `nvme-tcp-server-allow-host-name` on publish (U20). */
  readonly allowHostName: boolean;
}

/** The configured backends, and which of them a request or an id means. */
export class Backends {
  readonly #byName: ReadonlyMap<string, Backend>;

  constructor(backends: readonly Backend[]) {
    this.#byName = new Map(backends.map((backend) => [backend.name, backend]));
  }

  all(): readonly Backend[] {
    return [...this.#byName.values()];
  }

  get(name: string): Backend | undefined {
    return this.#byName.get(name);
  }

  /**
   * The handle and RDS of an id; undefined for an id that is not one of ours, which callers treat as absent.
   *
   * @throws StorageError `unavailable` when the id is well formed but its backend is not configured: that is a mistake in
   *   the configuration, and never means that the object is gone.
   */
  open<Kind extends 'pvc' | 'snap'>(
    kind: Kind,
    id: string,
  ): { readonly handle: Handle<Kind>; readonly backend: Backend } | undefined {
    const handle = parseHandle(kind, id);
    if (handle === undefined) {
      return undefined;
    }
    const backend = this.get(handle.backend);
    if (backend === undefined) {
      throw new StorageError('DRV-BACKEND', id, handle.backend);
    }
    return { handle, backend };
  }

  /**
   * @param code of an id that is not one of ours
   * @throws StorageError `notFound` for an id that is not one of ours.
   */
  require<Kind extends 'pvc' | 'snap'>(
    kind: Kind,
    id: string,
    code: 'DRV-ABSENT' | 'RC-NOSRC' = 'DRV-ABSENT',
  ): { readonly handle: Handle<Kind>; readonly backend: Backend } {
    const opened = this.open(kind, id);
    if (opened === undefined) {
      const what = kind === 'pvc' ? 'volume' : 'snapshot';
      throw new StorageError(code, '', `${id} is not the id of a ${what}; one looks like BACKEND:${kind}-UUID`);
    }
    return opened;
  }

  /**
   * The pool that a new volume goes to.
   *
   * @throws StorageError `invalid` when the request does not name exactly one, `exhausted` when it is on none of the networks
   *   that the request allows.
   */
  place(request: Place): {
    readonly backend: Backend;
    readonly pool: ExpectedPool;
  } {
    const backend = only(this.all(), request.backend, (candidate) => candidate.name, 'backend');
    const pool = only(backend.rds.settings.pools, request.pool, (candidate) => candidate.label, 'pool');
    if (!isWithin(request.networks, backend)) {
      throw new StorageError('DRV-NETWORK', `backend ${backend.name}`, backend.network);
    }
    return { backend, pool };
  }
}

/** Whether a backend is on one of the networks; where none are given, any will do. */
export function isWithin(networks: ReadonlySet<string> | undefined, { network }: Pick<Backend, 'network'>): boolean {
  return networks === undefined || networks.has(network);
}

function only<T>(choices: readonly T[], name: string | undefined, nameOf: (choice: T) => string, what: string): T {
  const fitting = name === undefined ? choices : choices.filter((choice) => nameOf(choice) === name);
  const [found] = fitting;
  if (found === undefined || fitting.length > 1) {
    const known = choices.map(nameOf).join(', ');
    const problem =
      name === undefined
        ? `the StorageClass must name a ${what} (parameters.${what})`
        : `parameters.${what} of the StorageClass is ${name}, which is not configured`;
    throw new StorageError('DRV-INVALID', '', `${problem}; configured: ${known}`);
  }
  return found;
}
