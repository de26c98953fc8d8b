import { UsageError } from '../cli/usage-error.ts';
import type { Subject } from './cluster-state.ts';

/** By what kubectl calls them, short, long, and as `-o name` prints them. */
const KINDS: Readonly<Record<string, Subject['kind']>> = {
  pvc: 'claim',
  persistentvolumeclaim: 'claim',
  persistentvolumeclaims: 'claim',
  pv: 'volume',
  persistentvolume: 'volume',
  persistentvolumes: 'volume',
  vs: 'snapshot',
  volumesnapshot: 'snapshot',
  volumesnapshots: 'snapshot',
  'volumesnapshot.snapshot.storage.k8s.io': 'snapshot',
};

const NAME = /^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/;

/**
 * `data`, `pvc/data`, `pv/pvc-…`, `vs/monday`.
 *
 * @throws UsageError for anything else.
 */
export function parseSubject(text: string, namespace: string): Subject {
  const slash = text.indexOf('/');
  const word = slash < 0 ? 'pvc' : text.slice(0, slash).toLowerCase();
  const name = text.slice(slash + 1);
  const kind = KINDS[word];
  if (kind === undefined) throw new UsageError(`"${word}" is not known here: use pvc/NAME, pv/NAME or vs/NAME`);
  if (!NAME.test(name)) throw new UsageError(`"${name}" is not the name of an object`);
  return { kind, name, namespace };
}
