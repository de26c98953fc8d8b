import { nearest } from '../schema/nearest.ts';
import { placeOf } from './problems.ts';

/** What the check of replicas reads of a configuration. */
interface Backend {
  readonly name: string;
  readonly pools: readonly {
    readonly label: string;
    readonly replica?:
      | { readonly backend: string; readonly pool: string; readonly subvolume?: string | undefined }
      | undefined;
  }[];
}

interface Problem {
  readonly path: (string | number)[];
  readonly message: string;
}

/**
 * What is wrong with the replicas of all pools together: each is in the configuration, on another backend than its original,
 * since a copy has no id of its own on that, and of one pool alone, since nothing in the name of a copy says where it came from.
 */
export function replicaProblems(backends: readonly Backend[]): Problem[] {
  const replicas = backends.flatMap((backend, at) =>
    backend.pools.flatMap(({ replica }, index) =>
      replica === undefined
        ? []
        : [{ replica, home: backend.name, path: ['backends', at, 'pools', index, 'replica'] as (string | number)[] }],
    ),
  );
  return replicas.flatMap(({ replica, home, path }, position) => {
    const target = backends.find(({ name }) => name === replica.backend);
    const names = backends.map(({ name }) => name).filter((name) => name !== home);
    if (replica.backend === home)
      return [
        { path: [...path, 'backend'], message: `${home} is the backend of the pool itself: a copy belongs on another` },
      ];
    if (target === undefined)
      return [
        {
          path: [...path, 'backend'],
          message: unknown('backend', replica.backend, names, 'there is no other backend'),
        },
      ];
    const labels = target.pools.map(({ label }) => label);
    if (!labels.includes(replica.pool)) {
      const message = `${unknown('pool', replica.pool, labels, 'it has none')} on ${target.name}`;
      return [{ path: [...path, 'pool'], message }];
    }
    const first = replicas.findIndex(
      ({ replica: other }) => other.backend === replica.backend && other.pool === replica.pool,
    );
    if (first === position) return [];
    const message = `${replica.backend}/${replica.pool} is the replica of another pool already, in ${placeOf(replicas[first]?.path ?? [], { backends })}: a pool takes the copies of one`;
    return [{ path: [...path, 'pool'], message }];
  });
}

/** Of the pools of a backend, by label, the subvolumes in which they receive. */
export function receivingSubvolumes(backend: string, backends: readonly Backend[]): ReadonlyMap<string, string> {
  const replicas = backends.flatMap(({ pools }) => pools.flatMap(({ replica }) => replica ?? []));
  return new Map(
    replicas.flatMap(({ backend: to, pool, subvolume }) =>
      to === backend && subvolume !== undefined ? [[pool, subvolume] as const] : [],
    ),
  );
}

function unknown(what: string, name: string, known: readonly string[], none: string): string {
  const meant = nearest(name, known);
  const question = meant === undefined ? '' : `did you mean "${meant}"? `;
  return `there is no ${what} "${name}"; ${question}${known.length === 0 ? none : `configured: ${known.join(', ')}`}`;
}
