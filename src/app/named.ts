import { UsageError } from '../cli/usage-error.ts';

/**
 * The id that is meant: as it is, or without the backend, as the PersistentVolume and the subvolume are called, where
 * only one backend has such a one. What is not known is returned as it is.
 *
 * @param known ids on the backends
 * @throws UsageError when several backends have one.
 */
export function idMeant(typed: string, known: readonly string[]): string {
  if (typed.includes(':') || known.includes(typed)) return typed;
  const meant = [...new Set(known.filter((id) => id.slice(id.indexOf(':') + 1) === typed))];
  const [only = typed, second] = meant;
  if (second !== undefined) throw new UsageError(`${typed} is on several backends: write ${meant.join(' or ')}`);
  return only;
}
